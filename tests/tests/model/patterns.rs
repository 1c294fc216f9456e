//! Patterns as one reads them, segment by segment.

/// Whether a pattern selects a topic: alternatives of a set, and what is left out.
pub(crate) fn selects(pattern: &str, topic: &str) -> bool {
    let (out, of): (Vec<_>, Vec<_>) = pattern.split(',').partition(|part| part.starts_with('!'));
    let topic: Vec<_> = topic.split('.').collect();
    of.iter().any(|part| one(part, &topic)) && !out.iter().any(|part| one(&part[1..], &topic))
}

fn one(pattern: &str, topic: &[&str]) -> bool {
    let exact = pattern.strip_prefix('=');
    let segments: Vec<_> = exact.unwrap_or(pattern).split('.').collect();
    // A plain name selects what is below it, too.
    let plain = exact.is_none() && segments.iter().all(|segment| !segment.starts_with(['*', '>']));
    rest(&segments, topic, plain)
}

fn rest(pattern: &[&str], topic: &[&str], plain: bool) -> bool {
    match (pattern, topic) {
        ([], topic) => topic.is_empty() || plain,
        (["**", pattern @ ..], _) => (0..=topic.len()).any(|at| rest(pattern, &topic[at..], plain)),
        ([">"], topic) => !topic.is_empty(),
        (["*", pattern @ ..], [_, topic @ ..]) => rest(pattern, topic, plain),
        ([one, pattern @ ..], [other, topic @ ..]) => one == other && rest(pattern, topic, plain),
        (_, []) => false,
    }
}

#[test]
fn it_reads_as_the_documents_say() {
    for (pattern, selected, not) in [
        ("a", &["a", "a.b", "a.b.c"][..], &["b", "ab"][..]),
        ("=a", &["a"], &["a.b"]),
        ("a.*", &["a.b"], &["a", "a.b.c"]),
        ("**", &["a", "a.b.c"], &[]),
        ("**.c", &["c", "a.b.c"], &["a.c.b"]),
        ("a.>", &["a.b", "a.b.c"], &["a", "b.a"]),
        ("a,!a.b", &["a", "a.c"], &["a.b", "a.b.c"]),
    ] {
        assert!(selected.iter().all(|topic| selects(pattern, topic)), "{pattern}");
        assert!(!not.iter().any(|topic| selects(pattern, topic)), "{pattern}");
    }
}

//! Patterns and topics over so small an alphabet that they meet often.

use proptest::prelude::*;
use rem_patterns::constant::{ConstPattern, Cuts, selects_any};

/// One segment of a pattern, without captures.
fn segment() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => prop::sample::select(&["a", "b", "ab", "aa", "é", "$s"][..]).prop_map(String::from),
        3 => Just("*".to_owned()),
        2 => prop::sample::select(
            &["a*", "*b", "?", "??", "[ab]", "[!a]*", "{a,b}", "{a,ab}*", "*{a,b}", "{,a}b", "{a*,b?}{,b}", "*a*", "[a-é]"][..]
        ).prop_map(String::from),
    ]
}

/// One element of a set, without `!`.
fn element() -> impl Strategy<Value = String> {
    let segments =
        prop::collection::vec(prop_oneof![5 => segment(), 2 => Just("**".to_owned())], 1..6);
    let head = prop::option::weighted(0.1, prop::sample::select(&["$s", "$t"][..]));
    let tail = prop::option::weighted(0.15, prop::sample::select(&[">", "**", "{*rest}"][..]));
    (segments, head, tail, prop::bool::weighted(0.2), prop::option::weighted(0.2, 0..3_usize))
        .prop_map(|(mut segments, head, tail, exact, capture)| {
            if let Some(head) = head {
                segments.insert(0, head.to_owned());
            }
            segments.extend(tail.map(str::to_owned));
            let mut text = segments.join(".");
            let plain = !text.contains(['*', '?', '[', '{', '>']);
            if exact && plain {
                text.insert(0, '=');
            } else if let Some(at) = capture {
                let captured = segments.get_mut(at).filter(|segment| *segment == "*");
                if let Some(segment) = captured {
                    "{id}".clone_into(segment);
                }
                text = segments.join(".");
            }
            text
        })
}

/// A pattern of the whole language but regular expressions, which come with `regex_or_pattern`.
pub(crate) fn pattern_text() -> impl Strategy<Value = String> {
    let excluded = element().prop_filter("an exclusion captures nothing", |text| {
        !text.contains("{id}") && !text.contains("{*rest}")
    });
    prop_oneof![
        6 => element(),
        2 => (prop::collection::vec(element(), 1..4), prop::collection::vec(excluded, 0..3)).prop_map(
            |(positive, excluded)| {
                let excluded = excluded.into_iter().map(|element| format!("!{element}"));
                positive.into_iter().chain(excluded).collect::<Vec<_>>().join(",")
            }
        ),
        1 => prop::sample::select(
            &["{~a(\\.b)*~}", "a.{~b+~}", "{~.*b~}", "a,{~b\\..*~},!b.a", "$s.{~a|b~}", "{~(?<id>[ab]+)\\.é~}"][..]
        ).prop_map(String::from),
    ]
}

/// A topic of the same alphabet.
pub(crate) fn topic_text() -> impl Strategy<Value = String> {
    let segment =
        prop::sample::select(&["a", "a", "b", "b", "ab", "aa", "bb", "é", "$s", "aab"][..]);
    prop::collection::vec(segment, 1..7).prop_map(|segments| segments.join("."))
}

/// Whether each of the constants selects one of the topics, by their index: what the compiler is asked of an event type.
///
/// On a thread of its own, for the index is as large as it is in a constant, and is made on the stack.
pub(crate) fn select_by_index(patterns: &[ConstPattern<'_>], topics: &[&str]) -> Vec<bool> {
    let asked = || {
        let mut cuts = Cuts::<4_096>::new();
        for topic in topics {
            cuts.push(&[topic]);
        }
        let index = cuts.index();
        patterns.iter().map(|pattern| selects_any(pattern, &index.topics())).collect()
    };
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(1 << 26).spawn_scoped(scope, asked);
        thread.expect("a thread").join().expect("its answers")
    })
}

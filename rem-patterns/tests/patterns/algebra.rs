//! The algebra against brute force over a small alphabet.

use std::sync::LazyLock;

use proptest::prelude::*;
use rem_patterns::{Pattern, TooLarge, Topic, UnionError};

use crate::support::pattern_text;

/// All topics of up to three segments over the alphabet of the patterns, and some of four.
static TOPICS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let segments = ["a", "b", "ab", "aa", "ba", "bb", "é", "$s", "$t", "x", "aab"];
    let mut topics: Vec<String> = segments.iter().map(|&segment| segment.to_owned()).collect();
    let mut last = topics.clone();
    for depth in 2..5 {
        let segments = if depth == 4 { &segments[..3] } else { &segments[..] };
        last = last
            .iter()
            .flat_map(|topic| segments.iter().map(move |segment| format!("{topic}.{segment}")))
            .collect();
        topics.extend_from_slice(&last);
        last.truncate(400);
    }
    topics
});

fn checked(
    answer: Result<Option<Topic>, TooLarge>,
    holds: impl Fn(&str) -> bool,
    what: &str,
) -> bool {
    let answer = answer.expect("small patterns are not too large");
    if let Some(topic) = &answer {
        assert!(holds(topic), "{what}: {topic} is no witness");
    } else {
        assert_eq!(TOPICS.iter().find(|topic| holds(topic)), None, "{what}");
    }
    answer.is_some()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn equals_brute_force(one in pattern_text(), two in pattern_text()) {
        let (a, b) = (Pattern::parse(&one).expect("a pattern"), Pattern::parse(&two).expect("a pattern"));
        let what = format!("{one} and {two}");
        let meet = checked(a.intersects(&b), |topic| a.matches(topic) && b.matches(topic), &what);
        let lacks = checked(a.misses(&b), |topic| b.matches(topic) && !a.matches(topic), &what);
        prop_assert_eq!(b.intersects(&a).expect("small").is_some(), meet);
        prop_assert_eq!(a.includes(&b), Ok(!lacks));
        prop_assert!(a.includes(&a).expect("small"));
        prop_assert!(a.equivalent(&a).expect("small"));
        checked(a.example(), |topic| a.matches(topic), &one);
    }

    #[test]
    fn minimised_sets_select_the_same(text in pattern_text()) {
        let pattern = Pattern::parse(&text).expect("a pattern");
        let least = pattern.minimise().expect("small");
        prop_assert!(pattern.equivalent(&least).expect("small"), "{} became {}", pattern, least);
        prop_assert_eq!(least.minimise().expect("small"), least);
    }

    #[test]
    fn a_union_selects_what_either_does(one in pattern_text(), two in pattern_text()) {
        let patterns = [Pattern::parse(&one).expect("a pattern"), Pattern::parse(&two).expect("a pattern")];
        match Pattern::union(&patterns) {
            Ok(union) => {
                for topic in &*TOPICS {
                    let either = patterns.iter().any(|pattern| pattern.matches(topic));
                    prop_assert_eq!(union.matches(topic), either, "{} of {} for {}", topic, union, what(&patterns));
                }
                prop_assert_eq!(union.minimise().expect("small"), union);
            }
            // Only an exclusion can stand in the way, and only of something that the other pattern selects.
            Err(UnionError::Entangled(pattern)) => {
                prop_assert!(patterns.contains(&pattern));
                prop_assert!(touches(&patterns), "{}", what(&patterns));
            }
            Err(error) => prop_assert!(false, "{}: {}", what(&patterns), error),
        }
    }

    /// A pattern below a prefix selects what it selected, below the prefix.
    #[test]
    fn moves_under_a_prefix(text in pattern_text()) {
        let pattern = Pattern::parse(&text).expect("a pattern");
        let moved = pattern.under(&Topic::from_static("eu.w")).expect("short");
        for topic in TOPICS.iter().filter(|topic| !topic.starts_with('$')) {
            prop_assert_eq!(moved.matches(&format!("eu.w.{topic}")), pattern.matches(topic), "{} of {}", topic, moved);
            prop_assert!(!moved.matches(topic));
        }
        for topic in TOPICS.iter().filter(|topic| topic.starts_with('$')) {
            prop_assert_eq!(moved.matches(topic), pattern.matches(topic), "{} of {}", topic, moved);
        }
        prop_assert!(!moved.matches("eu.w"));
        prop_assert!(!moved.matches("eu"));
    }
}

/// Whether what one takes away is something that the other selects.
fn touches(patterns: &[Pattern; 2]) -> bool {
    let taken = |pattern: &Pattern| {
        let without = pattern.as_str().split(",!").skip(1).map(str::to_owned);
        without.map(|text| Pattern::parse(text).expect("an element")).collect::<Vec<_>>()
    };
    let [one, other] = patterns;
    let meet = |holes: Vec<Pattern>, with: &Pattern| {
        holes.iter().any(|hole| hole.intersects(with).expect("small").is_some())
    };
    meet(taken(one), other) || meet(taken(other), one)
}

fn what(patterns: &[Pattern]) -> String {
    patterns.iter().map(Pattern::as_str).collect::<Vec<_>>().join(" and ")
}

#[test]
fn limits_count() {
    let deepest = Pattern::parse(["*"; 32].join(".")).expect("32 segments");
    let below = Pattern::parse(["*"; 32].join(".") + ".**").expect("32 segments and any");
    assert_eq!(deepest.equivalent(&below), Ok(true), "no topic has 33 segments");
    let long = "a".repeat(254);
    let open = Pattern::parse(format!("{long}*")).expect("255 bytes");
    let closed = Pattern::parse(format!("={long},{long}?")).expect("255 bytes");
    assert_eq!(open.equivalent(&closed), Ok(true), "no topic has 256 bytes");
    let pair = Pattern::parse(format!("{}*.*", "a".repeat(253))).expect("255 bytes");
    assert_eq!(pair.example().map(|topic| topic.map(|topic| topic.len())), Ok(Some(255)));
    let two_long = Pattern::parse(format!("*{}.*", "é".repeat(126))).expect("254 bytes");
    for (other, bytes) in [("*.??", Some(255)), ("*.???", None)] {
        let met = two_long.intersects(&Pattern::parse(other).expect("a pattern")).expect("small");
        assert!(met.iter().all(|topic| two_long.matches(topic)), "{met:?}");
        assert_eq!(met.map(|topic| topic.len()), bytes, "{other}");
    }
}

/// Of characters that lead to the same, the one of the fewest bytes counts, wherever it comes in the text.
#[test]
fn the_shortest_topic_has_the_fewest_bytes_and_not_the_fewest_characters() {
    let all = Pattern::parse("**").expect("a pattern");
    for (text, bytes) in [
        ("[aé]".to_owned(), 1),
        ("{~[aé]{150}~}".to_owned(), 150),
        ([["[aé]"; 40].concat().as_str(); 4].join("."), 163),
        // What is longer at first is reached by fewer characters.
        ("{~(?:日|aa)(?:é|bb)b{248}~}".to_owned(), 252),
        (format!("{{日,aa}}{{é,b}}{}", "a".repeat(240)), 243),
        ("{~(?:日本|a(?:aa|a\\.a))b{200}(?:\\.c){20}~}".to_owned(), 243),
    ] {
        let pattern = Pattern::parse(&text).expect(&text);
        let met = all.intersects(&pattern).expect("small").map(|topic| topic.len());
        assert_eq!(met, Some(bytes), "{text}");
        let example = pattern.example().expect("small").expect("a topic");
        assert!(pattern.matches(&example) && example.len() == bytes, "{example} of {text}");
        assert_eq!(Pattern::parse("b").expect("a pattern").includes(&pattern), Ok(false), "{text}");
    }
}

#[test]
fn what_is_hard_is_refused_and_not_wrong() {
    // Whoever reads from the left must remember the last 25 segments, or characters, each an `a` or not.
    let far = |count| Pattern::parse(format!("**.a{}", ".*".repeat(count))).expect("a pattern");
    let near = Pattern::parse(format!("**.a{}.**", ".*".repeat(20))).expect("a pattern");
    assert_ne!(near.includes(&far(24)), Ok(false));
    let regex = Pattern::regex("(a|b)*a(a|b){24}").expect("a pattern");
    let same = Pattern::regex("[ab]*a[ab]{24}").expect("a pattern");
    assert!(regex.includes(&same).is_err(), "2^25 sets of states are too many");
    assert!(
        Pattern::regex(r"\bab").expect("a pattern").example().is_err(),
        "word boundaries have no automaton here"
    );
}

/// Patterns as large as a text may be, each large in another way.
#[test]
fn what_is_large_is_refused_before_it_costs_much() {
    let set = |count, element: &dyn Fn(usize) -> String| {
        Pattern::parse((0..count).map(element).collect::<Vec<_>>().join(",")).expect("a pattern")
    };
    let ideograph = |at| ('\u{4e00}'..).nth(at).expect("a character");
    // `a`, and words of 80 characters each that no other has.
    let word = |at: usize| (at * 80..(at + 1) * 80).map(ideograph).collect::<String>();
    let words =
        |count| set(count, &|at| if at == 0 { "=a".to_owned() } else { format!("=b{}", word(at)) });
    assert_eq!(words(25).example().expect("far from the bound").as_deref(), Some("a"));
    let ranges = set(12, &|_| "{~[acegikmoqsuwyACEGIKMOQSUWY02468]{3000}~}".to_owned());
    let ends = |at| if at < 900 { "?".to_owned() } else { format!("={}", ideograph(at)) };
    let ends = set(1_800, &ends);
    let deeper = Pattern::parse("*.a").expect("a pattern");
    let (one, other) = (set(4_200, &|_| "a".to_owned()), set(4_200, &|_| "b".to_owned()));
    for (what, answer) in [
        ("4,720 characters, each told from each", words(60).example()),
        ("a million edges", ranges.example()),
        ("900 states that lead nowhere, looked at a million times", ends.intersects(&deeper)),
        ("4,200 elements, each compared with each", one.intersects(&other)),
    ] {
        let said = answer.expect_err(what).to_string();
        assert!(said.contains("split the sets") && said.contains("classes of"), "{said}");
    }
}

/// Classes of Unicode have hundreds of ranges, and are ordinary.
#[test]
fn what_is_ordinary_is_far_from_the_bounds() {
    for (one, other) in [
        (r"{~user\.[\w%+-]{1,8}\.(?i:changed|left)~}", r"user.*.left,{~order\.\w+~}"),
        (r"{~\p{Lu}\p{Ll}*~}", r"{~\w+~},!**.{lost,c?lled}"),
        (r"{~.*\.\d{4}-\d\d-\d\d~}", "shop.[!a-c]*.>"),
    ] {
        let (a, b) = (Pattern::parse(one).expect(one), Pattern::parse(other).expect(other));
        let met = a.intersects(&b).expect("small").expect("a topic of both");
        assert!(a.matches(&met) && b.matches(&met), "{met} of {one} and {other}");
    }
}

#[test]
fn anchors_hold_in_regular_expressions() {
    for (expression, witness) in [
        ("^ab$", Some("ab")),
        ("a^b", None),
        ("a$b", None),
        ("(^a|b)+", Some("a")),
        ("(?m)^a$", Some("a")),
    ] {
        let found = Pattern::regex(expression).expect(expression).example().expect("small");
        assert_eq!(found.as_deref(), witness, "{expression}");
    }
}

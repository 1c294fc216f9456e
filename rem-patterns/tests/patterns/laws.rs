//! Laws of topics and patterns on generated input.

use proptest::prelude::*;
use rem_patterns::constant::{ConstElement, ConstPattern, selects};
use rem_patterns::{MAX_BYTES, MAX_SEGMENTS, Pattern, Topic, check_topic, validate};

use crate::oracle::Oracle;
use crate::support::{pattern_text, select_by_index, topic_text};

/// Texts of the signs and of some that are none: most are no patterns, but near to one.
fn near_pattern() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(
        &[
            "a", "b", ".", ".", "*", "**", ">", "?", "[", "]", "[a-b]", "{", "}", ",", "!", "=",
            "$", "{id}", "{*r}", "{~", "~}", "-", "^", "%", " ", "é", "\0", "{a,b}", "\u{2028}",
        ][..],
    );
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn parsing_never_panics_and_round_trips(text in prop_oneof![near_pattern(), any::<String>()]) {
        match Pattern::parse(&text) {
            Ok(pattern) => {
                prop_assert_eq!(pattern.as_str(), &text);
                prop_assert_eq!(Pattern::parse(&pattern).expect("its own text"), pattern);
            }
            Err(error) => {
                let span = error.span();
                prop_assert!(span.start <= span.end && span.end <= text.len(), "{error:?}");
                prop_assert!(text.is_char_boundary(span.start) && text.is_char_boundary(span.end), "{error:?}");
                let said = error.to_string();
                prop_assert_eq!(said.lines().count(), 3, "{}", said);
                prop_assert!(said.ends_with('^'));
            }
        }
    }

    #[test]
    fn all_ways_to_check_a_topic_agree(text in prop_oneof![near_pattern(), topic_text(), any::<String>()]) {
        let ok = check_topic(&text).is_ok();
        prop_assert_eq!(validate(&text).is_ok(), ok);
        prop_assert_eq!(Topic::parse(&text).is_ok(), ok);
        if let Err(error) = validate(&text) {
            let span = error.span();
            prop_assert!(text.is_char_boundary(span.start) && text.is_char_boundary(span.end), "{error:?}");
            prop_assert!(!error.to_string().is_empty());
        }
        // Every topic is selected by everything, or by its own literal if it is the system's.
        let all = Pattern::parse("**").expect("a pattern");
        prop_assert_eq!(all.matches(&text), ok && !text.starts_with('$'));
        if ok {
            let exact = Pattern::parse(format!("={text}")).expect("a topic is a pattern");
            prop_assert!(exact.matches(&text));
        }
    }

    #[test]
    fn escape_makes_one_segment_and_comes_back(text in any::<String>(), other in any::<String>()) {
        let segment = Topic::escape(&text);
        prop_assert_eq!(Topic::unescape(&segment), text.as_str());
        prop_assert_eq!(Topic::escape(&other) == segment, other == text);
        let topic = format!("a.{segment}.b");
        if topic.len() <= MAX_BYTES {
            let parsed = Topic::parse(&topic).expect("a segment");
            prop_assert_eq!(parsed.depth(), 3);
            let captured = Pattern::parse("a.{value}.b").expect("a pattern");
            let captures = captured.captures(&topic).expect("it selects it");
            let value = captures.get("value");
            prop_assert_eq!(value.as_deref(), Some(text.as_str()));
            prop_assert!(!Topic::parse(segment).expect("one segment").is_system());
        }
    }

    #[test]
    fn topics_take_apart_and_join(one in topic_text(), two in topic_text()) {
        let (a, b) = (Topic::parse(&one).expect("a topic"), Topic::parse(&two).expect("a topic"));
        prop_assert_eq!(a.segments().collect::<Vec<_>>().join("."), one.clone());
        let joined = a.join(&b).expect("short");
        prop_assert_eq!(joined.depth(), a.depth() + b.depth());
        prop_assert!(joined.depth() <= MAX_SEGMENTS);
        prop_assert_eq!(joined.strip_prefix(&a), Some(two.as_str()));
        prop_assert!(joined.starts_with(&a) && a.starts_with(&a));
        prop_assert_eq!(a.strip_prefix(&a), None);
        prop_assert_eq!(a.cmp(&b), one.cmp(&two));
    }

    #[test]
    fn matching_equals_the_oracle_and_the_compiler(
        text in pattern_text(),
        topics in prop::collection::vec(topic_text(), 20),
    ) {
        let pattern = Pattern::parse(&text).expect("a pattern");
        let constant = pattern.to_const();
        let oracle = Oracle::new(&text);
        for topic in &topics {
            let selected = pattern.matches(topic);
            prop_assert_eq!(pattern.captures(topic).is_some(), selected);
            prop_assert_eq!(pattern.explain(topic).starts_with("selected"), selected, "{}", pattern.explain(topic));
            if let Some(expected) = oracle.as_ref().map(|oracle| oracle.matches(topic)) {
                prop_assert_eq!(selected, expected, "{} on {}", text, topic);
                let constant = constant.expect("the oracle knows no regular expressions either");
                prop_assert_eq!(selects(&constant, &[topic]), expected, "{} on {}", text, topic);
            }
        }
    }

    /// The two ways in which the compiler asks, each topic by itself and all by their index, say the same.
    #[test]
    fn an_index_of_topics_says_what_each_of_them_does(
        texts in prop::collection::vec(pattern_text(), 8),
        topics in prop::collection::vec((topic_text(), 0..128_u32), 1..20),
        same in 1..30_usize,
    ) {
        let templates: Vec<String> = topics.iter().map(|(topic, fields)| template(topic, *fields)).collect();
        // Many of them, so that some indices have several batches.
        let many: Vec<&str> = (0..same).flat_map(|_| &templates).map(String::as_str).take(400).collect();
        let patterns: Vec<_> = texts.iter().filter_map(|text| Pattern::parse(text).expect("a pattern").to_const()).collect();
        let expected: Vec<bool> = patterns
            .iter()
            .map(|pattern| templates.iter().any(|template| selects(pattern, &[template])))
            .collect();
        prop_assert_eq!(select_by_index(&patterns, &many), expected, "{:?} on {:?}", texts, templates);
    }

    /// A template with fields: the compiler says no only if no topic of it can be selected.
    #[test]
    fn the_compiler_refuses_only_what_selects_nothing(text in pattern_text(), topic in topic_text(), fields in 0..128_u32) {
        let pattern = Pattern::parse(&text).expect("a pattern");
        let template = template(&topic, fields);
        if let Some(constant) = pattern.to_const() && pattern.matches(&topic) {
            prop_assert!(selects(&constant, &[&template]), "{} on {:?}", text, template);
        }
    }
}

/// The topic with fields in some places, but not in the first.
fn template(topic: &str, fields: u32) -> String {
    let segments = topic.split('.').enumerate();
    let field = |(at, segment)| if at > 0 && fields >> at & 1 == 1 { "{field}" } else { segment };
    segments.map(field).collect::<Vec<&str>>().join(".")
}

#[test]
fn the_longest_patterns_fit_every_engine() {
    let longest = "**.x.".repeat(30) + "**.>";
    let pattern = Pattern::parse(&longest).expect("62 segments");
    let topic = ["x"; 31].join(".");
    assert!(pattern.matches(&topic) && !pattern.matches(&topic[4..]));
    assert!(pattern.explain(&topic).starts_with("selected"));
    assert!(
        pattern.explain(&topic[4..]).contains("should follow"),
        "{}",
        pattern.explain(&topic[4..])
    );
    let constant = pattern.to_const().expect("no regular expression");
    assert!(selects(&constant, &[&topic]) && !selects(&constant, &[&topic[4..]]));
    let error = Pattern::parse("**.x.".repeat(31) + ">").expect_err("63 segments");
    assert_eq!(error.kind(), rem_patterns::PatternErrorKind::TooManySegments);
}

/// What is left of a set may include nothing, or not be there at all: then it selects nothing, in an end of steps.
#[test]
fn a_set_that_includes_nothing_selects_nothing() {
    let excluded = ConstElement { exclude: true, system: false, many: 0, segments: &[] };
    for elements in [&[][..], &[excluded]] {
        assert!(!selects(&ConstPattern { text: "", elements }, &["a.b"]));
    }
}

/// As many topics as an index looks at at once: when only one of them is left, it is looked at as the others were, wherever it stands.
#[test]
fn the_last_topic_of_a_full_batch_is_found() {
    let pattern = Pattern::parse("a*x*.last").unwrap();
    let constant = pattern.to_const().unwrap();
    for last in 0..128 {
        let end = |at| if at == last { "last" } else { "other" };
        let topics: Vec<_> = (0..128).map(|at| format!("a{at}x{at}.{}", end(at))).collect();
        let texts: Vec<_> = topics.iter().map(String::as_str).collect();
        assert_eq!(select_by_index(&[constant], &texts), [true], "{}", topics[last]);
    }
}

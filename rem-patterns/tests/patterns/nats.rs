//! Covers by other systems' subjects, held to what those systems select.

use proptest::prelude::*;
use rem_patterns::Pattern;

use crate::support::{pattern_text, topic_text};

/// NATS's own rule.
fn nats_selects(subject: &str, topic: &str) -> bool {
    let (mut subject, mut topic) = (subject.split('.'), topic.split('.'));
    loop {
        match (subject.next(), topic.next()) {
            (None, None) | (Some(">"), Some(_)) => return true,
            (Some("*"), Some(_)) => {}
            (Some(token), Some(segment)) if token == segment => {}
            _ => return false,
        }
    }
}

/// MQTT's own rule (MQTT 5.0, 4.7): a wildcard in the first place takes no topic that begins with `$`.
fn mqtt_selects(filter: &str, topic: &str) -> bool {
    if topic.starts_with('$') && filter.starts_with(['+', '#']) {
        return false;
    }
    let (mut filter, mut topic) = (filter.split('/'), topic.split('.'));
    loop {
        match (filter.next(), topic.next()) {
            (None, None) | (Some("#"), _) => return true,
            (Some("+"), Some(_)) => {}
            (Some(level), Some(segment)) if level == segment => {}
            _ => return false,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn covers_miss_nothing_and_say_when_they_are_wider(
        text in pattern_text(),
        topics in prop::collection::vec(topic_text(), 40),
    ) {
        let pattern = Pattern::parse(&text).expect("a pattern");
        let (nats, mqtt) = (pattern.to_nats(), pattern.to_mqtt());
        for topic in topics {
            let selected = pattern.matches(&topic);
            for (cover, taken) in [
                (&nats, nats.subjects.iter().any(|subject| nats_selects(subject, &topic))),
                (&mqtt, mqtt.subjects.iter().any(|filter| mqtt_selects(filter, &topic))),
            ] {
                prop_assert!(taken || !selected, "{} misses {} of {}", cover.subjects.join(" "), topic, text);
                prop_assert!(taken == selected || cover.check, "{:?} takes {}, {} does not", cover, topic, text);
            }
        }
    }

    #[test]
    fn subjects_come_back(topic in topic_text(), signs in prop::collection::vec(0..4_usize, 7), tail in any::<bool>()) {
        let tokens = topic.split('.').zip(signs).map(|(segment, sign)| if sign == 0 { "*" } else { segment });
        let mut subject = tokens.collect::<Vec<_>>().join(".");
        if tail {
            subject.push_str(".>");
        }
        let cover = Pattern::from_nats(&subject).expect("a subject").to_nats();
        prop_assert_eq!(cover.subjects, [subject]);
    }
}

#[test]
fn covers_are_the_narrowest() {
    for (pattern, subjects, check) in [
        ("=a.b", &["a.b"][..], false),
        ("a", &["a", "a.>"], false),
        ("a.**", &["a", "a.>"], false),
        ("a.>", &["a.>"], false),
        ("a.*.**", &["a.>"], false),
        ("a.**.b", &["a.>"], true),
        ("a.**.b.*", &["a.*.>"], true),
        ("a.**.*", &["a.>"], false),
        ("**", &[">"], true),
        ("{a,b}.{c,d}", &["a.c", "a.d", "b.c", "b.d"], false),
        ("a*.b", &["*.b"], true),
        ("a,!a.b", &["a", "a.>"], true),
        ("a,a.b,=a.c", &["a", "a.>"], false),
        ("$rem", &["$rem", "$rem.>"], false),
        ("a.{~b+~}", &["a.>"], true),
        ("{~b+~}", &[">"], true),
    ] {
        let cover = Pattern::parse(pattern).expect(pattern).to_nats();
        let mut expected: Vec<&str> = subjects.to_vec();
        expected.sort_unstable();
        assert_eq!(
            (cover.subjects, cover.check),
            (expected.iter().map(|&s| s.to_owned()).collect(), check),
            "{pattern}"
        );
    }
}

#[test]
fn what_means_nothing_here_is_refused() {
    for subject in
        ["", ".", "a..b", "a.>.b", "a.**", "a.b*", "a.{b}", "a,b", "!a", "=a", "a b", "{~a~}"]
    {
        assert!(Pattern::from_nats(subject).is_err(), "{subject}");
    }
    for filter in ["", "/", "/a", "a//b", "a/#/b", "a/*", "a/>", "a.b", "a/b+", "a/#x", "**"] {
        let parsed = Pattern::from_mqtt(filter);
        let literal = filter.ends_with("b+") || filter.ends_with("#x");
        assert_eq!(parsed.is_ok(), literal, "{filter}: {parsed:?}");
    }
}

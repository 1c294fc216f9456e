//! Topics and patterns as values: compared, hashed and asked what they have.

use std::hash::{BuildHasher, RandomState};

use rem_patterns::{Pattern, Topic};

#[test]
fn a_topic_equals_its_text_and_no_other() {
    let topic = Topic::parse("a.b").unwrap();
    assert!(topic == *"a.b" && topic == "a.b" && topic == topic.clone());
    for other in ["a", "a.c", "a.b.c"] {
        assert!(topic != *other && topic != other && topic != Topic::parse(other).unwrap());
    }
}

#[test]
fn equal_patterns_have_one_hash_and_others_another() {
    let hasher = RandomState::new();
    let hash = |text: &str| hasher.hash_one(Pattern::parse(text).unwrap());
    assert_eq!(hash("a.*"), hash("a.*"));
    assert_ne!(hash("a.*"), hash("a.**"));
}

#[test]
fn only_what_captures_has_captures() {
    for (text, has) in [("a.{id}", true), ("a.{*rest}", true), ("a.*", false), ("**,!b", false)] {
        assert_eq!(Pattern::parse(text).unwrap().has_captures(), has, "{text}");
    }
    for (regex, has) in [("^a[.](?<id>.*)$", true), ("^a[.].*$", false)] {
        assert_eq!(Pattern::regex(regex).unwrap().has_captures(), has, "{regex}");
    }
}

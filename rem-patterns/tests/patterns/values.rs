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
    assert!(!Pattern::parse("**,!{~(?<id>a)~}").unwrap().has_captures(), "it only excludes");
}

#[test]
fn names_of_captures_are_those_that_captures_may_give() {
    for (text, names) in [
        ("a.*,b.{~b(c)~},!d", &[][..]),
        ("a.{id}.*.{*rest}", &["id", "rest"]),
        (r"{~shop\.(?<region>\w+)\.(?<what>paid|sent)~}", &["region", "what"]),
        ("{b}.{a},{a}.x.{c},y.{b}", &["b", "a", "c"]),
        ("{x}.{y},k.{~(?<z>a)(?<x>b)~},{w}.a", &["x", "y", "z", "w"]),
        ("{id}.*,!{~(?<not>a)~}", &["id"]),
    ] {
        let pattern = Pattern::parse(text).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(pattern.capture_names().collect::<Vec<_>>(), names, "{text}");
    }
    // And in this order they are given.
    let pattern = Pattern::regex(r"(?<b>\w)\.(?<a>\w)").unwrap();
    let nothing = Pattern::parse("x.*").unwrap();
    let nothing = nothing.captures("x.y").unwrap();
    assert!(nothing.is_empty());
    assert_eq!(nothing.len(), 0);
    let captures = pattern.captures("x.y").unwrap();
    assert!(!captures.is_empty());
    let given: Vec<_> = captures.iter().map(|(name, _)| name).collect();
    assert_eq!(given, pattern.capture_names().collect::<Vec<_>>());
}

/// Each is told by all of its bits: the last of them are those of a sign, of a blank or of another one here.
#[test]
fn a_character_beyond_ascii_is_itself_alone() {
    let all =
        ["\u{12e}", "\u{4e2a}", "\u{10020}", "\u{1002e}", "\u{1f600}", "\u{2f600}", "\u{10f600}"];
    for one in all {
        assert!(Topic::parse(one).is_ok(), "{}", one.escape_unicode());
        let pattern = Pattern::parse(format!("[{one}]")).unwrap();
        let selected: Vec<_> = all.iter().filter(|other| pattern.matches(other)).collect();
        assert_eq!(selected, [&one], "{}", one.escape_unicode());
    }
}

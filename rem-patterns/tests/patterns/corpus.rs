//! The corpus, run by every engine: parser, matcher, tree, compile-time matcher, algebra, and an oracle that was made
//! from the grammar alone.

use std::collections::BTreeMap;
use std::path::PathBuf;

use rem_patterns::constant::selects;
use rem_patterns::{Pattern, PatternTree, Topic, validate};

use crate::oracle::Oracle;
use crate::support::select_by_index;

#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
struct File {
    case: Vec<Case>,
    fault: Vec<Fault>,
    escape: Vec<Escape>,
    unescape: Vec<Escape>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    pattern: String,
    selects: Vec<String>,
    rejects: Vec<String>,
    #[serde(default)]
    captures: BTreeMap<String, BTreeMap<String, String>>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Fault {
    pattern: String,
    kind: String,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Escape {
    text: String,
    segment: String,
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/corpus")
}

fn themes() -> Vec<File> {
    ["wildcards", "globs", "sets", "captures", "system", "escapes", "hostile"]
        .iter()
        .map(|theme| {
            let text =
                std::fs::read_to_string(folder().join(theme).with_extension("toml")).expect(theme);
            toml::from_str(&text).unwrap_or_else(|error| panic!("{theme}: {error}"))
        })
        .collect()
}

/// Pattern, topic, whether it selects it: ours and the published.
fn pairs() -> Vec<(String, String, bool)> {
    let mut pairs = Vec::new();
    for case in themes().into_iter().flat_map(|file| file.case) {
        for (topics, expected) in [(case.selects, true), (case.rejects, false)] {
            pairs.extend(topics.into_iter().map(|topic| (case.pattern.clone(), topic, expected)));
        }
    }
    assert!(pairs.len() >= 300, "{} cases of our own", pairs.len());
    let published =
        std::fs::read_to_string(folder().join("published.tsv")).expect("the published cases");
    let mut count = 0;
    for line in published.lines().filter(|line| !line.starts_with('#')) {
        let [pattern, topic, expected, source] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("not four columns: {line}");
        };
        let exact = if source.ends_with(":exact") { "=" } else { "" };
        pairs.push((format!("{exact}{pattern}"), topic.to_owned(), expected == "true"));
        count += 1;
    }
    assert_eq!(count, 246, "published cases");
    pairs
}

fn parse(text: &str) -> Pattern {
    Pattern::parse(text).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn the_matcher_agrees() {
    for (pattern, topic, expected) in pairs() {
        assert_eq!(parse(&pattern).matches(&topic), expected, "{pattern} on {topic:?}");
        assert_eq!(parse(&pattern).captures(&topic).is_some(), expected, "{pattern} on {topic:?}");
    }
}

#[test]
fn the_tree_agrees_with_one_and_with_all() {
    let pairs = pairs();
    let mut all = PatternTree::new();
    let mut texts: Vec<&str> = pairs.iter().map(|(pattern, ..)| &**pattern).collect();
    texts.sort_unstable();
    texts.dedup();
    let patterns: Vec<Pattern> = texts.into_iter().map(parse).collect();
    for pattern in &patterns {
        all.insert(pattern, pattern);
    }
    for (pattern, topic, expected) in &pairs {
        let mut one = PatternTree::new();
        one.insert(&parse(pattern), ());
        let mut found = Vec::new();
        one.matching(topic, &mut found);
        assert_eq!(found.len(), usize::from(*expected), "{pattern} on {topic:?}");
        let mut found = Vec::new();
        all.for_each_match(topic, |_, &pattern| found.push(pattern));
        found.sort_unstable();
        let naive: Vec<&Pattern> =
            patterns.iter().filter(|pattern| pattern.matches(topic)).collect();
        assert_eq!(found, naive, "{topic:?}");
    }
}

#[test]
fn the_oracle_agrees() {
    let mut asked = 0;
    for (pattern, topic, expected) in pairs() {
        if let Some(oracle) = Oracle::new(&pattern) {
            assert_eq!(oracle.matches(&topic), expected, "{pattern} on {topic:?}");
            asked += 1;
        }
    }
    assert!(asked > 600, "{asked}: all but regular expressions");
}

#[test]
fn the_compiler_agrees() {
    for (text, topic, expected) in pairs() {
        let pattern = parse(&text);
        let Some(constant) = pattern.to_const() else {
            assert!(text.contains("{~"), "{text}");
            continue;
        };
        if validate(&topic).is_ok() {
            assert_eq!(selects(&constant, &[&topic]), expected, "{text} on {topic}");
            let pieces: Vec<&str> = topic.split('.').flat_map(|segment| ["", segment]).collect();
            assert_eq!(selects(&constant, &pieces), expected, "{text} on {topic} in pieces");
            let found = select_by_index(&[constant], &[&topic]);
            assert_eq!(found, [expected], "{text} on {topic} by the index");
        }
    }
}

/// Each pattern of the corpus against all of its topics at once, as it is for an event type.
#[test]
fn the_compiler_agrees_about_all_at_once() {
    let pairs = pairs();
    let topics: Vec<&str> = pairs.iter().map(|(_, topic, _)| &**topic).collect();
    let topics: Vec<&str> = topics.into_iter().filter(|topic| validate(topic).is_ok()).collect();
    let mut texts: Vec<&str> = pairs.iter().map(|(text, ..)| &**text).collect();
    texts.dedup();
    let patterns: Vec<_> = texts.into_iter().filter_map(|text| parse(text).to_const()).collect();
    for topics in topics.chunks(200).chain(topics.chunks(7)) {
        let found = select_by_index(&patterns, topics);
        for (pattern, found) in patterns.iter().zip(found) {
            let expected = topics.iter().any(|topic| selects(pattern, &[topic]));
            assert_eq!(found, expected, "{} on {topics:?}", pattern.text);
        }
    }
}

#[test]
fn the_algebra_agrees() {
    for (text, topic, expected) in pairs() {
        let Ok(topic) = Topic::parse(&topic) else { continue };
        let (pattern, alone) = (parse(&text), parse(&format!("={topic}")));
        let met = pattern.intersects(&alone).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(met, expected.then(|| topic.clone()), "{text} and {topic}");
        assert_eq!(pattern.includes(&alone), Ok(expected), "{text} and {topic}");
    }
}

#[test]
fn captures_take_what_they_should() {
    for case in themes().into_iter().flat_map(|file| file.case) {
        for (topic, expected) in case.captures {
            let pattern = parse(&case.pattern);
            let captures =
                pattern.captures(&topic).unwrap_or_else(|| panic!("{pattern} on {topic}"));
            let found: BTreeMap<_, _> = captures
                .iter()
                .map(|(name, value)| (name.to_owned(), value.into_owned()))
                .collect();
            assert_eq!(found, expected, "{pattern} on {topic}");
            assert_eq!(captures.len(), expected.len());
        }
    }
}

#[test]
fn faults_have_their_kinds() {
    for fault in themes().into_iter().flat_map(|file| file.fault) {
        let error = Pattern::parse(&fault.pattern).expect_err(&fault.pattern);
        assert_eq!(format!("{:?}", error.kind()), fault.kind, "{error}");
    }
}

#[test]
fn patterns_round_trip() {
    for (text, ..) in pairs() {
        let pattern = parse(&text);
        assert_eq!(pattern.to_string(), text);
        assert_eq!(parse(pattern.as_str()), pattern);
    }
}

#[cfg(feature = "serde")]
#[test]
fn texts_go_through_serde() {
    for (text, topic, _) in pairs() {
        let pattern = parse(&text);
        let json = serde_json::to_string(&pattern).expect("a text");
        assert_eq!(serde_json::from_str::<Pattern>(&json).expect("a pattern"), pattern);
        if let Ok(topic) = Topic::parse(topic) {
            let json = serde_json::to_string(&topic).expect("a text");
            assert_eq!(serde_json::from_str::<Topic>(&json).expect("a topic"), topic);
        }
    }
    let error = serde_json::from_str::<Pattern>("\"a..b\"").expect_err("two dots");
    assert_eq!(error.to_string().lines().count(), 1, "{error}");
    let told = Pattern::parse("a..b").expect_err("two dots").to_string();
    assert!(error.to_string().starts_with(told.lines().next().expect("a line")), "{error}");
    assert!(serde_json::from_str::<Topic>("\"a.*\"").is_err());
}

#[test]
fn escapes_go_there_and_back() {
    for Escape { text, segment } in themes().into_iter().flat_map(|file| file.escape) {
        assert_eq!(Topic::escape(&text), segment, "{text:?}");
        assert_eq!(Topic::unescape(&segment), text, "{segment:?}");
        assert_eq!(Topic::parse(&segment).expect("one segment").depth(), 1);
        let mut written = String::new();
        Topic::escape_into(&text, &mut written).expect("writing to a String");
        assert_eq!(written, segment);
    }
    for Escape { text, segment } in themes().into_iter().flat_map(|file| file.unescape) {
        assert_eq!(Topic::unescape(&segment), text, "{segment:?}");
    }
}

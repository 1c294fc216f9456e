//! The index against the plainest of its kind: ask every pattern.

use proptest::prelude::*;
use rem_patterns::{Pattern, PatternKey, PatternTree};

use crate::support::{pattern_text, topic_text};

/// Which of the patterns select the topic, by asking each.
fn naive(live: &[(PatternKey, Pattern)], topic: &str) -> Vec<PatternKey> {
    live.iter().filter(|(_, pattern)| pattern.matches(topic)).map(|&(key, _)| key).collect()
}

fn check(tree: &PatternTree<usize>, live: &[(PatternKey, Pattern)], topic: &str) {
    let mut expected = naive(live, topic);
    let mut found = Vec::new();
    tree.matching(topic, &mut found);
    let raw = found.clone();
    expected.sort();
    found.sort();
    assert_eq!(found, expected, "{topic} among {live:?}, in the order {raw:?}");
    assert_eq!(tree.matches(topic), !expected.is_empty());
    let mut visited = Vec::new();
    tree.for_each_match(topic, |key, _| visited.push(key));
    assert_eq!(visited, raw);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is inserted and removed, the tree finds what asking each pattern finds, and ends as it began.
    #[test]
    fn equals_asking_each(
        texts in prop::collection::vec(pattern_text(), 1..40),
        topics in prop::collection::vec(topic_text(), 1..20),
        removals in prop::collection::vec(any::<prop::sample::Index>(), 0..40),
    ) {
        let mut tree = PatternTree::new();
        let mut live = Vec::new();
        for (at, text) in texts.iter().enumerate() {
            let pattern = Pattern::parse(text).expect(text);
            live.push((tree.insert(&pattern, at), pattern));
        }
        for topic in &topics {
            check(&tree, &live, topic);
        }
        for index in removals {
            if live.is_empty() {
                break;
            }
            let (key, _) = live.swap_remove(index.index(live.len()));
            prop_assert!(tree.remove(key).is_some());
            prop_assert!(tree.remove(key).is_none());
            prop_assert!(tree.get(key).is_none());
            check(&tree, &live, &topics[0]);
        }
        for topic in &topics {
            check(&tree, &live, topic);
        }
        for (key, _) in live {
            prop_assert!(tree.remove(key).is_some());
        }
        prop_assert_eq!(tree.len(), 0);
        prop_assert_eq!(tree.node_count(), 1);
        prop_assert_eq!(tree.memory(), 0);
    }

    /// What a tree holds does not depend on what it held before.
    #[test]
    fn leaves_nothing_behind(
        stay in prop::collection::vec(pattern_text(), 0..20),
        go in prop::collection::vec(pattern_text(), 0..40),
    ) {
        let mut tree = PatternTree::new();
        for text in &stay {
            tree.insert(&Pattern::parse(text).expect(text), ());
        }
        let (before, memory) = (tree.node_count(), tree.memory());
        let keys: Vec<_> = go.iter().map(|text| tree.insert(&Pattern::parse(text).expect(text), ())).collect();
        for key in keys {
            tree.remove(key);
        }
        prop_assert_eq!(tree.node_count(), before);
        prop_assert_eq!(tree.len(), stay.len());
        prop_assert!(tree.memory() <= memory, "{} bytes, {} before", tree.memory(), memory);
        for text in stay.iter().chain(&go) {
            let pattern = Pattern::parse(text).expect(text);
            let topic = pattern.example().expect("small");
            let expected = |topic: &str| stay.iter().any(|text| Pattern::parse(text).expect(text).matches(topic));
            prop_assert!(topic.is_none_or(|topic| tree.matches(&topic) == expected(&topic)), "{}", text);
        }
    }
}

#[test]
fn what_globs_of_a_length_took_goes_with_the_last_of_them() {
    let mut tree = PatternTree::new();
    let pattern = |text: &str| Pattern::parse(text).expect(text);
    for text in ["x.a*", "x.*a"] {
        tree.insert(&pattern(text), ());
    }
    let memory = (2..40).map(|length| {
        let (b, c) = ("b".repeat(length), "c".repeat(length));
        let texts = [format!("x.{b}*"), format!("x.{c}*"), format!("x.*{b}"), format!("x.*{c}")];
        let keys = texts.map(|text| tree.insert(&pattern(&text), ()));
        for key in keys {
            tree.remove(key);
        }
        tree.memory()
    });
    let memory: Vec<_> = memory.collect();
    assert!(memory.iter().all(|bytes| *bytes == memory[0]), "{memory:?}");
}

/// A value that counts how many of its kind live.
#[derive(Clone)]
struct Counted(#[expect(dead_code, reason = "it is counted, not read")] std::rc::Rc<()>);

#[test]
fn a_million_come_and_go() {
    let mut tree = PatternTree::new();
    for text in ["order.*.paid", "order.**", "a.[bc].*,!a.b.x", "**.x.**.y", "user.{created,left}"]
    {
        tree.insert(&Pattern::parse(text).expect(text), 0);
    }
    let (nodes, memory) = (tree.node_count(), tree.memory());
    let mut keys = Vec::with_capacity(1_000_000);
    for n in 0..1_000_000_u32 {
        let (a, b) = (n % 1_000, n / 1_000);
        let text = match n % 10 {
            0 => format!("order.{a}.*.{b}"),
            1 => format!("order.{a}.**.{b}"),
            2 => format!("{a}.x{b}*"),
            3 => format!("user.{a}.[ab]{b}"),
            _ => format!("order.{a}.{b}.paid"),
        };
        keys.push(tree.insert(&Pattern::parse(text).expect("a pattern"), n));
    }
    assert_eq!(tree.len(), 1_000_005);
    assert!(tree.memory() / 1_000_000 <= 200, "{} bytes a pattern", tree.memory() / 1_000_000);
    let mut found = Vec::new();
    tree.for_each_match("order.7.999.paid", |_, &value| found.push(value));
    found.sort_unstable();
    assert_eq!(found, [0, 999_007]);
    // Neither in the order in which they came nor the other way round.
    for at in (0..10).flat_map(|rest| (0..100_000).map(move |n| n * 10 + rest)) {
        assert!(tree.remove(keys[at]).is_some());
    }
    assert_eq!((tree.len(), tree.node_count()), (5, nodes));
    assert!(tree.memory() <= memory, "{} bytes, {memory} before", tree.memory());
}

#[test]
fn a_tree_is_as_large_as_if_what_has_gone_from_its_end_had_never_come() {
    let filled = |count: usize, gone: &[usize]| {
        let mut tree = PatternTree::new();
        let pattern = |n: usize| Pattern::parse(format!("device.{n}.up")).expect("a pattern");
        let keys: Vec<_> = (0..count).map(|n| tree.insert(&pattern(n), n)).collect();
        for &gone in gone {
            assert_eq!(tree.remove(keys[gone]), Some(gone));
        }
        tree.shrink_to_fit();
        tree
    };
    assert_eq!(filled(10, &[3, 9, 8, 7]).memory(), filled(7, &[3]).memory());
}

#[test]
fn values_are_dropped_once() {
    let life = std::rc::Rc::new(());
    let mut tree = PatternTree::new();
    let keys: Vec<_> = ["a", "a.*,b", "{~x~}", "**"]
        .map(|text| tree.insert(&Pattern::parse(text).expect(text), Counted(life.clone())))
        .into();
    assert_eq!(std::rc::Rc::strong_count(&life), 5);
    let copy = tree.clone();
    assert_eq!(std::rc::Rc::strong_count(&life), 9);
    drop(copy);
    for key in keys {
        drop(tree.remove(key));
    }
    assert_eq!(std::rc::Rc::strong_count(&life), 1);
}

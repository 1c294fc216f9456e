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
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

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
        let before = tree.node_count();
        let keys: Vec<_> = go.iter().map(|text| tree.insert(&Pattern::parse(text).expect(text), ())).collect();
        for key in keys {
            tree.remove(key);
        }
        prop_assert_eq!(tree.node_count(), before);
        prop_assert_eq!(tree.len(), stay.len());
    }
}

//! The index against the topic trees of others.
//!
//! - `KeBoxTree` of zenoh-keyexpr: `*` and `**` are its own, between `/`. Asked by
//!   `intersecting_nodes`, which measured twice as fast as `nodes_including` and finds the same.
//! - `TopicMatcherNode` of mqtt-topic-engine and `Registry` of quill-pubsub: tries of MQTT topic
//!   filters, where `*` is written `+` and a trailing `**` is `#`.
//!
//! Each is asked for topics in its own parsed form, so that it need not read the text, which the
//! index does at every match; and each keeps the values of equal patterns together. Left out:
//! `mqtt_topic_tree` 0.1.3, whose match reserves room for as many subscribers as there are, 16 MB at
//! a million; and `rmqtt`, whose trie comes with a whole broker.

use std::hint::black_box;

use mqtt_topic_engine::topic_matcher::{Len, TopicMatcherNode};
use mqtt_topic_engine::{TopicPath, TopicPatternPath};
use rem_benches::bars::Bars;
use rem_benches::baseline::workload;
use rem_benches::results;
use rem_patterns::{Pattern, PatternTree};
use zenoh_keyexpr::OwnedKeyExpr;
use zenoh_keyexpr::keyexpr_tree::{
    IKeyExprTree, IKeyExprTreeMut, IKeyExprTreeNode, IKeyExprTreeNodeMut, KeBoxTree,
};

use crate::{ROUNDS, each, median, usual};

pub(crate) fn run(count: usize, bars: &mut Bars) {
    let (patterns, topics) = workload(count);
    let (mut tree, mut zenoh) = (PatternTree::new(), KeBoxTree::<Vec<u32>>::new());
    let (mut engine, quill) = (TopicMatcherNode::<Values>::new(), quill::Registry::new());
    for (value, text) in (0_u32..).zip(&patterns) {
        tree.insert(&Pattern::parse(text).expect("a pattern"), value);
        let node = zenoh.node_mut_or_create(&key(text));
        match node.weight_mut() {
            Some(values) => values.push(value),
            None => drop(node.insert_weight(vec![value])),
        }
        let filter = key(text).replace("**", "#").replace('*', "+");
        quill.subscribe(quill::Pattern::parse(&filter).expect("a filter"), value);
        let filter = TopicPatternPath::try_from(filter).expect("a filter");
        engine.get_or_create_subscription_table(&filter).0.push(value);
    }
    let keys: Vec<OwnedKeyExpr> = topics.iter().map(|topic| key(topic)).collect();
    let paths: Vec<TopicPath> =
        keys.iter().map(|key| TopicPath::new(key.as_str()).expect("a topic")).collect();
    let names: Vec<quill::Topic> =
        keys.iter().map(|key| quill::Topic::parse(key).expect("a topic")).collect();

    let mut matching = Vec::new();
    let mut found = Vec::new();
    let of_zenoh = |key: &OwnedKeyExpr, found: &mut Vec<u32>| {
        found.clear();
        let nodes = zenoh.intersecting_nodes(key).filter_map(|node| node.weight());
        nodes.for_each(|values| found.extend_from_slice(values));
    };
    let of_engine = |path: &TopicPath, found: &mut Vec<u32>| {
        found.clear();
        engine.find_by_path(path).into_iter().for_each(|values| found.extend_from_slice(&values.0));
    };
    for (at, topic) in topics.iter().enumerate() {
        tree.matching(topic, &mut matching);
        let values = matching.iter().filter_map(|&key| tree.get(key)).copied();
        let ours = sorted(values.collect());
        of_zenoh(&keys[at], &mut found);
        assert_eq!(sorted(found.clone()), ours, "zenoh-keyexpr: {topic}");
        of_engine(&paths[at], &mut found);
        assert_eq!(sorted(found.clone()), ours, "mqtt-topic-engine: {topic}");
        assert_eq!(sorted(quill.matching(&names[at])), ours, "quill-pubsub: {topic}");
    }

    let mut rounds = [const { Vec::new() }; 4];
    for _ in 0..usual(ROUNDS) {
        rounds[0].push(each(&topics, 4, |topic| tree.matching(topic, &mut matching)));
        rounds[1].push(each(&keys, 4, |key| of_zenoh(key, &mut found)));
        rounds[2].push(each(&paths, 4, |path| of_engine(path, &mut found)));
        rounds[3].push(each(&names, 4, |name| drop(black_box(quill.matching(name)))));
    }
    let [ours, others @ ..] = rounds.each_mut().map(|rounds| median(rounds));
    println!("{count} patterns, tree: {ours:.0} ns");
    let table = format!("A topic against {count} patterns, beside the topic trees of others");
    results::figure(&table, "rem-patterns", ours, "ns");
    for (name, theirs) in ["zenoh-keyexpr", "mqtt-topic-engine", "quill-pubsub"].iter().zip(others)
    {
        println!("{count} patterns, {name}: {theirs:.0} ns, {:.2} × the tree", theirs / ours);
        results::figure(&table, name, theirs, "ns");
    }
    let [zenoh, tries @ ..] = others;
    let fastest = tries.into_iter().fold(f64::INFINITY, f64::min);
    let work = format!("a match at {count} patterns, as fast again as");
    bars.at_least(work.clone(), zenoh / ours, 5.0, "× zenoh-keyexpr");
    bars.at_least(work, fastest / ours, 1.5, "× the fastest topic tree of others");
}

/// The values of equal patterns.
#[derive(Default)]
struct Values(Vec<u32>);

impl Len for Values {
    fn len(&self) -> usize {
        self.0.len()
    }
}

fn key(text: &str) -> OwnedKeyExpr {
    OwnedKeyExpr::try_from(text.replace('.', "/")).expect("a key expression")
}

fn sorted(mut values: Vec<u32>) -> Vec<u32> {
    values.sort_unstable();
    values
}

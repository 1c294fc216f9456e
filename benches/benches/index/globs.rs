//! Globs inside a segment.

use rem_benches::bars::Bars;
use rem_benches::results;
use rem_patterns::{Pattern, PatternTree};

use crate::{ROUNDS, each, median, usual};

/// A kind of glob, by number.
type Kind = (&'static str, fn(usize) -> String);

/// A thousand globs within one segment, against a `GlobSet` of the same.
pub(crate) fn run(bars: &mut Bars) {
    let kinds: [Kind; 5] = [
        ("prefix", |n| format!("conn{n}*")),
        ("suffix", |n| format!("*_{n}")),
        ("both", |n| format!("c{}*_{n}", n % 7)),
        ("middle", |n| format!("*_{n}_*")),
        ("classes", |n| format!("[a-{}]?{n}*", char::from(b"bcdefghij"[n % 9]))),
    ];
    let segments: Vec<String> = (0..4_096)
        .map(|n| match n % 3 {
            0 => format!("conn{}x", n % 2_000),
            1 => format!("c{}ab_{}", n % 7, n % 2_000),
            _ => format!("b_{}_z", n % 2_000),
        })
        .collect();
    let topics: Vec<String> = segments.iter().map(|segment| format!("parent.{segment}")).collect();
    for (name, glob) in kinds {
        let mut tree = PatternTree::new();
        let mut set = globset::GlobSetBuilder::new();
        for n in 0..1_000 {
            tree.insert(&Pattern::parse(format!("parent.{}", glob(n))).expect("a pattern"), n);
            set.add(globset::Glob::new(&glob(n)).expect("a glob"));
        }
        let set = set.build().expect("a set");
        let (mut keys, mut numbers) = (Vec::new(), Vec::new());
        for (topic, segment) in topics.iter().zip(&segments) {
            tree.matching(topic, &mut keys);
            set.matches_into(segment, &mut numbers);
            let mut found: Vec<usize> =
                keys.iter().filter_map(|&key| tree.get(key)).copied().collect();
            found.sort_unstable();
            assert_eq!(found, numbers, "{topic}");
        }
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..usual(ROUNDS) {
            ours.push(each(&topics, 1, |topic| tree.matching(topic, &mut keys)));
            theirs.push(each(&segments, 1, |segment| set.matches_into(segment, &mut numbers)));
        }
        let (ours, theirs) = (median(&mut ours), median(&mut theirs));
        println!(
            "1,000 globs, {name}: {ours:.0} ns, GlobSet {theirs:.0} ns, ratio {:.2}",
            ours / theirs
        );
        bars.at_most(format!("1,000 globs, {name}"), ours / theirs, 2.0, "× GlobSet");
        let table = format!("A segment against 1,000 globs: {name}");
        results::figure(&table, "rem-patterns", ours, "ns");
        results::figure(&table, "globset", theirs, "ns");
    }
}

//! The index against `ArenaTrie`, the topic trees of others and `GlobSet`, in one run: interleaved rounds, medians.
//! `cargo bench -p rem-benches --bench index`.
//!
//! It also counts the instructions of a match, which do not hang on what else the machine does, by running itself under
//! valgrind: `-- --one PATTERNS MATCHES` does nothing but fill an index and match.
//!
//! Without `--bench`, as a test, it holds the answers of all against one another on small numbers, and measures nothing.
#![expect(clippy::print_stdout, reason = "its figures are what it is for")]
#![expect(clippy::cast_precision_loss, reason = "figures are rounded anyway")]

mod globs;
mod hostile;
mod instructions;
mod peers;

use std::hint::black_box;
use std::time::Instant;

use rem_benches::bars::Bars;
use rem_benches::baseline::{ArenaTrie, workload};
use rem_benches::results;
use rem_benches::rounds::{median, usual};
use rem_patterns::{Pattern, PatternTree};

const ROUNDS: usize = 15;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(at) = arguments.iter().position(|argument| argument == "--one") {
        let number = |at: usize| arguments.get(at).and_then(|number| number.parse().ok());
        let patterns = number(at + 1).expect("--one PATTERNS MATCHES: 100, 10000 or 1000000");
        let matches = number(at + 2).expect("--one PATTERNS MATCHES: how often to match");
        return one(patterns, matches);
    }
    // `cargo test --benches` runs this too.
    if !arguments.iter().any(|argument| argument == "--bench") {
        let bars = &mut Bars::default();
        matching(100, bars);
        peers::run(100, bars);
        return globs::run(bars);
    }
    let mut bars = Bars::default();
    println!("{:>9} {:>12} {:>12} {:>7}", "patterns", "tree ns", "arena ns", "ratio");
    for count in [100, 10_000, 1_000_000] {
        matching(count, &mut bars);
    }
    peers::run(1_000_000, &mut bars);
    hostile::run(&mut bars);
    globs::run(&mut bars);
    changing(&mut bars);
    parsing(&mut bars);
    instructions::run(&mut bars);
    println!("\n{bars}");
}

fn matching(count: usize, bars: &mut Bars) {
    let (patterns, topics) = workload(count);
    let mut arena = ArenaTrie::new();
    let mut tree = PatternTree::new();
    for (value, text) in (0..).zip(&patterns) {
        arena.insert(text, value);
        tree.insert(&Pattern::parse(text).expect("a pattern"), value);
    }
    let (mut keys, mut values) = (Vec::new(), Vec::new());
    for topic in &topics {
        tree.matching(topic, &mut keys);
        arena.matching(topic, &mut values);
        let mut found: Vec<u32> = keys.iter().filter_map(|&key| tree.get(key)).copied().collect();
        found.sort_unstable();
        values.sort_unstable();
        assert_eq!(found, values, "{topic}");
    }
    let passes = 8;
    let (mut ours, mut theirs, mut visits) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..usual(ROUNDS) {
        ours.push(each(&topics, passes, |topic| tree.matching(topic, &mut keys)));
        theirs.push(each(&topics, passes, |topic| arena.matching(topic, &mut values)));
        visits.push(each(&topics, passes, |topic| {
            let mut sum = 0_u64;
            tree.for_each_match(topic, |_, &value| sum += u64::from(value));
            black_box(sum);
        }));
    }
    let (ours, theirs, visits) = (median(&mut ours), median(&mut theirs), median(&mut visits));
    println!("{count:>9} {ours:>12.1} {theirs:>12.1} {:>7.2}   visitor {visits:.1}", ours / theirs);
    println!("          {} bytes a pattern, {} nodes", tree.memory() / count, tree.node_count());
    bars.at_most(format!("a match at {count} patterns"), ours / theirs, 1.1, "× ArenaTrie");
    let table = format!("A topic against {count} patterns, beside the fastest simple index");
    results::figure(&table, "rem-patterns", ours, "ns");
    results::figure(&table, "ArenaTrie, knows no globs", theirs, "ns");
    if count == 1_000_000 {
        let bytes = tree.memory() as f64 / count as f64;
        bars.at_most("memory at 1000000 patterns", bytes, 200.0, "bytes a pattern");
    }
}

/// Fills an index and matches so many times, for a tool that counts instructions.
fn one(count: usize, matches: usize) {
    let (patterns, topics) = workload(count);
    let mut tree = PatternTree::new();
    for text in &patterns {
        tree.insert(&Pattern::parse(text).expect("a pattern"), ());
    }
    println!(
        "{count} patterns, {matches} matches: {} found",
        only_matches(&tree, &topics, matches)
    );
}

/// What callgrind counts, which it knows by the name.
#[inline(never)]
fn only_matches(tree: &PatternTree<()>, topics: &[String], matches: usize) -> usize {
    let (mut keys, mut found) = (Vec::new(), 0);
    for topic in topics.iter().cycle().take(matches) {
        tree.matching(black_box(topic), &mut keys);
        found += keys.len();
    }
    found
}

fn changing(bars: &mut Bars) {
    let (patterns, _) = workload(1_000_000);
    let parsed: Vec<Pattern> =
        patterns.iter().map(|text| Pattern::parse(text).expect("a pattern")).collect();
    let mut tree = PatternTree::new();
    let start = Instant::now();
    let mut keys: Vec<_> =
        (0_u32..).zip(&parsed).map(|(value, pattern)| tree.insert(pattern, value)).collect();
    println!("fill to a million: {:.0} ns each", start.elapsed().as_nanos() as f64 / 1e6);
    let (mut inserts, mut removals) = (Vec::new(), Vec::new());
    for round in 0..usual(ROUNDS) {
        let slice = round * 10_000..(round + 1) * 10_000;
        let start = Instant::now();
        for &key in &keys[slice.clone()] {
            tree.remove(key);
        }
        removals.push(start.elapsed().as_nanos() as f64 / 1e4);
        let start = Instant::now();
        for at in slice {
            keys[at] = tree.insert(&parsed[at], 0);
        }
        inserts.push(start.elapsed().as_nanos() as f64 / 1e4);
    }
    let (insert, remove) = (median(&mut inserts), median(&mut removals));
    println!("at a million: insert {insert:.0} ns, remove {remove:.0} ns");
    bars.at_most("insert, at a million", insert, 1_500.0, "ns");
    bars.at_most("remove, at a million", remove, 1_500.0, "ns");
    let start = Instant::now();
    for key in keys {
        tree.remove(key);
    }
    println!(
        "empty again: {:.0} ns each, {} bytes left",
        start.elapsed().as_nanos() as f64 / 1e6,
        tree.memory()
    );
}

fn parsing(bars: &mut Bars) {
    let mut rounds = Vec::new();
    for _ in 0..usual(ROUNDS) {
        let start = Instant::now();
        for _ in 0..100_000 {
            let _ = black_box(Pattern::parse(black_box("order.*.{created,paid}")));
        }
        rounds.push(start.elapsed().as_nanos() as f64 / 1e5);
    }
    let parse = median(&mut rounds);
    println!("parse: {parse:.0} ns");
    bars.at_most("parse order.*.{created,paid}", parse, 300.0, "ns");
}

/// Nanoseconds a topic.
fn each<T>(topics: &[T], passes: usize, mut run: impl FnMut(&T)) -> f64 {
    let start = Instant::now();
    for _ in 0..passes {
        for topic in topics {
            run(black_box(topic));
        }
    }
    start.elapsed().as_nanos() as f64 / (passes * topics.len()) as f64
}

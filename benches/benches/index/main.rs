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

use rem_benches::baseline::{ArenaTrie, workload};
use rem_benches::rounds::median;
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
        matching(100);
        peers::run(100);
        return globs::run();
    }
    println!("{:>9} {:>12} {:>12} {:>7}", "patterns", "tree ns", "arena ns", "ratio");
    for count in [100, 10_000, 1_000_000] {
        matching(count);
    }
    peers::run(1_000_000);
    hostile::run();
    globs::run();
    changing();
    parsing();
    instructions::run();
}

fn matching(count: usize) {
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
    for _ in 0..ROUNDS {
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
}

/// Fills an index and matches so many times, for a tool that counts instructions.
fn one(count: usize, matches: usize) {
    let (patterns, topics) = workload(count);
    let mut tree = PatternTree::new();
    for text in &patterns {
        tree.insert(&Pattern::parse(text).expect("a pattern"), ());
    }
    let (mut keys, mut found) = (Vec::new(), 0);
    for topic in topics.iter().cycle().take(matches) {
        tree.matching(black_box(topic), &mut keys);
        found += keys.len();
    }
    println!("{count} patterns, {matches} matches: {found} found");
}

fn changing() {
    let (patterns, _) = workload(1_000_000);
    let parsed: Vec<Pattern> =
        patterns.iter().map(|text| Pattern::parse(text).expect("a pattern")).collect();
    let mut tree = PatternTree::new();
    let start = Instant::now();
    let mut keys: Vec<_> =
        (0_u32..).zip(&parsed).map(|(value, pattern)| tree.insert(pattern, value)).collect();
    println!("fill to a million: {:.0} ns each", start.elapsed().as_nanos() as f64 / 1e6);
    let (mut inserts, mut removals) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
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
    println!(
        "at a million: insert {:.0} ns, remove {:.0} ns",
        median(&mut inserts),
        median(&mut removals)
    );
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

fn parsing() {
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let start = Instant::now();
        for _ in 0..100_000 {
            let _ = black_box(Pattern::parse(black_box("order.*.{created,paid}")));
        }
        rounds.push(start.elapsed().as_nanos() as f64 / 1e5);
    }
    println!("parse: {:.0} ns", median(&mut rounds));
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

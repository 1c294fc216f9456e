//! The index against `ArenaTrie` and its peers, in one run: interleaved rounds, medians.
//! `cargo bench -p rem-patterns --bench index`.
//!
//! Instructions a match, which do not hang on what else the machine does: `-- --one PATTERNS MATCHES`
//! does nothing but fill an index and match. `cargo bench -p rem-patterns --bench index --no-run`
//! names the program; run it with no match and with some, at 10,000 and at 1,000,000 patterns, and
//! divide the difference of what callgrind collected by the matches. They are a million, for the
//! filling differs from run to run with the seeds of its hashes:
//!
//! ```text
//! valgrind --tool=callgrind --callgrind-out-file=/dev/null PROGRAM --one 10000 0
//! valgrind --tool=callgrind --callgrind-out-file=/dev/null PROGRAM --one 10000 1024000
//! ```

#![expect(clippy::print_stdout, reason = "its figures are what it is for")]
#![expect(clippy::cast_precision_loss, reason = "figures are rounded anyway")]

#[rustfmt::skip]
#[expect(clippy::pedantic, clippy::all, clippy::unwrap_used, dead_code, unreachable_pub, reason = "a copy, kept as it is")]
mod baseline;
mod peers;

use std::hint::black_box;
use std::time::Instant;

use baseline::{ArenaTrie, workload};
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
    // `cargo test --benches` runs this too, to see that it builds.
    if !arguments.iter().any(|argument| argument == "--bench") {
        return;
    }
    println!("{:>9} {:>12} {:>12} {:>7}", "patterns", "tree ns", "arena ns", "ratio");
    for count in [100, 10_000, 1_000_000] {
        matching(count);
    }
    peers::run();
    hostile();
    globs();
    changing();
    parsing();
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

/// 32 equal segments against patterns that wander: every one of their many `**` stays alive.
fn hostile() {
    let topic = ["a"; 32].join(".");
    let mut random = 0x9E37_79B9_u32;
    for (name, signs) in
        [("literals", &["a", "b"][..]), ("globs", &["a*", "[ab]", "?", "*a", "{a,b}", "b"][..])]
    {
        let mut patterns = |count: usize| -> Vec<Pattern> {
            let mut segment = |_| {
                random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                format!("**.{}", signs[(random >> 16) as usize % signs.len()])
            };
            let mut one = || (0..15).map(&mut segment).collect::<Vec<_>>().join(".") + ".never";
            (0..count).map(|_| Pattern::parse(one()).expect("a pattern")).collect()
        };
        for count in [10_000, 20_000] {
            let mut tree = PatternTree::new();
            for pattern in patterns(count) {
                tree.insert(&pattern, ());
            }
            let mut keys = Vec::new();
            let mut rounds: Vec<f64> = (0..ROUNDS)
                .map(|_| {
                    let start = Instant::now();
                    tree.matching(black_box(&topic), &mut keys);
                    start.elapsed().as_secs_f64() * 1e3
                })
                .collect();
            assert!(keys.is_empty());
            println!("hostile {name}, {count} patterns: {:.3} ms a match", median(&mut rounds));
        }
        let one = &patterns(1)[0];
        let mut rounds: Vec<f64> = (0..ROUNDS)
            .map(|_| {
                let start = Instant::now();
                (0..1_000).for_each(|_| assert!(!black_box(one).matches(black_box(&topic))));
                start.elapsed().as_nanos() as f64 / 1e6
            })
            .collect();
        println!("hostile {name}, one alone: {:.2} µs a match", median(&mut rounds));
    }
}

/// A kind of glob, by number.
type Kind = (&'static str, fn(usize) -> String);

/// A thousand globs within one segment, against a `GlobSet` of the same.
fn globs() {
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
        for _ in 0..ROUNDS {
            ours.push(each(&topics, 1, |topic| tree.matching(topic, &mut keys)));
            theirs.push(each(&segments, 1, |segment| set.matches_into(segment, &mut numbers)));
        }
        let (ours, theirs) = (median(&mut ours), median(&mut theirs));
        println!(
            "1,000 globs, {name}: {ours:.0} ns, GlobSet {theirs:.0} ns, ratio {:.2}",
            ours / theirs
        );
    }
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

fn median(rounds: &mut [f64]) -> f64 {
    rounds.sort_by(f64::total_cmp);
    rounds[rounds.len() / 2]
}

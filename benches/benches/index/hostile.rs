//! Patterns made to be slow: linear in their number, and in nothing else.

use std::hint::black_box;
use std::time::Instant;

use rem_patterns::{Pattern, PatternTree};

use crate::{ROUNDS, median};

/// 32 equal segments against patterns that wander: every one of their many `**` stays alive.
pub(crate) fn run() {
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

//! Patterns made to be slow: linear in their number, and in nothing else.

use std::hint::black_box;
use std::time::Instant;

use rem_benches::bars::Bars;
use rem_patterns::{Pattern, PatternTree};

use crate::{ROUNDS, median, usual};

/// 32 equal segments against patterns that wander: every one of their many `**` stays alive.
///
/// The bars are for literals; what globs take, each of which is a small machine of its own, is told.
pub(crate) fn run(bars: &mut Bars) {
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
        let mut took = [0.0; 2];
        for (count, took) in [10_000, 20_000].into_iter().zip(&mut took) {
            let mut tree = PatternTree::new();
            for pattern in patterns(count) {
                tree.insert(&pattern, ());
            }
            let mut keys = Vec::new();
            let mut rounds: Vec<f64> = (0..usual(ROUNDS))
                .map(|_| {
                    let start = Instant::now();
                    tree.matching(black_box(&topic), &mut keys);
                    start.elapsed().as_secs_f64() * 1e3
                })
                .collect();
            assert!(keys.is_empty());
            *took = median(&mut rounds);
            println!("hostile {name}, {count} patterns: {took:.3} ms a match");
        }
        let one = &patterns(1)[0];
        let mut rounds: Vec<f64> = (0..usual(ROUNDS))
            .map(|_| {
                let start = Instant::now();
                (0..1_000).for_each(|_| assert!(!black_box(one).matches(black_box(&topic))));
                start.elapsed().as_nanos() as f64 / 1e6
            })
            .collect();
        let alone = median(&mut rounds);
        println!("hostile {name}, one alone: {alone:.2} µs a match");
        if name == "literals" {
            bars.at_most("10,000 hostile patterns", took[0], 20.0, "ms a match");
            bars.at_most("twice as many hostile patterns", took[1] / took[0], 2.0, "× as long");
            bars.at_most("one hostile pattern alone", alone, 10.0, "µs a match");
        }
    }
}

//! A bus with many subscriptions: what one costs, and what a publish costs beside them.
//!
//! `cargo bench -p rem-benches --bench subscriptions`. The patterns are those of the index's workload. Without `--bench`,
//! as a test, it does the same with a hundred and measures nothing.
#![expect(clippy::unwrap_used, reason = "what fails in a benchmark should end it")]
#![expect(clippy::print_stdout, reason = "a report")]
#![expect(clippy::cast_precision_loss, reason = "figures are rounded anyway")]

use std::time::Instant;

use rem::prelude::*;
use rem_benches::baseline::workload;
use rem_benches::results::Plot;
use rem_benches::rounds::{median, usual};

const ROUNDS: usize = 11;
const BY_SUBSCRIPTIONS: Plot<'_> = Plot {
    name: "A bus with many subscriptions",
    along: "subscriptions, 5 of which select a topic",
    unit: "ns",
};

#[derive(EventType, Debug)]
#[event(name = "tick", local)]
struct Tick;

fn main() {
    let measuring = std::env::args().any(|argument| argument == "--bench");
    for count in if measuring { &[100, 10_000, 1_000_000][..] } else { &[100] } {
        let lines = with(*count);
        if measuring {
            println!("{count} subscriptions");
            for (what, ns) in lines {
                println!("  {what:<52} {ns:>9.0} ns");
                BY_SUBSCRIPTIONS.point(what, *count as f64, ns);
            }
        }
    }
}

/// Nanoseconds of each kind of work.
fn with(count: usize) -> Vec<(&'static str, f64)> {
    let (patterns, topics) = workload(count);
    let bus = Bus::new();
    let parsed: Vec<Pattern> = patterns.iter().map(|text| Pattern::parse(text).unwrap()).collect();
    let start = Instant::now();
    let mut subs: Vec<Subscription> =
        parsed.iter().map(|pattern| bus.subscribe(pattern, |_: &Event| ()).unwrap()).collect();
    let subscribed = each(start, count);
    let (mut first, mut again, mut change) = (Vec::new(), Vec::new(), Vec::new());
    let mut matched = 0;
    for round in 0..usual(ROUNDS) {
        // A change makes every route stale: the next publish of each topic asks the index.
        let start = Instant::now();
        let pattern = &parsed[round % parsed.len()];
        subs.push(bus.subscribe(pattern, |_: &Event| ()).unwrap());
        drop(subs.pop());
        change.push(each(start, 1));
        for times in [&mut first, &mut again] {
            let start = Instant::now();
            for topic in &topics {
                matched += bus.publish_to(topic, Tick).unwrap().matched();
            }
            times.push(each(start, topics.len()));
        }
    }
    let start = Instant::now();
    drop(subs);
    let dropped = each(start, count);
    assert_eq!(bus.publish_to(&topics[0], Tick).unwrap().matched(), 0, "{matched} before");
    vec![
        ("subscribe, each while they come", subscribed),
        ("subscribe and unsubscribe, one beside all", median(&mut change)),
        ("publish by name after a change: the index is asked", median(&mut first)),
        ("publish by name again", median(&mut again)),
        ("unsubscribe, each while they go", dropped),
    ]
}

fn each(start: Instant, count: usize) -> f64 {
    start.elapsed().as_nanos() as f64 / count as f64
}

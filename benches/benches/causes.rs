//! What it costs a publish to know its cause: one within a handler, beside one outside of any.
//!
//! Both are of a topic that nobody listens to, on a bus that keeps its history, so that nothing is put off for later and all
//! that differs is the cause. `cargo bench --bench causes` measures in interleaved rounds, counts instructions by callgrind,
//! which no other load changes, and holds both against the bars. `-- --one NAME CALLS` does nothing but publish.
#![expect(clippy::unwrap_used, reason = "what fails in a benchmark should end it")]
#![expect(clippy::print_stdout, reason = "a report")]

use std::hint::black_box;

use rem::prelude::*;
use rem_benches::bars::Bars;
use rem_benches::callgrind;
use rem_benches::rounds::{Contender, medians, usual};

/// How many are published within one call of the handler, so that the call itself is a thousandth of what is measured.
const BATCH: u32 = 1_000;
const CALLS: u32 = 50;
const COUNTED: u32 = 10_000;
/// What a cause and a correlation may add to a publish.
const BAR: f64 = 5.0;
/// The same in instructions, for a machine that does something else meanwhile: on 2026-11-25 (AMD EPYC, idle) 59 of them took
/// 4.3 ns.
const INSTRUCTIONS: f64 = 68.0;

#[derive(EventType, Debug)]
#[event(name = "tick", local)]
struct Tick(#[expect(dead_code, reason = "data, as events have it")] u64);

#[derive(EventType, Debug)]
#[event(name = "go", local)]
struct Go(u64);

const OUTSIDE: &str = "outside of any handler";
const WITHIN: &str = "within a handler";
const DEEP: &str = "within a handler, four causes deep";

/// What publishes so many ticks.
type Publish = Box<dyn FnMut(u64)>;

fn ticks(publisher: &Publisher<Tick>, count: u64) {
    for number in 0..count {
        black_box(publisher.publish(Tick(number)).unwrap());
    }
}

fn outside() -> Publish {
    let publisher = Bus::builder().history(Ring::events(1_000)).build().publisher();
    Box::new(move |count| ticks(&publisher, count))
}

/// The same in a handler, of an event that has so many causes.
fn within(causes: u64) -> Publish {
    let bus = Bus::builder().history(Ring::events(1_000)).build();
    let (publisher, inner) = (bus.publisher(), bus.downgrade());
    bus.on(move |event: &Event<Go>| {
        let (count, causes) = (event.data.0 >> 8, event.data.0 & 0xff);
        match (causes, inner.upgrade()) {
            (1.., Some(bus)) => drop(bus.publish(Go(count << 8 | (causes - 1))).unwrap()),
            _ => ticks(&publisher, count),
        }
    })
    .detach();
    Box::new(move |count| drop(bus.publish(Go(count << 8 | causes)).unwrap()))
}

fn of(name: &str) -> Option<Publish> {
    match name {
        OUTSIDE => Some(outside()),
        WITHIN => Some(within(0)),
        DEEP => Some(within(4)),
        _ => None,
    }
}

/// `--one NAME CALLS`.
fn one(arguments: &[String]) -> Option<()> {
    let at = arguments.iter().position(|argument| argument == "--one")?;
    let (name, calls) = (arguments.get(at + 1)?, arguments.get(at + 2)?.parse::<u64>().ok()?);
    of(name)?(calls);
    Some(())
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if one(&arguments).is_some() {
        return;
    }
    // `cargo test` runs benchmarks too, each once, to see that they run; it measures nothing.
    let measuring = arguments.iter().any(|argument| argument == "--bench");
    let names = [OUTSIDE, WITHIN, DEEP];
    let mut all = names.map(|name| {
        let mut publish = of(name).unwrap();
        Contender::new(name, CALLS, move |_| publish(BATCH.into()))
    });
    let medians = medians(&mut all, if measuring { usual(41) } else { 1 });
    let mut bars = Bars::default();
    let each = |median: f64| median / f64::from(BATCH);
    for (name, median) in names.into_iter().zip(&medians) {
        println!("{name:48} {:9.1} ns", each(*median));
    }
    bars.at_most(WITHIN, each(medians[1] - medians[0]), BAR, "ns more");
    bars.at_most(DEEP, each(medians[2] - medians[0]), BAR, "ns more");
    if measuring {
        instructions(&mut bars);
        println!("\n{bars}");
    }
}

fn instructions(bars: &mut Bars) {
    let count = |name: &str| {
        callgrind::each(|calls| vec!["--one".into(), name.into(), calls.into()], COUNTED)
    };
    let (outside, within, deep) = match (count(OUTSIDE), count(WITHIN), count(DEEP)) {
        (Ok(outside), Ok(within), Ok(deep)) => (outside, within, deep),
        (Err(error), ..) | (_, Err(error), _) | (.., Err(error)) => {
            return println!("instructions were NOT counted: {error}");
        }
    };
    println!("\n{OUTSIDE:48} {outside:9.0} instructions");
    for (name, all) in [(WITHIN, within), (DEEP, deep)] {
        println!("{name:48} {:9.0} more", all - outside);
        bars.at_most(name, all - outside, INSTRUCTIONS, "instructions more");
    }
}

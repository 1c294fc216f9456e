//! What middleware adds to a publish: each ready-made one, bound to the topic, while it has nothing to do.
//!
//! `cargo bench --bench middleware` measures all in interleaved rounds, counts instructions by callgrind, which no other load
//! changes, and holds both against the bars. `-- --one NAME CALLS` does nothing but publish, for a profiler.
#![expect(clippy::unwrap_used, reason = "what fails in a benchmark should end it")]
#![expect(clippy::print_stdout, reason = "a report")]

use std::hint::black_box;
use std::time::Duration;

use rem::middleware::{
    Deduplicate, Enrich, Log, Measure, RateLimit, Redact, Sample, Spans, Timing, Trace, filter,
    tap, transform,
};
use rem::prelude::*;
use rem::{EventId, Middleware, Next};
use rem_benches::bars::Bars;
use rem_benches::callgrind;
use rem_benches::rounds::{Contender, medians, usual};

const CALLS: u32 = 50_000;
const COUNTED: u32 = 10_000;
/// What each may add to a publish.
const BAR: f64 = 10.0;
/// The same in instructions, for a machine that does something else meanwhile: on 2026-11-25 (AMD EPYC, idle) 59 of them took
/// 4.3 ns, and 153 took 9.9.
const INSTRUCTIONS: f64 = 150.0;

#[derive(EventType, Debug)]
#[event(name = "tick", local)]
struct Tick(u64);

/// A user's own, around the rest.
struct Around;

impl Middleware for Around {
    fn handle(&self, draft: &mut Draft, next: Next<'_>) -> Result<Receipt, Stop> {
        next.run(draft)
    }
}

/// What is measured: its name, and how it is added to a bus.
type Row = (&'static str, fn(&Bus));

/// Every ready-made one, with nothing to do. The bars hold for these.
const IDLE: [Row; 12] = [
    ("filter", |bus| add(bus, filter("all", |_: &Draft| true))),
    ("transform", |bus| add(bus, transform("none", |_: &mut Draft| ()))),
    ("Enrich, all is there", |bus| {
        let said = Enrich::new().source("bench");
        add(bus, said.metadata_with("none", |_: &Event| None::<u64>));
    }),
    ("Redact, nothing is marked", |bus| add(bus, Redact::new().metadata("token"))),
    ("Sample, keeps nearly all", |bus| add(bus, Sample::ratio(1.0 - 1e-12).unwrap())),
    ("Deduplicate, an id of the bus's own", |bus| {
        add(bus, Deduplicate::within(Duration::from_secs(60)).unwrap());
    }),
    ("RateLimit, with room", |bus| {
        let limit = RateLimit::new(10_000_000, Duration::from_secs(1)).unwrap();
        add(bus, limit.burst(1_000_000_000).unwrap());
    }),
    ("Timing, of a sample that is not this", |bus| {
        add(bus, Timing::new().sample(Sample::ratio(0.0).unwrap()));
    }),
    ("Log, nobody wants it", |bus| add(bus, Log::new())),
    ("Spans, nobody wants them", |bus| add(bus, Spans::new())),
    ("Measure, of a sample that is not this", |bus| {
        add(bus, Measure::new("tick").sample(Sample::ratio(0.0).unwrap()));
    }),
    ("three filters, each", |bus| {
        for _ in 0..3 {
            add(bus, filter("all", |_: &Draft| true));
        }
    }),
];

/// What has something to do: told, and held against no bar.
const BUSY: [Row; 6] = [
    ("around the rest, a user's own", |bus| add(bus, Around)),
    ("tap", |bus| add(bus, tap("none", |_: &Event, _: &Receipt| ()))),
    ("Trace, a trace begins", |bus| add(bus, Trace::new())),
    ("Measure, with no recorder", |bus| add(bus, Measure::new("tick"))),
    ("Timing, of every event", |bus| add(bus, Timing::new())),
    ("Enrich, adds one value", |bus| add(bus, Enrich::new().metadata("host", "eu-7"))),
];

fn add(bus: &Bus, middleware: impl Middleware) {
    bus.middleware("tick", middleware).unwrap();
}

/// A bus with one handler.
fn bus() -> Bus {
    let bus = Bus::builder().source("bench").build();
    bus.on(|event: &Event<Tick>| {
        black_box(event.data.0);
    })
    .detach();
    bus
}

fn publisher((_, add): Row) -> Publisher<Tick> {
    let bus = bus();
    add(&bus);
    bus.publisher()
}

const NONE: Row = ("none", |_| ());

fn rows() -> impl Iterator<Item = Row> {
    [NONE].into_iter().chain(IDLE).chain(BUSY)
}

/// Events that have an id of their own, without and with one that looks for it.
fn known_ids(bus: &Bus, number: u64) {
    let id = EventId::from(uuid::Uuid::from_u64_pair(7, number));
    black_box(bus.event(Tick(number)).id(id).publish().unwrap());
}

fn contenders() -> Vec<Contender<'static>> {
    let mut all: Vec<_> = rows()
        .map(|row| {
            let publisher = publisher(row);
            Contender::new(row.0, CALLS, move |number| {
                black_box(publisher.publish(Tick(number)).unwrap());
            })
        })
        .collect();
    let plain = bus();
    all.push(Contender::new("none, ids given", CALLS, move |number| known_ids(&plain, number)));
    let looking = bus();
    add(&looking, Deduplicate::within(Duration::from_secs(60)).unwrap());
    let name = "Deduplicate, ids given";
    all.push(Contender::new(name, CALLS, move |number| known_ids(&looking, number)));
    all
}

/// `--one NAME CALLS`.
fn one(arguments: &[String]) -> Option<()> {
    let at = arguments.iter().position(|argument| argument == "--one")?;
    let (name, calls) = (arguments.get(at + 1)?, arguments.get(at + 2)?.parse::<u64>().ok()?);
    let publisher = publisher(rows().find(|(known, _)| known == name)?);
    for number in 0..calls {
        black_box(publisher.publish(Tick(number)).unwrap());
    }
    Some(())
}

fn instructions(bars: &mut Bars) {
    let count = |(name, _): Row| {
        callgrind::each(|calls| vec!["--one".into(), name.into(), calls.into()], COUNTED)
    };
    let none = match count(NONE) {
        Ok(none) => none,
        Err(error) => return println!("instructions were NOT counted: {error}"),
    };
    println!("\n{:48} {none:9.0} instructions", NONE.0);
    for row in IDLE.into_iter().chain(BUSY) {
        match count(row) {
            Ok(all) => {
                let more = (all - none) / times(row.0);
                println!("{:48} {more:9.0} more", row.0);
                if IDLE.iter().any(|(name, _)| *name == row.0) {
                    bars.at_most(row.0, more, INSTRUCTIONS, "instructions");
                }
            }
            Err(error) => println!("{}: instructions were NOT counted: {error}", row.0),
        }
    }
}

/// How many middlewares a row adds.
fn times(name: &str) -> f64 {
    if name.starts_with("three") { 3.0 } else { 1.0 }
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if one(&arguments).is_some() {
        return;
    }
    // `cargo test` runs benchmarks too, each once, to see that they run; it measures nothing.
    let measuring = arguments.iter().any(|argument| argument == "--bench");
    let rounds = if measuring { usual(41) } else { 1 };
    let mut all = contenders();
    let medians = medians(&mut all, rounds);
    println!("medians of {rounds} interleaved rounds of {CALLS} calls");
    let mut bars = Bars::default();
    for (contender, median) in all.iter().zip(&medians) {
        println!("{:48} {median:9.1} ns", contender.name());
        if IDLE.iter().any(|(name, _)| *name == contender.name()) {
            let more = (median - medians[0]) / times(contender.name());
            bars.at_most(contender.name(), more, BAR, "ns");
        }
    }
    if measuring {
        instructions(&mut bars);
        println!("\n{bars}");
    }
}

//! What a mesh costs: publishing an event that leaves, beside one that stays; an event's way from one bus to another through a broker
//! in memory; and joining with 10,000 subscriptions over 1,000 patterns.
//!
//! `cargo bench --bench mesh`; as a test it does it with few. `-- EVENTS` says how many.
#![expect(clippy::unwrap_used, reason = "what fails in a benchmark should end it")]
#![expect(clippy::print_stdout, reason = "a report")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rem::mesh::memory::MemoryBroker;
use rem::mesh::{Mesh, Mode};
use rem::prelude::*;
use rem_benches::bars::Bars;
use rem_benches::results;
use rem_benches::rounds::{median, usual};
use serde::{Deserialize, Serialize};

const FULL: u64 = 200_000;
const FEW: u64 = 2_000;
const ROUNDS: usize = 11;
const LONG: Duration = Duration::from_secs(600);

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
#[event(namespace = "account")]
enum Account {
    Paid { id: u64, cents: u64, text: String },
}

fn paid(id: u64) -> Account {
    Account::Paid {
        id,
        cents: 990,
        text: "a hundred bytes of data, more or less, as many events have it".into(),
    }
}

/// Nanoseconds an event.
fn each(time: Duration, events: u64) -> f64 {
    time.as_secs_f64() * 1e9 / f64::from(u32::try_from(events).unwrap())
}

/// Publishing alone, as its caller sees it; with somebody who listens, and a mesh perhaps.
fn publish(events: u64, leaves: bool) -> f64 {
    let (broker, bus) = (MemoryBroker::new(), Bus::new());
    let _sub = bus.on(|_: &Event<Account>| ());
    let mesh = leaves.then(|| {
        let room = usize::try_from(events).unwrap();
        let mesh = Mesh::builder(&bus).transport(broker.transport("a")).node("a").export("account");
        mesh.queue(room).join_blocking().unwrap()
    });
    let publisher = bus.publisher::<Account>();
    let start = Instant::now();
    for id in 0..events {
        publisher.publish(paid(id)).unwrap();
    }
    let took = start.elapsed();
    if let Some(mesh) = mesh {
        assert!(mesh.leave(LONG).is_complete());
        assert_eq!(mesh.stats().exported, events);
    }
    each(took, events)
}

/// From the first publish to the last event's handler on the other bus.
fn through(events: u64, mode: Mode) -> f64 {
    let room = usize::try_from(events).unwrap();
    let broker = MemoryBroker::with(1 << 20, room);
    let (one, two) = (Bus::new(), Bus::new());
    let came = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&came);
    let _sub = two.on(move |_: &Event<Account>| {
        count.fetch_add(1, Ordering::Relaxed);
    });
    let from = Mesh::builder(&one).transport(broker.transport("a")).node("a").export("account");
    let from = from.mode(mode).queue(room).join_blocking().unwrap();
    let to = Mesh::builder(&two).transport(broker.transport("b")).node("b").import("account");
    let to = to.join_blocking().unwrap();
    let start = Instant::now();
    for id in 0..events {
        one.publish(paid(id)).unwrap();
    }
    assert!(from.leave(LONG).is_complete());
    while came.load(Ordering::Relaxed) < events {
        std::thread::yield_now();
    }
    let took = start.elapsed();
    assert_eq!(to.stats().imported, events);
    each(took, events)
}

/// Milliseconds to join.
fn join(subscriptions: usize, patterns: usize) -> f64 {
    let (broker, bus) = (MemoryBroker::new(), Bus::new());
    let subs: Vec<_> = (0..subscriptions)
        .map(|at| {
            let pattern = format!("=account.{}.paid", at % patterns);
            bus.subscribe(pattern.as_str(), |_: &Event| ()).unwrap()
        })
        .collect();
    let start = Instant::now();
    let mesh = Mesh::builder(&bus).transport(broker.transport("a")).node("a").import("account");
    let mesh = mesh.join_blocking().unwrap();
    let took = start.elapsed();
    assert_eq!(mesh.stats().subjects, patterns as u64);
    drop(subs);
    took.as_secs_f64() * 1e3
}

fn main() {
    let asked = std::env::args().skip(1).find_map(|argument| argument.parse().ok());
    let is_bench = std::env::args().any(|argument| argument == "--bench");
    let events: u64 = asked.unwrap_or(if is_bench { FULL } else { FEW });
    println!("{events} events");
    let (mut stays, mut leaves) = (Vec::new(), Vec::new());
    let (mut binary, mut structured, mut joins) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..if is_bench { usual(ROUNDS) } else { 1 } {
        stays.push(publish(events, false));
        leaves.push(publish(events, true));
        binary.push(through(events, Mode::Binary));
        structured.push(through(events, Mode::Structured));
        joins.push(join(10_000, 1_000));
    }
    for (name, times) in [
        ("publishing what stays", &mut stays),
        ("publishing what leaves, with the sender beside it", &mut leaves),
        ("from bus to bus, in binary mode", &mut binary),
        ("from bus to bus, in structured mode", &mut structured),
    ] {
        let each = median(times);
        println!("{name}: {each:.0} ns an event");
        results::median(name, each, "ns an event");
    }
    let mut bars = Bars::default();
    bars.at_most(
        "joining with 10,000 subscriptions over 1,000 patterns",
        median(&mut joins),
        2_000.0,
        "ms",
    );
    println!("{bars}");
}

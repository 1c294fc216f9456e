//! What the bus promises of threads beside one another (`docs/promises.md`), with interleavings that seeds fix.
//!
//! `cargo xtask interleave` runs it so, by shuttle. Without `--cfg rem_shuttle` it is an ordinary test with threads of the
//! system, a few times each. To add a case: a body that makes its bus, starts its threads, joins them and asserts; few events,
//! for what counts is the order of steps. What a handler finds wrong is kept and asserted outside: the bus would make a count of
//! a panic. Break the code by hand, and see it fail.
#![cfg(not(rem_loom))]
#![expect(clippy::unwrap_used, reason = "what fails in a test should end it")]

mod children;
mod closing;
mod ends;
mod failures;
mod joins;
mod middleware;
mod order;
mod publishers;
mod queues;
mod routes;
mod signals;
mod simulation;
mod tasks;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use rem_core::testing::TestBus;
use rem_core::testing::interleave::sync::Mutex;
use rem_core::testing::interleave::{self, Interleave, JoinHandle};
use rem_core::{Bus, BusBuilder, Event, EventSchema, EventType, Schema, TaskFuture, TopicWriter};

/// A limit that only what hangs would reach.
const LONG: Duration = Duration::from_secs(600);

/// Runs a case evenly, and then with few interruptions; says how often in all, for whoever counts.
#[expect(clippy::print_stdout, reason = "the campaign reads it, and the test harness hides it")]
fn run(body: impl Fn() + Send + Sync + Clone + 'static) {
    let seeds = if cfg!(rem_shuttle) { 0..200 } else { 0..20 };
    let evenly = Interleave::seeds(seeds.clone()).run(body.clone());
    let preempted = Interleave::seeds(0..seeds.end / 4).preempted(3).run(body);
    println!("{} runs", evenly + preempted);
}

/// What is published: by whom, and as which of its own, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tick {
    Of {
        publisher: u64,
        number: u64,
    },
    /// What a handler publishes when it has that one.
    After {
        publisher: u64,
        number: u64,
    },
}

impl EventType for Tick {
    const SCHEMA: Schema = Schema::new(
        "Tick",
        "tick",
        &[EventSchema::new("Of", "of", &[]), EventSchema::new("After", "after", &[])],
    );

    fn leaf(&self) -> usize {
        usize::from(self.is_effect())
    }
    fn write_topic(&self, out: &mut TopicWriter) -> fmt::Result {
        out.literal(if self.is_effect() { "after" } else { "of" })
    }
}

impl Tick {
    fn is_effect(self) -> bool {
        matches!(self, Self::After { .. })
    }

    /// The effect of this one.
    fn effect(self) -> Self {
        let (Self::Of { publisher, number } | Self::After { publisher, number }) = self;
        Self::After { publisher, number }
    }

    /// Whose order it has a place in, and which.
    fn place(self) -> ((bool, u64), u64) {
        let (Self::Of { publisher, number } | Self::After { publisher, number }) = self;
        ((self.is_effect(), publisher), number)
    }
}

/// A bus with ids and times that are the same in every run.
fn bus(builder: BusBuilder) -> Bus {
    TestBus::with(builder).bus
}

/// Starts so many publishers of so many events each.
fn publishers(bus: &Bus, publishers: u64, each: u64) -> Vec<JoinHandle<()>> {
    let start = |publisher| {
        let bus = bus.clone();
        interleave::spawn(move || {
            for number in 0..each {
                bus.publish(Tick::Of { publisher, number }).unwrap();
            }
        })
    };
    (0..publishers).map(start).collect()
}

/// Runs tasks each in a thread of its own, of which it keeps hold.
#[derive(Clone, Default)]
struct Workers(Arc<Mutex<Vec<JoinHandle<()>>>>);

impl Workers {
    fn run(&self, task: TaskFuture) {
        let worker = interleave::spawn(move || interleave::block_on(task));
        self.0.lock().unwrap().push(worker);
    }

    /// Waits until all have ended.
    fn join(&self) {
        let workers = std::mem::take(&mut *self.0.lock().unwrap());
        join(workers);
    }
}

fn join(threads: impl IntoIterator<Item = JoinHandle<()>>) {
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

/// What one subscriber was given, in its order.
#[derive(Debug, Clone, Default)]
struct Seen(Arc<Mutex<Vec<(u64, Tick)>>>);

impl Seen {
    fn keep(&self, event: &Event<Tick>) {
        // A system event has no number, and none is among these.
        self.0.lock().unwrap().push((event.sequence().unwrap_or(0), event.data));
    }

    fn keeper(&self) -> impl Fn(&Event<Tick>) + Send + Sync + 'static {
        let seen = self.clone();
        move |event| seen.keep(event)
    }

    fn all(&self) -> Vec<(u64, Tick)> {
        self.0.lock().unwrap().clone()
    }

    /// The numbers, sorted; each came once, and each publisher's in its order.
    fn numbers(&self) -> Vec<u64> {
        in_each_publishers_order(&self.all())
    }
}

/// Checks that; gives the numbers, sorted.
fn in_each_publishers_order(seen: &[(u64, Tick)]) -> Vec<u64> {
    let mut newest = HashMap::new();
    for (sequence, tick) in seen {
        let (whose, number) = tick.place();
        let before = newest.insert(whose, (number, sequence));
        assert!(before < Some((number, sequence)), "{tick:?} after {before:?}: {seen:?}");
    }
    let mut numbers: Vec<_> = seen.iter().map(|(sequence, _)| *sequence).collect();
    numbers.sort_unstable();
    assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]), "{seen:?}");
    numbers
}

/// What handlers found wrong, where a panic would be caught.
#[derive(Debug, Clone, Default)]
struct Faults(Arc<Mutex<Vec<String>>>);

impl Faults {
    fn unless(&self, holds: bool, fault: impl FnOnce() -> String) {
        if !holds {
            self.0.lock().unwrap().push(fault());
        }
    }

    fn check(&self) {
        let faults = self.0.lock().unwrap().clone();
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }
}

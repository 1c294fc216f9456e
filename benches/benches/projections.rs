//! What a projection costs: folding a history beside a bare loop that reads the same and folds the same, the past at any number,
//! and a look at the state.
//!
//! `cargo bench --bench projections` does it with 10,000,000 events in a ring, for which it takes some 3 GB; as a test it does it
//! with few. `-- EVENTS` says how many. `-- --journal` does it with a journal, which has all of them in its file and the last few in
//! memory.
#![expect(clippy::unwrap_used, reason = "what fails in a benchmark should end it")]
#![expect(clippy::print_stdout, reason = "a report")]

use std::hint::black_box;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rem::journal::{Durability, Journal};
use rem::prelude::*;
use rem::projections::{Commands, Decide, Projection, Projector};
use rem::{Evicted, History};
use rem_benches::bars::Bars;
use rem_benches::results;
use rem_benches::rounds::{median, usual};
use serde::{Deserialize, Serialize};

const FULL: u64 = 10_000_000;
const FEW: u64 = 50_000;
const ROUNDS: usize = 11;
const LONG: Duration = Duration::from_secs(600);

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
#[event(namespace = "account")]
enum Account {
    Paid { id: u32, cents: u64 },
    Drawn { id: u32, cents: u64 },
}

/// The balances of a thousand accounts.
#[derive(Clone)]
struct Balances(Vec<u64>);

impl Default for Balances {
    fn default() -> Self {
        Self(vec![0; 1_000])
    }
}

impl Projection for Balances {
    type Event = Account;

    fn apply(&mut self, event: &Event<Account>) {
        match event.data {
            Account::Paid { id, cents } => self.0[id as usize % 1_000] += cents,
            Account::Drawn { id, cents } => self.0[id as usize % 1_000] -= cents,
        }
    }
}

struct Draw;

impl Decide<Draw> for Balances {
    type Decided = Account;
    type Rejection = &'static str;

    fn reads(_: &Draw) -> String {
        "account".into()
    }

    fn decide(&self, _: &Draw) -> Result<Vec<Account>, &'static str> {
        if self.0[0] == 0 { Err("empty") } else { Ok(vec![Account::Drawn { id: 0, cents: 1 }]) }
    }
}

/// A ring that the bare loop reads as well.
#[derive(Debug, Clone)]
struct Both(Arc<Ring>);

impl History for Both {
    fn record(&self, event: &Arc<Event>) -> Evicted {
        self.0.record(event)
    }

    fn readable(&self) -> Option<RangeInclusive<u64>> {
        self.0.readable()
    }

    fn read(&self, range: RangeInclusive<u64>, events: &mut Vec<Arc<Event>>) {
        self.0.read(range, events);
    }
}

/// What a program would write that had the ring alone.
fn over_ring(ring: &Ring, events: u64) -> Balances {
    let (mut balances, mut page) = (Balances::default(), Vec::new());
    for first in (1..=events).step_by(256) {
        ring.read(first..=(first + 255).min(events), &mut page);
        for event in &page {
            balances.apply(event.downcast_ref::<Account>().unwrap());
        }
        page.clear();
    }
    balances
}

/// What a program would write that had no projections.
fn over_query(bus: &Bus) -> Balances {
    let mut balances = Balances::default();
    for event in bus.query("account").unwrap().iter::<Account>() {
        balances.apply(&event);
    }
    balances
}

fn fill(bus: &Bus, events: u64) {
    let publisher = bus.publisher::<Account>();
    for number in 0..events {
        let id = u32::try_from(number % 1_000).unwrap();
        publisher.publish(Account::Paid { id, cents: number }).unwrap();
    }
}

fn main() {
    let asked = std::env::args().skip(1).find_map(|argument| argument.parse().ok());
    let is = |wanted: &str| std::env::args().any(|argument| argument == wanted);
    let events: u64 = asked.unwrap_or(if is("--bench") { FULL } else { FEW });
    let mut bars = Bars::default();
    if is("--journal") {
        let folder = tempfile::tempdir().unwrap();
        let every = Durability::Every(Duration::from_millis(10));
        let journal = Journal::builder().durability(every).open(folder.path().join("journal.rem"));
        let bus = Bus::builder().history(journal.unwrap()).build();
        fill(&bus, events);
        println!("{events} events in a journal");
        measure(&bus, events, "query", || over_query(&bus), &mut bars);
        drop(bus);
    } else {
        let ring = Arc::new(Ring::events(usize::try_from(events).unwrap() + 200_000));
        let bus = Bus::builder().history(Both(Arc::clone(&ring))).build();
        fill(&bus, events);
        println!("{events} events in a ring");
        measure(&bus, events, "ring", || over_ring(&ring, events), &mut bars);
    }
    println!("{bars}");
}

/// All that is measured of a history that is filled, beside a bare loop over it.
fn measure(bus: &Bus, events: u64, over: &str, by_hand: impl Fn() -> Balances, bars: &mut Bars) {
    let (mut loops, mut folds, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    let mut projector = None;
    for _ in 0..usual(ROUNDS) {
        let start = Instant::now();
        let expected = by_hand();
        let alone = start.elapsed();
        drop(projector.take());
        let start = Instant::now();
        let folded = Projector::builder("balances").attach(bus, Balances::default()).unwrap();
        let state = folded.wait_for(events, LONG).unwrap();
        let projected = start.elapsed();
        assert_eq!(state.0, expected.0);
        drop(state);
        projector = Some(folded);
        let count = f64::from(u32::try_from(events).unwrap());
        let each = |time: Duration| time.as_secs_f64() * 1e9 / count;
        loops.push(each(alone));
        folds.push(each(projected));
        ratios.push(alone.as_secs_f64() / projected.as_secs_f64());
    }
    let projector = projector.unwrap();
    let (alone, projected) = (median(&mut loops), median(&mut folds));
    println!("a bare loop over the {over} {alone:.1} ns an event, a projection {projected:.1} ns");
    results::median(&format!("a bare loop over the {over}"), alone, "ns an event");
    results::median(&format!("a projection over the {over}"), projected, "ns an event");
    let name = format!("folding, of the speed of a bare loop over the {over}");
    bars.at_least(&name, median(&mut ratios), 0.5, "");

    let longest = travel(&projector, events);
    bars.at_most("the state at a number, the longest", longest, 50.0, "ms");
    bars.at_most("a look at the state", look(&projector), 30.0, "ns");
    command(bus, &projector);
}

/// The longest that a state of the past takes, in milliseconds.
fn travel(projector: &Projector<Balances>, events: u64) -> f64 {
    let mut travels: Vec<_> = (1..=50)
        .map(|number| {
            let wanted = events * (number * 37 % 50 + 1) / 51;
            let start = Instant::now();
            black_box(projector.at(wanted).unwrap());
            start.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    let usual = median(&mut travels);
    let longest = travels[travels.len() - 1];
    println!("at(): {usual:.2} ms in the median, {longest:.2} ms the longest of 50");
    longest
}

/// What a look at the state takes, in nanoseconds.
fn look(projector: &Projector<Balances>) -> f64 {
    let calls = 1_000_000;
    let mut reads: Vec<_> = (0..usual(ROUNDS))
        .map(|_| {
            let start = Instant::now();
            for _ in 0..calls {
                black_box(black_box(projector).state().0.len());
            }
            start.elapsed().as_secs_f64() * 1e9 / f64::from(calls)
        })
        .collect();
    median(&mut reads)
}

/// Tells what a command takes.
fn command(bus: &Bus, projector: &Projector<Balances>) {
    let commands = Commands::new(bus, projector);
    bus.publish(Account::Paid { id: 0, cents: 1_000_000 }).unwrap();
    let carried = 20_000;
    let start = Instant::now();
    for _ in 0..carried {
        black_box(commands.run(&Draw).unwrap());
    }
    let command = start.elapsed().as_secs_f64() * 1e6 / f64::from(carried);
    println!("a command that reads its own write: {command:.2} µs");
    results::median("a command that reads its own write", command, "µs");
}

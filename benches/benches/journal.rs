//! What the journal costs, beside the database below it that is written and read directly.
//!
//! `cargo bench --bench journal` prints medians, and the bars with whether they hold. `-- --large EVENTS` fills one journal with
//! so many events of 10,000 topics, and looks at it: the last of a pattern, memory while all is replayed, the room on the disk
//! under retention. It takes half a kilobyte of disk an event, in the folder for temporary files. `-- --one NAME` does nothing
//! but that (`journal`, `redb`, `replay` or `scan`), for a profiler.
#![expect(clippy::unwrap_used, reason = "what fails in a benchmark should end it")]
#![expect(clippy::print_stdout, reason = "a report")]

#[path = "journal/direct.rs"]
mod direct;
#[path = "journal/large.rs"]
mod large;

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rem::journal::{Durability, Journal, JournalBuilder};
use rem::prelude::*;
use rem_benches::bars::Bars;
use rem_benches::rounds::{Contender, medians, usual};
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

const GROUP: Duration = Duration::from_millis(10);
const LONG: Duration = Duration::from_secs(60);
const WRITES: u32 = 100_000;
const DURABLE: u32 = 400;
const READS: u32 = 200_000;

/// A record of 300 bytes, head and body.
#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
#[event(namespace = "sensor.reading", name = "taken")]
struct Taken {
    number: u64,
    place: String,
    note: String,
}

impl Taken {
    fn new(number: u64) -> Self {
        Self { number, place: "51.4700 N, 0.4543 W".into(), note: "n".repeat(178) }
    }
}

/// A folder for one file, which goes with it.
fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.rem");
    (folder, path)
}

fn open(options: JournalBuilder, path: &Path) -> Bus {
    Bus::builder().history(options.open(path).unwrap()).build()
}

/// From the first publish until the last event is on the disk.
fn journal() -> Contender<'static> {
    Contender::timed("journal, group commit every 10 ms", WRITES, |calls| {
        let (_folder, path) = folder();
        let bus = open(Journal::builder().durability(Durability::Every(GROUP)), &path);
        let publisher = bus.publisher();
        let events: Vec<_> = (0..calls).map(|number| Taken::new(number.into())).collect();
        let start = Instant::now();
        let mut last = None;
        for event in events {
            last = Some(publisher.publish(event).unwrap());
        }
        last.unwrap().durable().wait(LONG).unwrap();
        start.elapsed()
    })
}

fn redb_directly() -> Contender<'static> {
    Contender::timed("redb, written by one thread, a commit every 10 ms", WRITES, |calls| {
        let (_folder, path) = folder();
        let records: Vec<_> =
            (0..calls).map(|number| direct::record(&Taken::new(number.into()))).collect();
        direct::write(&path, &records, GROUP)
    })
}

/// Publishers that each wait for the disk with each event.
fn durable(name: &'static str, publishers: u32) -> Contender<'static> {
    Contender::timed(name, DURABLE, move |calls| {
        let (_folder, path) = folder();
        let bus = open(Journal::builder().durability(Durability::EveryEvent), &path);
        let start = Instant::now();
        thread::scope(|scope| {
            for _ in 0..publishers {
                scope.spawn(|| {
                    for number in 0..calls / publishers {
                        bus.publish(Taken::new(number.into())).unwrap();
                    }
                });
            }
        });
        start.elapsed()
    })
}

/// All that a file has, to a typed handler.
fn replay(path: &Path) -> Contender<'static> {
    let path = path.to_owned();
    Contender::timed("replay to an inline typed handler", READS, move |calls| {
        let bus = open(Journal::builder(), &path);
        let seen = Arc::new(AtomicU32::new(0));
        let counter = Arc::clone(&seen);
        let start = Instant::now();
        let handle = move |event: &Event<Taken>| {
            black_box(&event.data);
            counter.fetch_add(1, Ordering::Relaxed);
        };
        let sub = bus.subscription("sensor").from(Start::Earliest).inline(handle).unwrap();
        let took = start.elapsed();
        assert_eq!((seen.load(Ordering::Relaxed), sub.missed()), (calls, 0));
        took
    })
}

fn scan(path: &Path) -> Contender<'static> {
    let path = path.to_owned();
    Contender::timed("bare range scan of redb, with decoding", READS, move |calls| {
        let start = Instant::now();
        let seen = direct::scan(&path, |taken: &Taken| {
            black_box(taken);
        });
        let took = start.elapsed();
        assert_eq!(seen, calls);
        took
    })
}

/// A journal with events to be read.
fn filled() -> (TempDir, PathBuf) {
    let (folder, path) = folder();
    let bus = open(Journal::builder(), &path);
    for number in 0..READS {
        bus.publish(Taken::new(number.into())).unwrap();
    }
    assert!(bus.close(LONG).is_complete());
    (folder, path)
}

/// One contender alone, for a profiler.
fn one(name: &str) {
    let (_folder, path) = filled();
    let mut contender = match name {
        "journal" => journal(),
        "redb" => redb_directly(),
        "replay" => replay(&path),
        "scan" => scan(&path),
        other => panic!("no contender `{other}`: journal, redb, replay or scan"),
    };
    let calls = if name == "replay" || name == "scan" { READS } else { WRITES };
    for _ in 0..10 {
        let took = contender.run(calls);
        println!("{name}: {} ns an event", took.as_nanos() / u128::from(calls));
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(at) = arguments.iter().position(|argument| argument == "--large") {
        let events = arguments.get(at + 1).and_then(|events| events.parse().ok());
        return large::run(events.expect("--large EVENTS: how many"));
    }
    if let Some(at) = arguments.iter().position(|argument| argument == "--one") {
        return one(&arguments[at + 1]);
    }
    // `cargo test` runs benchmarks too, each once, to see that they run; it measures nothing.
    let measuring = arguments.iter().any(|argument| argument == "--bench");
    let (_folder, path) = filled();
    println!("a record has {} bytes", direct::record(&Taken::new(1)).bytes.len());

    let mut all = [
        journal(),
        redb_directly(),
        durable("every event durable, 8 publishers", 8),
        durable("every event durable, 1 publisher", 1),
        replay(&path),
        scan(&path),
    ];
    let medians = medians(&mut all, if measuring { usual(11) } else { 1 });
    for (contender, median) in all.iter().zip(&medians) {
        println!("{:55} {median:9.0} ns an event", contender.name());
    }
    let mut bars = Bars::default();
    let work = "journal, group commit every 10 ms";
    bars.at_least(work, medians[1] / medians[0], 0.8, "× redb written directly");
    let work = "every event durable, 8 publishers";
    bars.at_least(work, medians[3] / medians[2], 4.0, "× one publisher");
    let work = "replay to an inline typed handler";
    bars.at_least(work, medians[5] / medians[4], 0.5, "× bare range scan with decoding");
    if measuring {
        println!("\n{bars}");
    }
}

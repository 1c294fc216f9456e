//! One large journal: the last events of a pattern, memory while it is replayed, the room on the disk under retention.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rem::journal::{Durability, Journal, Keep, Retention};
use rem::prelude::*;
use rem::wire::{Codec, RawEvent};
use rem_benches::bars::Bars;
use rem_benches::rounds::{median, usual};

use super::{LONG, Taken, folder, open};

const TOPICS: u64 = 10_000;
/// One event in so many is of the rare topic.
const RARE: u64 = 1_000_000;
const LIVE: u64 = 57 << 20;
const ROUNDS: usize = 11;

pub(crate) fn run(events: u64) {
    let mut bars = Bars::default();
    let (_folder, path) = folder();
    fill(&path, events);
    let size = room(&path);
    println!(
        "{events} events of {TOPICS} topics: {} MiB on the disk, {} bytes an event",
        size >> 20,
        size / events
    );

    let start = Instant::now();
    let bus = open(Journal::builder(), &path);
    println!("opened in {:?}", start.elapsed());
    for (what, pattern, bar) in [
        ("1 topic in 10,000", "sensor-77.reading", Some(10.0)),
        ("100 topics in 10,000", "sensor-77*.**", Some(10.0)),
        ("all of them", "**", Some(10.0)),
        ("every second", "{sensor-1*,sensor-2*,sensor-3*,sensor-4*,sensor-5*}.**", None),
        ("1 event in 1,000,000, by name", "rare.**", None),
        ("none", "nowhere.**", None),
    ] {
        let mut times: Vec<_> = (0..usual(ROUNDS))
            .map(|_| {
                let query = bus.query(pattern).unwrap().last(20);
                let start = Instant::now();
                let found = query.events().len();
                let took = start.elapsed().as_secs_f64() * 1e3;
                assert!(found > 0 || pattern.starts_with("nowhere"));
                took
            })
            .collect();
        let took = median(&mut times);
        println!("last 20 of {what} ({pattern}): {took:.3} ms");
        if let Some(bar) = bar {
            bars.at_most(format!("last 20 of {what}"), took, bar, "ms");
        }
    }
    replay(&bus, events, &mut bars);
    drop(bus);
    retention(events / 10, &mut bars);
    println!("\n{bars}");
}

/// The room that a file takes: its length says less, for a database lets it grow by leaps of which most is a hole.
fn room(path: &Path) -> u64 {
    let metadata = fs::metadata(path).unwrap();
    #[cfg(unix)]
    return std::os::unix::fs::MetadataExt::blocks(&metadata) * 512;
    #[cfg(not(unix))]
    metadata.len()
}

fn fill(path: &Path, events: u64) {
    let start = Instant::now();
    let bus =
        open(Journal::builder().durability(Durability::Every(Duration::from_millis(100))), path);
    let topics: Vec<_> = (0..TOPICS).map(|topic| format!("sensor-{topic}.reading")).collect();
    for number in 0..events {
        let body = serde_json::to_vec(&Taken::new(number)).unwrap();
        // Not in a row: neighbours are of different topics.
        let topic = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        let topic = &topics[usize::try_from(topic % TOPICS).unwrap()];
        let topic = if number % RARE == 0 { "rare.reading" } else { topic };
        bus.publish_to(topic, RawEvent::new(Codec::Json, body)).unwrap();
    }
    assert!(bus.close(LONG).is_complete());
    println!("written in {:?}", start.elapsed());
}

/// The resident memory of this process, in KiB, now and at its highest.
fn memory() -> (u64, u64) {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let of = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name));
        line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok()).unwrap_or(0)
    };
    (of("VmRSS:"), of("VmHWM:"))
}

fn replay(bus: &Bus, events: u64, bars: &mut Bars) {
    // The highest is begun anew.
    let is_reset = fs::write("/proc/self/clear_refs", "5").is_ok();
    let (before, _) = memory();
    let seen = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&seen);
    let start = Instant::now();
    let sub = bus.subscription("**").from(Start::Earliest).inline(move |_: &Event| {
        counter.fetch_add(1, Ordering::Relaxed);
    });
    let took = start.elapsed();
    drop(sub.unwrap());
    assert_eq!(seen.load(Ordering::Relaxed), events);
    let (_, highest) = memory();
    let above = highest.saturating_sub(before) >> 10;
    println!(
        "replayed in {took:?}, {} ns an event; {above} MiB above {} MiB",
        took.as_nanos() / u128::from(events),
        before >> 10
    );
    if is_reset {
        #[expect(clippy::cast_precision_loss, reason = "some MiB")]
        bars.at_most("memory while replaying, above the idle process", above as f64, 64.0, "MiB");
    }
}

fn retention(events: u64, bars: &mut Bars) {
    let (_folder, path) = folder();
    let retention = Retention::new().all(Keep::bytes(LIVE));
    let journal = Journal::builder().retention(retention).open(&path).unwrap();
    let handle = journal.handle();
    let bus = Bus::builder().history(journal).build();
    let (mut highest, mut live) = (0, 0);
    for number in 0..events {
        bus.publish(Taken::new(number)).unwrap();
        if number % 1_000 == 0 {
            highest = room(&path).max(highest);
            live = handle.stats().stored.bytes.max(live);
        }
    }
    println!(
        "{events} events through {} MiB of retention: {} MiB live at the most, {} MiB on the disk",
        LIVE >> 20,
        live >> 20,
        highest >> 20
    );
    #[expect(clippy::cast_precision_loss, reason = "some MiB")]
    bars.at_most(
        "disk with retention, 57 MiB live, at its peak",
        highest as f64 / live as f64,
        1.5,
        "× live bytes",
    );
}

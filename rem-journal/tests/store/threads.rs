//! One writes, many read, at the same time.

use std::io;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use rem_journal::store::{Direction, Moment, OpenOptions, Redb, Rule, Store, StoreErrorKind};

use crate::disk::Disk;
use crate::support::*;

const BATCH: u64 = 50;

/// What a reader does for as long as somebody writes. Returns how many events it saw, and errors of the disk.
fn read_along(store: &Redb, acknowledged: &AtomicU64, done: &AtomicBool) -> (u64, u64) {
    let (mut seen, mut failed) = (0, 0);
    while !done.load(Ordering::Acquire) {
        for direction in [Direction::Forwards, Direction::Backwards] {
            let last = acknowledged.load(Ordering::Acquire);
            let first = store.state().first;
            match read_all(store, 0..=u64::MAX, direction, 64) {
                Ok((events, damages)) => {
                    assert_eq!(damages, []);
                    seen += events.len() as u64;
                    let mut numbers = numbers(&events);
                    if direction == Direction::Backwards {
                        numbers.reverse();
                    }
                    assert!(numbers.is_sorted_by(|a, b| a < b), "out of order, or twice");
                    assert!(numbers.first().is_none_or(|&read| read >= first));
                    // To the last that was there; or what was left went while it was about to be read.
                    let end = numbers.last().copied().unwrap_or(0);
                    assert!(end >= last || store.state().first > end, "{end} of {last}");
                    for event in &events {
                        assert_eq!(*event, Event::new(event.sequence));
                    }
                }
                Err(error) => {
                    assert_eq!(error.kind(), StoreErrorKind::Io, "{error:?}");
                    failed += 1;
                }
            }
        }
        let (mut topics, mut found, mut moments) = (Vec::new(), Vec::new(), Vec::new());
        store.topics("sensor.4", &mut |topic| {
            topics.push(topic.clone());
            ControlFlow::Continue(())
        });
        if store.by_topics(&topics, 0..=u64::MAX, Direction::Backwards, 20, &mut found).is_ok() {
            assert!(found.iter().all(|number| number % 10 == 4), "{found:?}");
        }
        let all =
            Moment { timestamp: 0, sequence: 0 }..=Moment { timestamp: u64::MAX, sequence: 0 };
        if store.by_time(all, Direction::Backwards, 20, &mut moments).is_ok() {
            assert!(moments.iter().all(|at| at.timestamp == at.sequence * 1_000_000_000));
        }
    }
    (seen, failed)
}

/// Writes batches, lets go of what is old and compacts, until it has done all of it.
fn write(store: &Redb, acknowledged: &AtomicU64, rounds: u64, mut trouble: impl FnMut(u64, bool)) {
    for round in 0..rounds {
        let first = round * BATCH + 1;
        let batch = events(first..=first + BATCH - 1);
        trouble(round, true);
        while append(store, &batch).is_err() {
            trouble(round, false);
        }
        acknowledged.store(first + BATCH - 1, Ordering::Release);
        let mut rule = Rule::new();
        rule.events = Some(400);
        while store.retain(&[rule], &mut || true).is_err() {
            trouble(round, false);
        }
        if round % 16 == 0 {
            match store.compact() {
                Ok(_) => {}
                Err(error) if error.kind() == StoreErrorKind::Busy => {}
                Err(_) => trouble(round, false),
            }
        }
    }
}

fn together(store: &Redb, rounds: u64, trouble: impl FnMut(u64, bool)) -> (u64, u64) {
    let (acknowledged, done) = (AtomicU64::new(0), AtomicBool::new(false));
    thread::scope(|scope| {
        let readers: Vec<_> =
            (0..3).map(|_| scope.spawn(|| read_along(store, &acknowledged, &done))).collect();
        write(store, &acknowledged, rounds, trouble);
        done.store(true, Ordering::Release);
        readers
            .into_iter()
            .map(|reader| reader.join().unwrap())
            .fold((0, 0), |sum, read| (sum.0 + read.0, sum.1 + read.1))
    })
}

fn rounds() -> u64 {
    let seconds = std::env::var("REM_STRESS_SECONDS").ok().and_then(|text| text.parse().ok());
    seconds.unwrap_or(1_u64) * 150
}

#[test]
fn readers_see_whole_batches_in_order_while_events_come_and_go() {
    let folder = tempfile::tempdir().unwrap();
    let store = Redb::open(folder.path().join("journal.rem")).unwrap();
    let (seen, failed) = together(&store, rounds(), |_, _| {});
    assert!(seen > 0);
    assert_eq!(failed, 0);
    assert_eq!(numbers(&read_sound(&store)).len(), 400);
    assert_sound(&store);
}

/// A full disk can be read. One thread finds out that it is, and others read while it opens the file again, which it does
/// with every try.
#[test]
fn readers_lose_nothing_while_the_disk_is_full() {
    let disk = Disk::default();
    let store =
        OpenOptions::new().cache_bytes(1 << 18).open_backend("a.rem", disk.clone()).unwrap();
    let there = events(1..=300);
    append(&store, &there).unwrap();
    for round in 0..rounds() / 10 {
        disk.fail_from(disk.operations() + round % 13, io::ErrorKind::StorageFull);
        let (reads, done) = (AtomicU64::new(0), AtomicBool::new(false));
        let next = store.state().last + 1;
        let batch = events(next..=next + 20);
        thread::scope(|scope| {
            let read = || {
                let mut failed = Vec::new();
                while !done.load(Ordering::Acquire) {
                    match read_all(&store, 0..=300, Direction::Forwards, 100) {
                        Ok((events, damages)) if events == there && damages.is_empty() => {}
                        other => failed.push(format!("{other:?}")),
                    }
                    if let Err(error) = store.find(&id(17)) {
                        failed.push(error.to_string());
                    }
                    reads.fetch_add(1, Ordering::Release);
                }
                failed
            };
            let readers: Vec<_> = (0..3).map(|_| scope.spawn(read)).collect();
            while reads.load(Ordering::Acquire) < 10 {
                if let Err(error) = append(&store, &batch) {
                    assert_eq!(error.kind(), StoreErrorKind::Full, "{error:?}");
                }
            }
            disk.mend();
            append(&store, &batch).unwrap();
            done.store(true, Ordering::Release);
            for reader in readers {
                assert_eq!(reader.join().unwrap(), Vec::<String>::new());
            }
        });
    }
    assert_sound(&store);
}

#[test]
fn readers_go_on_while_the_disk_fails_now_and_then() {
    let disk = Disk::default();
    let store =
        OpenOptions::new().cache_bytes(1 << 18).open_backend("a.rem", disk.clone()).unwrap();
    let (seen, _) = together(&store, rounds(), |round, begins| {
        if !begins {
            disk.mend();
        } else if round % 7 == 3 {
            disk.fail_from(disk.operations() + round % 13, io::ErrorKind::StorageFull);
        }
    });
    assert!(seen > 0);
    disk.mend();
    assert_eq!(numbers(&read_sound(&store)).len(), 400);
    assert_sound(&store);
}

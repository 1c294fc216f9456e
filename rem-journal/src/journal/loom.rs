//! Memory and disk as one history, every interleaving.

use std::collections::BTreeMap;
use std::ops::{ControlFlow, RangeInclusive};
use std::sync::{Mutex as Plain, OnceLock};

use ::loom::thread;
use rem_core::wire::Body;
use rem_core::{Restored, Timestamp};

use super::*;
use crate::store::{
    Direction as Way, Entry, LetGo, Moment, Progress, Report, Rule, Snapshot, State, Topic, Visit,
};
use crate::sync::atomic::AtomicU64;
use crate::tail::loom::{model, publish, write_by};

/// A store in memory, of one lock that is never held across a step of loom's.
#[derive(Debug, Default)]
struct Shelf(Plain<BTreeMap<u64, Vec<u8>>>);

impl Store for Shelf {
    fn append(&self, batch: &[Entry<'_>], _: &Commit<'_>) -> Result<(), StoreError> {
        let rows = batch.iter().map(|entry| (entry.sequence, entry.bytes.to_vec()));
        self.0.lock().unwrap().extend(rows);
        Ok(())
    }

    fn state(&self) -> Arc<State> {
        let rows = self.0.lock().unwrap();
        let (first, last) = (rows.keys().next(), rows.keys().next_back());
        let (first, last) = (*first.unwrap_or(&1), *last.unwrap_or(&0));
        Arc::new(State { first, last, events: rows.len() as u64, ..State::default() })
    }

    fn read(
        &self,
        range: RangeInclusive<u64>,
        _: Way,
        _: usize,
        visit: &mut Visit<'_>,
    ) -> Result<Option<RangeInclusive<u64>>, StoreError> {
        for (sequence, bytes) in self.0.lock().unwrap().range(range) {
            let _ = visit(*sequence, Ok(bytes));
        }
        Ok(None)
    }

    fn topics(&self, _: &str, _: &mut dyn FnMut(&Topic) -> ControlFlow<()>) {}

    fn find(&self, _: &[u8; 16]) -> Result<Option<u64>, StoreError> {
        Ok(None)
    }

    fn by_topics(
        &self,
        _: &[Topic],
        _: RangeInclusive<u64>,
        _: Way,
        _: usize,
        _: &mut Vec<u64>,
    ) -> Result<Option<RangeInclusive<u64>>, StoreError> {
        Ok(None)
    }

    fn by_time(
        &self,
        _: RangeInclusive<Moment>,
        _: Way,
        _: usize,
        _: &mut Vec<Moment>,
    ) -> Result<Option<RangeInclusive<Moment>>, StoreError> {
        Ok(None)
    }

    fn retain(&self, _: &[Rule<'_>], _: &mut dyn FnMut() -> bool) -> Result<LetGo, StoreError> {
        Ok(LetGo::default())
    }

    fn put_snapshot(&self, _: &str, _: &Snapshot) -> Result<(), StoreError> {
        Ok(())
    }

    fn snapshot(&self, _: &str, _: u64) -> Result<Option<Snapshot>, StoreError> {
        Ok(None)
    }

    fn drop_snapshots(&self, _: &str, _: RangeInclusive<u64>) -> Result<u64, StoreError> {
        Ok(0)
    }

    fn verify(&self, _: &mut dyn FnMut(Progress) -> bool) -> Result<Report, StoreError> {
        Ok(Report::default())
    }

    fn compact(&self) -> Result<u64, StoreError> {
        Ok(0)
    }
}

/// A journal with room for one event in memory, and no writer.
fn journal(pace: Pace) -> Journal {
    let tail = Arc::new(Tail::after(0, 1, 1_024));
    let commits = Arc::new(Told { tail: Arc::clone(&tail), is_asked: true });
    let work = Work {
        store: Arc::new(Shelf::default()),
        tail,
        commits,
        pace,
        retention: crate::Retention::new(),
        positions: Mutex::default(),
        reading: Reading::default(),
        let_go: AtomicU64::new(0),
        clock: OnceLock::new(),
        trouble: Mutex::default(),
    };
    Journal {
        work: Arc::new(work),
        ring: Ring::events(1).after(0),
        aside: Aside::default(),
        first: 1,
        has_local: AtomicBool::new(false),
        patience: Duration::ZERO,
        codec: Codec::Json,
        writer: Mutex::new(None),
    }
}

fn event(sequence: u64) -> Arc<Event> {
    let restored = Restored {
        sequence,
        id: "00000000-0000-7000-8000-000000000001".parse().unwrap(),
        topic: "a".parse().unwrap(),
        scope: 0,
        timestamp: Timestamp::from_nanos(sequence),
        source: None,
        metadata: None,
        causation: None,
        correlation: None,
        data: Body::new(Codec::Json, b"{}"),
    };
    restored.event()
}

/// The numbers that can be read now; all of them, each once, up to the end that is told before.
fn read(journal: &Journal) -> u64 {
    let Some(readable) = journal.readable() else { return 0 };
    let mut events = Vec::new();
    journal.read(readable.clone(), &mut events);
    let numbers = events.iter().filter_map(|event| event.sequence());
    assert!(numbers.eq(1..=*readable.end()), "{events:?} of {readable:?}");
    *readable.end()
}

/// An event goes from memory, where there is room for one, when it is on the disk: whoever reads meanwhile has it from the one
/// or the other, and never from both.
#[test]
fn an_event_is_in_memory_or_on_the_disk() {
    for pace in [Pace::AtOnce, Pace::WhenAsked] {
        model(move || {
            let (journal, numbers) = (Arc::new(journal(pace)), Arc::new(AtomicU64::new(0)));
            let publisher = {
                let (journal, numbers) = (Arc::clone(&journal), Arc::clone(&numbers));
                thread::spawn(move || {
                    for _ in 0..2 {
                        let number = publish(&journal.work.tail, &numbers);
                        let event = event(number);
                        let written = journal.write(&event).unwrap();
                        drop(journal.keep(&event, written).unwrap());
                        journal.flush();
                    }
                })
            };
            let writer = {
                let work = Arc::clone(&journal.work);
                thread::spawn(move || {
                    let append = |entries: &[(u64, Vec<u8>)]| {
                        let entries = entries.iter();
                        let entries: Vec<_> = entries
                            .map(|(sequence, bytes)| Entry { sequence: *sequence, bytes })
                            .collect();
                        work.store.append(&entries, &Commit::default()).unwrap();
                    };
                    write_by(&work.tail, pace, 2, append);
                })
            };
            let reader = {
                let journal = Arc::clone(&journal);
                thread::spawn(move || {
                    let seen = read(&journal);
                    assert!(read(&journal) >= seen);
                })
            };
            reader.join().unwrap();
            publisher.join().unwrap();
            writer.join().unwrap();
            assert_eq!(read(&journal), 2);
        });
    }
}

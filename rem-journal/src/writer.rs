//! The writer: one thread that takes records from the [`Tail`] and commits them to the store in groups.

use std::ops::RangeInclusive;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use rem_core::BusClock;

use crate::journal::{Reading, Told};
use crate::positions::Positions;
use crate::record::Keys;
use crate::retention::Retention;
use crate::store::{Commit, Direction, Entry, Moment, Store, StoreError};
use crate::sync::atomic::{AtomicU64, Ordering};
use crate::sync::{Mutex, lock};
use crate::tail::{Batch, Fault, Pace, Tail};

/// How many records, and how many bytes, one commit has at the most.
const RECORDS: u64 = 16_384;
const BYTES: u64 = 16 << 20;
/// How many steps of letting go follow each commit, whatever waits: each is of 2,048 events.
const STEPS: usize = 16;
/// How long it waits before the store is tried again: the first time, and at the most.
const FIRST_WAIT: Duration = Duration::from_millis(50);
const MOST_WAIT: Duration = Duration::from_secs(1);

/// What the writer, the journal and its handles share.
#[derive(Debug)]
pub(crate) struct Work {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) tail: Arc<Tail>,
    pub(crate) commits: Arc<Told>,
    pub(crate) pace: Pace,
    pub(crate) retention: Retention,
    /// Positions by name that are not stored yet.
    pub(crate) positions: Mutex<Positions>,
    pub(crate) reading: Reading,
    /// How many events were let go since it was opened.
    pub(crate) let_go: AtomicU64,
    /// The clock of the bus, as soon as it has one.
    pub(crate) clock: OnceLock<BusClock>,
    /// What the writer could not do beside committing, the last time.
    pub(crate) trouble: Mutex<Option<Fault>>,
}

/// What it knows beside what it shares.
struct Writer {
    work: Arc<Work>,
    /// All up to this number is in the store, or nowhere.
    committed: u64,
    /// Up to which number events may be numbered.
    reserved: u64,
    /// Numbers that were given out and are nobody's, to be told to the store.
    holes: Vec<RangeInclusive<u64>>,
    /// The time of the newest event.
    newest: u64,
}

/// Runs until the tail is closed. A store is users' code: if it panics, nothing is stored any more, and whoever waits or publishes
/// is told why.
pub(crate) fn run(work: Arc<Work>) {
    let tail = Arc::clone(&work.tail);
    let writing = panic::catch_unwind(AssertUnwindSafe(|| write(work)));
    tail.end(writing.err().map(|panic| Arc::new(StoreError::panicked(panic))));
}

fn write(work: Arc<Work>) {
    let state = work.store.state();
    let (committed, reserved) = (work.tail.committed(), state.reserved);
    let newest = newest_of(&*work.store);
    let mut writer = Writer { work, committed, reserved, holes: Vec::new(), newest };
    let mut in_vain = false;
    while writer.work.tail.wait_for_work(writer.work.pace, in_vain) {
        in_vain = !writer.drain();
    }
    writer.drain();
    writer.close();
}

impl Writer {
    /// Commits all that is there; `false` if nothing was.
    fn drain(&mut self) -> bool {
        let mut is_first = true;
        loop {
            let batch = self.work.tail.take(self.committed, RECORDS, BYTES);
            let has_positions = is_first && !lock(&self.work.positions).is_empty();
            if batch.numbers == 0 && !has_positions {
                return !is_first;
            }
            is_first = false;
            if !self.commit(&batch) {
                return true;
            }
            self.retain();
        }
    }

    /// Commits a batch; `false` if the journal is closed and the store refuses.
    fn commit(&mut self, batch: &Batch) -> bool {
        let mut wait = FIRST_WAIT;
        loop {
            let is_last = self.work.tail.is_closing();
            let Err(fault) = self.append(batch) else {
                self.committed = batch.end;
                let times = batch.entries.iter().filter_map(|(_, bytes)| Keys::decode(bytes).ok());
                self.newest = times.map(|keys| keys.timestamp).fold(self.newest, u64::max);
                self.work.tail.commit(batch, self.work.pace != Pace::AtOnce);
                return true;
            };
            if self.work.pace == Pace::AtOnce {
                // Who published is told, and has the event back.
                self.leave_out(self.committed + 1..=batch.end);
                self.committed = batch.end;
                self.work.tail.refuse(batch, &fault);
                return true;
            }
            self.work.tail.fail(&fault);
            if is_last {
                return false;
            }
            self.work.tail.back_off(wait);
            wait = (wait * 2).min(MOST_WAIT);
        }
    }

    /// These numbers are nobody's. Those of one time in which the store refuses are one hole, however long that takes.
    fn leave_out(&mut self, numbers: RangeInclusive<u64>) {
        match self.holes.last_mut().filter(|last| last.end().saturating_add(1) == *numbers.start())
        {
            Some(last) => *last = *last.start()..=*numbers.end(),
            None if numbers.is_empty() => {}
            None => self.holes.push(numbers),
        }
    }

    fn append(&mut self, batch: &Batch) -> Result<(), Fault> {
        let entries: Vec<_> = batch
            .entries
            .iter()
            .map(|(sequence, bytes)| Entry { sequence: *sequence, bytes })
            .collect();
        // What is numbered before the next commit lies within the tail's places.
        let places = self.work.tail.capacity();
        let needed = batch.end.saturating_add(places);
        let reserved =
            if self.reserved < needed { Some(needed.saturating_add(places)) } else { None };
        let changed = lock(&self.work.positions).changed();
        let (positions, notes) = (changed.positions(), changed.notes());
        // Told and not left to the store, which sees no gap in the first batch of all.
        let holes: Vec<_> = self.holes.iter().cloned().chain(between(&entries)).collect();
        let (positions, notes, holes) = (&positions[..], &notes[..], &holes[..]);
        let commit = Commit { reserved, positions, notes, holes, ..Commit::default() };
        self.work.store.append(&entries, &commit).map_err(Arc::new)?;
        self.reserved = reserved.unwrap_or(self.reserved);
        self.holes.clear();
        // Those that were set again meanwhile are written with the next.
        lock(&self.work.positions).stored(&changed);
        Ok(())
    }

    /// Lets go of what the rules do not keep: as much as one commit can have brought, and more as long as publishers have
    /// room, so that no load makes the file grow.
    fn retain(&self) {
        let work = &self.work;
        if work.retention.is_empty() {
            return;
        }
        let half = work.tail.capacity().div_ceil(2);
        let mut steps = 0;
        let mut proceed = || {
            steps += 1;
            steps <= STEPS || work.tail.waiting().0 < half
        };
        // One with a time to come, from a clock that runs ahead or from a peer, makes nothing old.
        let now = work.clock.get().map_or_else(|| BusClock::default().now(), BusClock::now);
        let retained = work.retention.with_rules(self.newest.min(now.as_nanos()), |rules| {
            work.store.retain(rules, &mut proceed).map_err(Arc::new)
        });
        if let Ok(gone) = &retained {
            work.let_go.fetch_add(gone.events, Ordering::Relaxed);
        }
        *lock(&work.trouble) = retained.err();
    }

    /// Says that no more numbers were given out than there are, so that the next process goes on where this one ended.
    fn close(&mut self) {
        let last = self.committed.max(self.work.store.state().last);
        let commit = Commit { reserved: Some(last), holes: &self.holes, ..Commit::default() };
        if let Err(error) = self.work.store.append(&[], &commit) {
            *lock(&self.work.trouble) = Some(Arc::new(error));
        }
    }
}

/// The numbers between records of which nothing is stored: of events that never leave the process.
fn between(entries: &[Entry<'_>]) -> impl Iterator<Item = RangeInclusive<u64>> {
    let gaps = entries.windows(2).map(|pair| pair[0].sequence + 1..=pair[1].sequence - 1);
    gaps.filter(|gap| !gap.is_empty())
}

/// The time of the newest event that is kept.
fn newest_of(store: &dyn Store) -> u64 {
    let all =
        Moment { timestamp: 0, sequence: 0 }..=Moment { timestamp: u64::MAX, sequence: u64::MAX };
    let mut found = Vec::new();
    // What cannot be read is told to whoever reads it.
    let _ = store.by_time(all, Direction::Backwards, 1, &mut found);
    found.first().map_or(0, |moment| moment.timestamp)
}

//! The writer's side of the [`Tail`]: when it goes on, and what it takes.

use std::time::{Duration, Instant};

use super::{Batch, Shared, Tail, Wanted};
use crate::sync::atomic::Ordering;
use crate::sync::{MutexGuard, lock, sleep, sleep_at_most};

/// How long the writer waits for a record that nobody has put yet.
const SHORT: Duration = Duration::from_millis(1);
/// How long notes wait for an event to be stored with, where each event is stored as it comes.
const NOTES: Duration = Duration::from_millis(10);

/// How the writer waits for what it is to commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    /// Each as soon as it comes.
    AtOnce,
    /// What has come in that time, together.
    Every(Duration),
    /// When somebody asks, or half of the seats are taken.
    WhenAsked,
}

impl Tail {
    /// Waits until there is something for the writer to do; `false` if it is to end. `in_vain`: it has found nothing the last
    /// time, for who has the next number had not put the record yet.
    pub(crate) fn wait_for_work(&self, pace: Pace, in_vain: bool) -> bool {
        let mut shared = lock(&self.shared);
        if in_vain && shared.wanted != Wanted::Commit && !shared.is_closing && pace != Pace::AtOnce
        {
            shared = sleep_at_most(&self.bell, shared, SHORT);
        }
        let idle = |shared: &Shared| {
            let is_idle = pace == Pace::AtOnce || self.seats.load(Ordering::Acquire) == 0;
            // Whose commits come when they are asked for stores notes with the next of them.
            is_idle && (pace == Pace::WhenAsked || shared.wanted == Wanted::Nothing)
        };
        while shared.wanted != Wanted::Commit && !shared.is_closing && idle(&shared) {
            shared = sleep(&self.bell, shared);
        }
        let half = self.capacity().div_ceil(2);
        let is_enough = |shared: &Shared| {
            shared.wanted == Wanted::Commit
                || shared.is_closing
                || self.seats.load(Ordering::Acquire) >= half
        };
        match pace {
            // Notes go with the next event, if one comes soon.
            Pace::AtOnce => shared = self.gather(shared, NOTES, is_enough),
            Pace::Every(limit) => shared = self.gather(shared, limit, is_enough),
            Pace::WhenAsked => {
                while !is_enough(&shared) {
                    if !shared.for_commit.is_empty() {
                        // What was asked for had not been put yet.
                        shared = sleep_at_most(&self.bell, shared, SHORT);
                        break;
                    }
                    shared = sleep(&self.bell, shared);
                }
            }
        }
        shared.wanted = Wanted::Nothing;
        !shared.is_closing
    }

    /// Waits so long for more to come, unless there is enough.
    fn gather<'s>(
        &self,
        mut shared: MutexGuard<'s, Shared>,
        limit: Duration,
        is_enough: impl Fn(&Shared) -> bool,
    ) -> MutexGuard<'s, Shared> {
        // A time that no clock reaches is no limit.
        let until = Instant::now().checked_add(limit);
        while !is_enough(&shared) {
            let left = until.map_or(limit, |until| until.saturating_duration_since(Instant::now()));
            if left.is_zero() {
                break;
            }
            shared = sleep_at_most(&self.bell, shared, left);
        }
        shared
    }

    /// Waits before the store is tried again, unless the journal is to be closed.
    pub(crate) fn back_off(&self, limit: Duration) {
        let shared = lock(&self.shared);
        if !shared.is_closing {
            drop(sleep_at_most(&self.bell, shared, limit));
        }
    }

    pub(crate) fn is_closing(&self) -> bool {
        lock(&self.shared).is_closing
    }

    /// Takes what stands behind that number without a hole, at most so many numbers and bytes.
    pub(crate) fn take(&self, after: u64, numbers: u64, bytes: u64) -> Batch {
        let mut batch = Batch { end: after, ..Batch::default() };
        while batch.numbers < numbers && batch.bytes < bytes {
            let next = batch.end + 1;
            let mut place = lock(self.place(next));
            if place.sequence != next {
                break;
            }
            let record = place.bytes.take();
            drop(place);
            if let Some(record) = record {
                batch.bytes += record.len() as u64;
                batch.entries.push((next, record));
            }
            batch.end = next;
            batch.numbers += 1;
        }
        batch
    }
}

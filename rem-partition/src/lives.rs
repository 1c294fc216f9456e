//! [`Lives`]: what is kept of units between their attempts and while they wait: of those that have a time limit, are tried again
//! or are async. Of the others nothing is kept here.

use std::collections::HashMap;
use std::mem;
use std::task::Waker;
use std::time::Duration;

use rem_core::__private::{Alarm, isolate};

use crate::sync::{Mutex, lock};
use crate::unit::{Retries, Terms};

/// What is kept of units, by their numbers.
#[derive(Debug, Default)]
pub(crate) struct Lives(Mutex<HashMap<u64, Live>>);

/// What is kept of one.
#[derive(Default)]
struct Live {
    /// Which attempt it is.
    number: u32,
    /// The times to wait before further attempts, and the one before the next.
    waits: Option<Waits>,
    next: Option<Duration>,
    /// Of its time limit, or of its next attempt.
    alarm: Option<Alarm>,
    /// Whether the time limit of this attempt has come.
    late: bool,
    /// Of who polls it.
    waker: Option<Waker>,
    /// Why the attempt before failed.
    error: Option<String>,
}

type Waits = Box<dyn Iterator<Item = Duration> + Send>;

impl std::fmt::Debug for Live {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Live")
            .field("number", &self.number)
            .field("late", &self.late)
            .finish_non_exhaustive()
    }
}

/// How an attempt ended.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ended {
    pub(crate) late: bool,
    /// How long to wait before the next, if there is one.
    pub(crate) next: Option<Duration>,
}

impl Lives {
    /// An attempt begins: its number, and why the one before failed.
    pub(crate) fn begin(&self, unit: u64, terms: Option<&Terms>) -> (u32, Option<String>) {
        let mut lives = lock(&self.0);
        let live = lives.entry(unit).or_default();
        if live.number == 0 {
            let retry = terms.and_then(|terms| terms.retry.as_ref());
            live.waits = retry.map(Retries::schedule);
        }
        live.number = live.number.saturating_add(1);
        live.late = false;
        live.next = live.waits.as_mut().and_then(Iterator::next);
        let alarm = live.alarm.take();
        let begun = (live.number, live.error.take());
        drop(lives);
        drop(alarm); // which has rung
        begun
    }

    /// Keeps an alarm of that attempt, unless it is over.
    pub(crate) fn keep(&self, unit: u64, number: u32, alarm: Alarm) {
        let mut alarm = Some(alarm);
        if let Some(live) = lock(&self.0).get_mut(&unit).filter(|live| live.number == number) {
            mem::swap(&mut live.alarm, &mut alarm);
        }
        drop(alarm);
    }

    /// Is to be woken when the unit is cancelled.
    pub(crate) fn wakes(&self, unit: u64, waker: &Waker) {
        let mut waker = Some(waker.clone());
        if let Some(live) = lock(&self.0).get_mut(&unit) {
            mem::swap(&mut live.waker, &mut waker);
        }
        drop(waker);
    }

    /// Wakes whoever polls a unit that was cancelled.
    pub(crate) fn wake(&self, unit: u64) {
        let waker = lock(&self.0).get_mut(&unit).and_then(|live| live.waker.take());
        if let Some(waker) = waker {
            let _ = isolate(|| waker.wake());
        }
    }

    /// The time limit of an attempt has come: whether it was the last, or `None` if it is over.
    pub(crate) fn is_last(&self, unit: u64, number: u32) -> Option<bool> {
        let mut lives = lock(&self.0);
        let live = lives.get_mut(&unit).filter(|live| live.number == number)?;
        live.late = true;
        Some(live.next.is_none())
    }

    pub(crate) fn is_late(&self, unit: u64, number: u32) -> bool {
        let lives = lock(&self.0);
        lives.get(&unit).is_some_and(|live| live.number != number || live.late)
    }

    /// An attempt is over.
    pub(crate) fn end(&self, unit: u64) -> Ended {
        let mut lives = lock(&self.0);
        let Some(live) = lives.get_mut(&unit) else { return Ended { late: false, next: None } };
        let gone = (live.alarm.take(), live.waker.take());
        let ended = Ended { late: live.late, next: live.next };
        drop(lives);
        let _ = isolate(|| drop(gone));
        ended
    }

    /// Why the attempt failed that another is to follow.
    pub(crate) fn failed(&self, unit: u64, error: String) {
        if let Some(live) = lock(&self.0).get_mut(&unit) {
            live.error = Some(error);
        }
    }

    /// Nothing follows.
    pub(crate) fn forget(&self, unit: u64) {
        let gone = lock(&self.0).remove(&unit);
        let _ = isolate(|| drop(gone));
    }
}

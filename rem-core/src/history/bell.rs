//! [`Bell`]: tells who follows a history that there is more of it.

use std::fmt;
use std::task::{Poll, Waker};

use crate::bus::End;
use crate::deliver::{quietly, wake};
use crate::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use crate::sync::{Mutex, lock};

/// Rung by publishers, whoever sleeps by it or not.
///
/// The protocol: a publisher raises the number and then takes away the mark that somebody sleeps; who is about to sleep sets
/// the mark and then reads the number, both by read-modify-writes. Of the two exchanges of the mark one comes first: if the
/// publisher's, the other reads its number; if the sleeper's, the publisher finds the mark and wakes it. Checked by loom
/// (`history/loom.rs`).
#[derive(Default)]
pub(crate) struct Bell {
    /// The highest number that was rung for.
    up_to: AtomicU64,
    is_over: AtomicBool,
    is_nudged: AtomicBool,
    sleeps: AtomicBool,
    waker: Mutex<Option<Waker>>,
}

impl Bell {
    /// An event of that number is recorded, or about to be.
    pub(crate) fn ring(&self, sequence: u64) {
        self.up_to.fetch_max(sequence, Ordering::AcqRel);
        self.wake();
    }

    pub(crate) fn nudge(&self) {
        self.is_nudged.swap(true, Ordering::AcqRel);
        self.wake();
    }

    /// Nothing more will come.
    pub(crate) fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Acquire)
    }

    fn wake(&self) {
        if self.sleeps.swap(false, Ordering::AcqRel) {
            let waker = lock(&self.waker).take();
            if let Some(waker) = waker {
                wake(waker);
            }
        }
    }

    /// Ready with `true` if it is over or nudged, with `false` if `next` was rung for; else the waker is woken then.
    pub(crate) fn poll(&self, next: u64, waker: &Waker) -> Poll<bool> {
        if let Some(ready) = self.look(next) {
            return Poll::Ready(ready);
        }
        let waker = Some(waker.clone());
        let before = std::mem::replace(&mut *lock(&self.waker), waker);
        quietly(before); // user code: under no lock
        self.sleeps.swap(true, Ordering::AcqRel);
        self.look(next).map_or(Poll::Pending, Poll::Ready)
    }

    fn look(&self, next: u64) -> Option<bool> {
        if self.is_over() || self.is_nudged.swap(false, Ordering::AcqRel) {
            return Some(true);
        }
        (self.up_to.fetch_add(0, Ordering::AcqRel) >= next).then_some(false)
    }
}

impl End for Bell {
    fn end(&self) {
        self.is_over.swap(true, Ordering::AcqRel);
        self.wake();
    }
}

impl fmt::Debug for Bell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bell").field("over", &self.is_over()).finish_non_exhaustive()
    }
}

#[cfg(all(test, not(rem_loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_bell_shows_whether_it_is_over() {
        let bell = Bell::default();
        assert_eq!(format!("{bell:?}"), "Bell { over: false, .. }");
        bell.end();
        assert_eq!(format!("{bell:?}"), "Bell { over: true, .. }");
    }
}

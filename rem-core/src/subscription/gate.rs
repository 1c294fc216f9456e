//! [`Gate`]: from which number on a subscription is live.

use crate::sync::atomic::{AtomicU64, Ordering};
use crate::sync::{Mutex, lock};

/// Stands before a subscription that reads the past first. Until that is read, publishers leave their events to the
/// history, from where the reader takes them, and note here how far it must read.
///
/// The protocol, with that of the route's second look (`route/late.rs`): the reader puts the subscription into the index,
/// which changes the generation, and then reads the counter of events by a read-modify-write: N. A publisher takes its
/// number, writes its slot of the history, and looks at the generation again. Of the two read-modify-writes of the counter
/// one comes first. If the publisher's, its number is at most N, and the reader waits for its slot. If the reader's, the
/// publisher sees the new generation, and so this gate. Everything up to `live_after` is the reader's, all that comes after
/// the publishers'. Checked by loom (`subscription/loom.rs`).
#[derive(Debug)]
pub(crate) struct Gate {
    /// [`u64::MAX`] while the past is read.
    live_after: AtomicU64,
    /// The highest number that a publisher left to the reader.
    left: Mutex<u64>,
    /// The number that the reader comes to next, for whoever wants to know how far it is; 0 before it begins.
    next: AtomicU64,
}

/// Whose an event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// The publisher's, who delivers it.
    Live,
    /// The reader's, who will come to it.
    Later,
    /// The reader's, who has had it.
    Past,
}

impl Gate {
    pub(crate) fn new() -> Self {
        Self { live_after: AtomicU64::new(u64::MAX), left: Mutex::new(0), next: AtomicU64::new(0) }
    }

    /// Notes how far the reader is.
    pub(crate) fn reads(&self, next: u64) {
        self.next.store(next, Ordering::Relaxed);
    }

    /// What the reader comes to next, while it reads the past.
    pub(crate) fn reading(&self) -> Option<u64> {
        let reads = self.live_after.load(Ordering::Relaxed) == u64::MAX;
        reads.then(|| self.next.load(Ordering::Relaxed)).filter(|next| *next > 0)
    }

    /// Whose the event of that number is.
    #[inline]
    pub(crate) fn ask(&self, sequence: u64) -> Turn {
        match self.live_after.load(Ordering::Acquire) {
            u64::MAX => self.leave(sequence),
            after if sequence > after => Turn::Live,
            _ => Turn::Past,
        }
    }

    #[cold]
    fn leave(&self, sequence: u64) -> Turn {
        let mut left = lock(&self.left);
        // Under the lock: it may have been opened meanwhile.
        match self.live_after.load(Ordering::Acquire) {
            u64::MAX => {
                *left = sequence.max(*left);
                Turn::Later
            }
            after if sequence > after => Turn::Live,
            _ => Turn::Past,
        }
    }

    /// Opens it, if the reader has read all that was left to it; else says how far it must read.
    pub(crate) fn open(&self, read: u64) -> Result<(), u64> {
        let left = lock(&self.left);
        if *left > read {
            return Err(*left);
        }
        self.live_after.store(read, Ordering::Release);
        Ok(())
    }
}

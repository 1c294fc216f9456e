//! [`NatsStats`]: what a transport did that nobody was told each by each.

use std::sync::atomic::{AtomicU64, Ordering};

/// What a transport let go or could not do, since it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct NatsStats {
    /// Messages that came by a subscription and were let go, for there was no room or no parcel can be made of them: each is told as
    /// a lag too.
    pub missed: u64,
    /// Messages that no parcel can be made of, for their subject is too long. Those that came by a subscription are among the missed;
    /// to those of a stream the server is told that they are not to be given again.
    pub unreadable: u64,
    /// Parcels that the server had been given and refused, for their subject may not be published to. The next to that subject
    /// is an error.
    pub refused: u64,
    /// How often it connected again.
    pub reconnected: u64,
}

#[derive(Default)]
pub(crate) struct Counters {
    pub(crate) unreadable: AtomicU64,
    pub(crate) refused: AtomicU64,
    pub(crate) reconnected: AtomicU64,
}

impl Counters {
    pub(crate) fn one(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn stats(&self, missed: u64) -> NatsStats {
        NatsStats {
            missed,
            unreadable: self.unreadable.load(Ordering::Relaxed),
            refused: self.refused.load(Ordering::Relaxed),
            reconnected: self.reconnected.load(Ordering::Relaxed),
        }
    }
}

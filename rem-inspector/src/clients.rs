//! [`Clients`]: how many look, how many may, and how many were cut off.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use serde::Serialize;

/// Who looks.
#[derive(Debug)]
pub(crate) struct Clients {
    limit: usize,
    attached: AtomicUsize,
    cut: AtomicU64,
    refused: AtomicU64,
}

/// The same as numbers.
#[derive(Debug, Serialize)]
pub(crate) struct Counts {
    attached: usize,
    limit: usize,
    cut: u64,
    refused: u64,
}

impl Clients {
    pub(crate) fn new(limit: usize) -> Self {
        let (attached, cut, refused) = Default::default();
        Self { limit, attached, cut, refused }
    }

    /// Lets one in, if there is room.
    pub(crate) fn enter(&self) -> bool {
        let room = |attached: usize| (attached < self.limit).then_some(attached + 1);
        let entered = self.attached.fetch_update(Ordering::AcqRel, Ordering::Acquire, room);
        if entered.is_err() {
            self.refuse();
        }
        entered.is_ok()
    }

    /// One goes; says whether it was the last.
    pub(crate) fn leave(&self) -> bool {
        self.attached.fetch_sub(1, Ordering::AcqRel) == 1
    }

    /// One was cut off.
    pub(crate) fn cut(&self) {
        self.cut.fetch_add(1, Ordering::Relaxed);
    }

    /// One was not let in.
    pub(crate) fn refuse(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn attached(&self) -> usize {
        self.attached.load(Ordering::Acquire)
    }

    pub(crate) fn limit(&self) -> usize {
        self.limit
    }

    pub(crate) fn counts(&self) -> Counts {
        Counts {
            attached: self.attached(),
            limit: self.limit,
            cut: self.cut.load(Ordering::Relaxed),
            refused: self.refused.load(Ordering::Relaxed),
        }
    }
}

//! [`Crew`]: how many workers are at work, of how many there may be, so that none rests while a unit is ready.
//!
//! Who makes a unit ready calls one if not all are at work. Who finds none says that it goes, and looks once more. Both are
//! changes of one number, so one of the two sees the other.

use crate::sync::atomic::{AtomicUsize, Ordering};

/// Workers at work.
#[derive(Debug)]
pub(crate) struct Crew {
    active: AtomicUsize,
    most: usize,
}

impl Crew {
    pub(crate) fn new(most: usize) -> Self {
        Self { active: AtomicUsize::new(0), most }
    }

    /// One more, if there may be one.
    pub(crate) fn join(&self) -> bool {
        // As a change, it sees who goes; a bare look might not.
        let mut active = self.active.fetch_add(0, Ordering::AcqRel);
        while active < self.most {
            let joined = self.active.compare_exchange_weak(
                active,
                active + 1,
                Ordering::AcqRel,
                Ordering::Acquire,
            );
            match joined {
                Ok(_) => return true,
                Err(now) => active = now,
            }
        }
        false
    }

    /// One less, who has found nothing; unless something has come meanwhile, for who brought it may have counted on this one.
    /// Whether it is gone.
    pub(crate) fn rest(&self, is_empty: impl FnOnce() -> bool) -> bool {
        self.leave();
        is_empty() || !self.join()
    }

    /// One less.
    pub(crate) fn leave(&self) {
        self.active.fetch_sub(1, Ordering::AcqRel);
    }
}

//! [`Watched`]: what is kept of each unit if a bus is told of it.

use crate::sync::atomic::AtomicU8;
use crate::sync::{Mutex, lock};
use crate::watch::{Told, Watch};

/// What is kept of each unit if a bus is told of it.
pub(crate) struct Watched {
    pub(crate) watch: Watch,
    /// The newest event of each, or the one that let it begin.
    pub(super) causes: Box<[Mutex<Told>]>,
    pub(super) percents: Box<[AtomicU8]>,
}

impl Watched {
    pub(crate) fn new(watch: Watch, units: usize) -> Self {
        Self {
            watch,
            causes: (0..units).map(|_| Mutex::default()).collect(),
            percents: (0..units).map(|_| AtomicU8::new(u8::MAX)).collect(),
        }
    }

    pub(super) fn told(&self, unit: u32) -> Told {
        *lock(&self.causes[unit as usize])
    }
}

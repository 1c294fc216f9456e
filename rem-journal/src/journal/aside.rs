//! [`Aside`]: what refused events have pushed out of memory.

use std::mem;
use std::sync::Arc;

use rem_core::{Event, Evicted};

use crate::sync::{Mutex, lock};

/// Their drop is users' code, and whoever is refused may hold the line of `Ordering::Total`. So they wait here, and go with what the
/// next event that is kept pushes out. Never more than memory has: the number of a refused event leaves nothing there that could go too.
#[derive(Default)]
pub(super) struct Aside(Mutex<Vec<Arc<Event>>>);

impl Aside {
    pub(super) fn put(&self, evicted: Evicted) {
        lock(&self.0).extend(Option::<Arc<Event>>::from(evicted));
    }

    /// What goes, and all that waits.
    pub(super) fn with(&self, evicted: Evicted) -> Evicted {
        let mut all = mem::take(&mut *lock(&self.0));
        if all.is_empty() {
            return evicted;
        }
        all.extend(Option::<Arc<Event>>::from(evicted));
        Evicted::from(all)
    }
}

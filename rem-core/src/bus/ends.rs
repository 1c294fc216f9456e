//! [`Ends`]: who is told when a bus is closed and nothing more is delivered of it, beside the queues.

use std::fmt;
use std::sync::{Arc, Weak};

use crate::route::lies_below;
use crate::sync::{Mutex, keep_room, lock};

/// Told that nothing will be delivered any more, once or more often. Called under no lock.
pub(crate) trait End: Send + Sync {
    fn end(&self);
}

/// Those who are told of a root bus and all below it, each with the prefix of its bus. They are not kept.
#[derive(Default)]
pub(crate) struct Ends(Mutex<Vec<Told>>);

/// The prefix of its bus, and who is told.
type Told = (Box<str>, Weak<dyn End>);

impl Ends {
    pub(super) fn add(&self, prefix: &str, end: Weak<dyn End>) {
        let mut list = lock(&self.0);
        if list.len() == list.capacity() {
            list.retain(|(_, end)| end.strong_count() > 0);
            keep_room(&mut list);
        }
        list.push((prefix.into(), end));
    }

    /// Tells those of the bus with that prefix and of all below it.
    pub(super) fn tell(&self, prefix: &str) {
        let told: Vec<Arc<dyn End>> = {
            let list = lock(&self.0);
            let below = list.iter().filter(|(of, _)| **of == *prefix || lies_below(of, prefix));
            below.filter_map(|(_, end)| end.upgrade()).collect()
        };
        for end in told {
            end.end();
        }
    }
}

impl fmt::Debug for Ends {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ends").field("known", &lock(&self.0).len()).finish()
    }
}

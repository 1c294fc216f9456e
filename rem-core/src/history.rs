//! The past: what a bus keeps of what happened, and asking for it.

mod backwards;
mod durable;
#[cfg(all(test, rem_loom))]
mod loom;
mod query;
mod restored;
mod ring;

use std::fmt;
use std::ops::RangeInclusive;
use std::sync::Arc;

use crate::event::Event;

pub(crate) use backwards::{Backwards, last_of_each};
pub use durable::{Durable, DurableHistory, HistoryError, HistoryErrorKind, Written};
pub use query::{Query, QueryError};
pub use restored::Restored;
pub use ring::Ring;

/// How many events are read from a history at once.
pub(crate) const PAGE: u64 = 256;

/// The bounded record of past events of one root bus.
///
/// Events are handed over with their sequence numbers, from several threads at once and therefore not always in order;
/// each number is handed over once. Under [`Ordering::Total`](crate::Ordering::Total) they come one at a time and in order,
/// and whoever publishes meanwhile waits. [`Ring`] keeps the newest in memory.
pub trait History: fmt::Debug + Send + Sync + 'static {
    /// Keeps an event. Called by publishers: it must not block, run user code, or publish.
    ///
    /// What had to go for it is given back, so that it is dropped where user code may run.
    fn record(&self, event: &Arc<Event>) -> Evicted;

    /// The sequence numbers that can be read: from the oldest kept to the last with no hole before it. `None` if none
    /// can.
    fn readable(&self) -> Option<RangeInclusive<u64>>;

    /// Adds the kept events with these numbers to `events`, oldest first. What is not kept any more is left out.
    fn read(&self, range: RangeInclusive<u64>, events: &mut Vec<Arc<Event>>);

    /// The number of the first event that its bus publishes: above every one that was given out before, also in a process
    /// that is gone.
    fn first(&self) -> u64 {
        1
    }

    /// The same history as one that outlives the process, if it is.
    fn durable(self: Arc<Self>) -> Option<Arc<dyn DurableHistory>> {
        None
    }
}

/// What a history let go to keep a newer event.
#[derive(Debug, Default)]
pub struct Evicted(Option<Arc<Event>>);

impl Evicted {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_none()
    }
}

impl From<Option<Arc<Event>>> for Evicted {
    fn from(event: Option<Arc<Event>>) -> Self {
        Self(event)
    }
}

impl From<Evicted> for Option<Arc<Event>> {
    fn from(evicted: Evicted) -> Self {
        evicted.0
    }
}

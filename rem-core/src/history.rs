//! The past: what a bus keeps of what happened, and asking for it.

mod ask;
mod backwards;
mod bell;
mod durable;
mod events;
mod follow;
mod gone;
mod limited;
#[cfg(all(test, rem_loom))]
mod loom;
mod page;
mod query;
mod reader;
mod report;
mod restored;
mod ring;
mod together;

use std::fmt;
use std::ops::RangeInclusive;
use std::sync::Arc;

use rem_patterns::Pattern;

use crate::clock::BusClock;
use crate::event::Event;

pub use ask::{Ask, Direction};
pub(crate) use backwards::{Backwards, last_of_each};
pub use durable::{Commits, Durable, DurableHistory, HistoryError, HistoryErrorKind, Written};
pub use events::Events;
pub use follow::{Follow, Followed, Nudge};
pub(crate) use page::Found;
pub use page::Page;
pub(crate) use query::Limit;
pub use query::{Query, QueryError};
pub(crate) use reader::{Read, Reader, first_kept};
pub use report::{HistoryReport, QuotaReport};
pub use restored::Restored;
pub use ring::Ring;
use together::together;

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

    /// The sequence numbers that can be read: from the oldest kept to the last with no hole before it. `None` if none was
    /// recorded yet. If all that was has been let go, the range is empty, and its end is that last number all the same.
    fn readable(&self) -> Option<RangeInclusive<u64>>;

    /// Adds the kept events with these numbers to `events`, oldest first. What is not kept any more is left out.
    fn read(&self, range: RangeInclusive<u64>, events: &mut Vec<Arc<Event>>);

    /// Adds the same events to a page: as events, unless told. A history that keeps them as bytes [restores](Page::restore)
    /// them there, so that each is made when it is taken, and of the type that is asked for: for that this is called where
    /// the past is read to subscriptions and in replays.
    fn read_page(&self, range: RangeInclusive<u64>, page: &mut Page) {
        let mut events = Vec::new();
        self.read(range, &mut events);
        page.extend(events);
    }

    /// The number of the first event that its bus publishes: above every one that was given out before, also in a process
    /// that is gone.
    fn first(&self) -> u64 {
        1
    }

    /// The same history as one that outlives the process, if it is.
    fn durable(self: Arc<Self>) -> Option<Arc<dyn DurableHistory>> {
        None
    }

    /// Of the numbers of a gap, which [`read`](Self::read) left out, the first part whose events were let go and may have
    /// been selected by a pattern, from the root bus; `None` if there is no such. What a quota let go is no loss to whoever
    /// cannot select it. A number that is kept is never in it, so that a reader may pass by what it does not look for.
    ///
    /// Unless told: the whole gap, which is right for a history that lets go of the oldest and has no
    /// [`candidates`](Self::candidates).
    fn lost(&self, gap: RangeInclusive<u64>, by: &Pattern) -> Option<RangeInclusive<u64>> {
        let _ = by;
        Some(gap)
    }

    /// The numbers of the range whose events are kept and may be asked for, each once, in that direction: from an index, if
    /// there is one that pays. Every event is compared with the whole question when it is read. `None`: read them all.
    ///
    /// A history that has them says in [`lost`](Self::lost) of each number of a gap whether it is a loss.
    fn candidates(
        &self,
        ask: &Ask,
        range: RangeInclusive<u64>,
        direction: Direction,
    ) -> Option<Box<dyn Iterator<Item = u64> + '_>> {
        let _ = (ask, range, direction);
        None
    }

    /// The clock of the bus that it is given to, told once, when that is built.
    fn clock(&self, clock: &BusClock) {
        let _ = clock;
    }

    /// What it keeps and has let go, for people and tools to look at: see
    /// [`Topology::history`](crate::Topology::history).
    fn report(&self) -> HistoryReport {
        HistoryReport::of(self.readable().as_ref())
    }
}

/// What a history let go to keep a newer event. One that is bounded by bytes or age may let go of more at once: these stand
/// for one, and go with it.
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

impl From<Vec<Arc<Event>>> for Evicted {
    fn from(mut events: Vec<Arc<Event>>) -> Self {
        Self(if events.len() > 1 { Some(together(events)) } else { events.pop() })
    }
}

impl From<Evicted> for Option<Arc<Event>> {
    fn from(evicted: Evicted) -> Self {
        evicted.0
    }
}

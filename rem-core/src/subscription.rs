//! Who listens: a pattern, a delivery and a handler, held by a guard.

mod about;
mod builder;
pub(crate) mod catch_up;
mod entry;
mod gate;
#[cfg(all(test, rem_loom))]
mod loom;
mod outcome;
mod queue;
mod start;
mod term;
mod token;
mod unsubscribe;
mod wait;
mod weak;

use std::fmt;
use std::ops::RangeInclusive;
use std::sync::{Arc, Weak};

use crate::bus::Core;
use crate::deliver::{isolate, quietly};
use crate::event::{Event, Seen};
use crate::history::{PAGE, QueryError};
use crate::route::selects;
use crate::task::Desk;

pub use about::SubscriptionId;
pub use builder::SubscriptionBuilder;
pub use outcome::Outcome;
pub use queue::QueueBuilder;
pub use start::Start;
pub use token::{Token, Until};
pub use unsubscribe::Unsubscribed;
pub use wait::{Wait, WaitError, WaitErrorKind};

pub(crate) use about::{About, Counts};
pub(crate) use builder::Delivery;
pub(crate) use catch_up::{CatchUp, Step, first_since, reads};
pub(crate) use entry::{Asked, Call, Called, Entry, Filter, Handler, To};
pub(crate) use gate::Turn;
pub(crate) use term::Mortals;
pub(crate) use unsubscribe::Ending;

/// The guard of a subscription: while it lives, the handler is called; when it is dropped, no new call starts.
///
/// Dropping it never waits: a call that runs in another thread finishes, and the handler is dropped after it.
///
/// ```
/// use rem_core::wire::{Codec, RawEvent};
/// use rem_core::{Bus, Event, Unsubscribed};
///
/// let bus = Bus::new();
/// let heard = || bus.publish_to("order.paid", RawEvent::new(Codec::Json, *b"1")).map(|receipt| receipt.matched());
/// let sub = bus.subscribe("order", |_: &Event| ())?;
/// assert_eq!(heard()?, 1);
/// assert_eq!(sub.unsubscribe(), Unsubscribed::Done); // no call runs any more
/// assert_eq!(heard()?, 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "a subscription ends when its guard is dropped; hold it, or let it last with `.detach()`"]
pub struct Subscription {
    about: Arc<About>,
    /// `None` for one that lasts, or was over from the start.
    held: Option<Held>,
}

/// What the guard holds.
struct Held {
    core: Weak<Core>,
    entry: Arc<Entry>,
}

impl Subscription {
    pub(crate) fn new(core: &Arc<Core>, entry: Arc<Entry>) -> Self {
        entry.stands(core, core.router.add(&entry));
        Self::outside(core, entry)
    }

    /// The guard of a subscription that is not in the index yet.
    pub(crate) fn outside(core: &Arc<Core>, entry: Arc<Entry>) -> Self {
        let about = Arc::clone(entry.about());
        Self { about, held: Some(Held { core: Arc::downgrade(core), entry }) }
    }

    /// The guard of a subscription to a bus that is closed: over from the start.
    pub(crate) fn ended(entry: &Entry) -> Self {
        entry.end();
        Self { about: Arc::clone(entry.about()), held: None }
    }

    /// Its identity, as system events name it.
    pub fn id(&self) -> SubscriptionId {
        self.about.id
    }

    /// What it selects: from the root bus, or below any scope for a subscription by type.
    pub fn pattern(&self) -> &str {
        self.about.pattern.as_str()
    }

    /// `true` as long as events are delivered: until its bus is gone, or it has ended by itself.
    pub fn is_active(&self) -> bool {
        let here = |held: &Held| held.core.strong_count() > 0 && !held.entry.is_over_quietly();
        self.held.as_ref().is_some_and(here)
    }

    /// Ends it while the guard is still there.
    pub(crate) fn end_now(&self) {
        if let Some(held) = &self.held {
            held.entry.end();
        }
    }

    pub(crate) fn about(&self) -> &Arc<About> {
        &self.about
    }

    /// What its workers share, if it is a task.
    pub(crate) fn desk(&self) -> Option<Arc<Desk>> {
        self.held.as_ref()?.entry.task().map(Arc::clone)
    }

    /// How many calls of its handler and filters failed or panicked.
    pub fn failures(&self) -> u64 {
        self.about.failures()
    }

    /// How many numbers of the history it asked for were gone before they were read; see
    /// [`SubscriptionBuilder::from`] and [`SubscriptionBuilder::durable`].
    pub fn missed(&self) -> u64 {
        self.about.missed()
    }

    /// How many events it selected that were of an unrelated type, and were not delivered.
    pub fn mismatches(&self) -> u64 {
        self.about.mismatches()
    }

    /// The kept events with these numbers that it selects.
    pub(crate) fn lost(&self, range: RangeInclusive<u64>) -> Result<Vec<Arc<Event>>, QueryError> {
        let held = self.held.as_ref();
        let core = held.and_then(|held| Some((held.core.upgrade()?, &held.entry)));
        let (core, entry) = core.ok_or(QueryError::Gone)?;
        let history = core.history.as_ref().ok_or(QueryError::NoHistory)?;
        let mut events = Vec::new();
        let Some(readable) = history.readable() else { return Ok(events) };
        let (mut next, end) =
            (*range.start().max(readable.start()), *range.end().min(readable.end()));
        let mut page = Vec::new();
        // By pages: what it does not select may be all that a journal has.
        while next <= end {
            let last = next.saturating_add(PAGE - 1).min(end);
            history.read(next..=last, &mut page);
            for event in page.drain(..) {
                let is_wanted = selects(entry, &event)
                    && isolate(|| entry.accepts(&event) && entry.fits(&Seen::new(&event)))
                        .unwrap_or_default();
                if is_wanted {
                    events.push(event);
                } else {
                    quietly(event);
                }
            }
            let Some(following) = last.checked_add(1) else { break };
            next = following;
        }
        Ok(events)
    }

    /// Lets the subscription last as long as the bus.
    pub fn detach(mut self) {
        self.held = None;
    }

    /// Ends the subscription: the same as dropping the guard, said aloud.
    pub fn end(self) {
        drop(self);
    }

    /// [`detach`](Self::detach), with the means to end it all the same.
    pub(crate) fn loosen(mut self) -> Option<Loose> {
        let Held { entry, .. } = self.held.take()?;
        Some(Loose(Arc::downgrade(&entry)))
    }
}

/// A subscription without a guard, for whoever has to end it later. It keeps neither the bus nor the handler.
pub(crate) struct Loose(Weak<Entry>);

impl Loose {
    pub(crate) fn end(self) {
        if let Some(entry) = self.0.upgrade() {
            entry.end();
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        if let Some(Held { entry, .. }) = self.held.take() {
            entry.end();
        }
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.about, f)
    }
}

impl fmt::Display for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.about, f)
    }
}

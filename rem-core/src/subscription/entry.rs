//! [`Entry`]: a subscription as the bus holds it.

use std::fmt;
use std::panic::Location;
use std::sync::Arc;

use rem_patterns::{Pattern, Topic};

use crate::event::head::below;
use crate::event::{Event, Wanted};
use crate::sync::Slot;
use crate::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// The identity of a subscription, in the order in which they were made, from 1.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubscriptionId(pub(crate) u64);

impl fmt::Display for SubscriptionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "subscription {}", self.0)
    }
}

impl fmt::Debug for SubscriptionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SubscriptionId({})", self.0)
    }
}

/// What the index and the resolved routes hold of a subscription. It outlives its guard where a route is stale; its
/// handler, which is the user's, does not.
pub(crate) struct Entry {
    pub(crate) id: SubscriptionId,
    /// What it selects: from the root for a subscription by topic, from the scope for one by type.
    pub(crate) pattern: Pattern,
    /// The prefix of the bus it was made on; `None` for the root.
    pub(crate) prefix: Option<Topic>,
    /// The event type asked for. A subscription by type (`by_type`) selects under any scope.
    pub(crate) wanted: Option<Wanted>,
    pub(crate) by_type: bool,
    pub(crate) priority: i32,
    pub(crate) place: &'static Location<'static>,
    /// Takes the place of a count of calls under way that publishers would share: whoever calls holds the handler.
    handler: Slot<Handler>,
    active: AtomicBool,
    failed: AtomicU64,
    mismatched: AtomicU64,
}

/// The user's part of a subscription.
pub(crate) struct Handler {
    pub(crate) filters: Vec<Filter>,
    /// Whether the data is, holds or lies within the type asked for.
    pub(crate) fits: fn(&Arc<Event>) -> bool,
    pub(crate) call: Call,
}

pub(crate) type Filter = Box<dyn Fn(&Event) -> bool + Send + Sync>;
pub(crate) type Call = Box<dyn Fn(&Arc<Event>, &Arc<Entry>) -> Called + Send + Sync>;

/// What came of one call.
pub(crate) enum Called {
    Done,
    Failed(Box<str>),
    /// The event's data is not, does not hold and does not lie within the type asked for.
    Mismatched,
    /// A filter said no, or the subscription has ended.
    Passed,
}

/// What a subscription says of an event that it need not handle yet.
pub(crate) enum Asked {
    Wants,
    /// See [`Called::Passed`].
    Passes,
    /// See [`Called::Mismatched`].
    Mismatched,
}

/// What [`Entry`] is made of.
pub(crate) struct Parts {
    pub(crate) id: SubscriptionId,
    pub(crate) pattern: Pattern,
    pub(crate) prefix: Option<Topic>,
    pub(crate) wanted: Option<Wanted>,
    pub(crate) by_type: bool,
    pub(crate) priority: i32,
    pub(crate) place: &'static Location<'static>,
    pub(crate) handler: Handler,
}

impl Entry {
    pub(crate) fn new(parts: Parts) -> Self {
        let Parts { id, pattern, prefix, wanted, by_type, priority, place, handler } = parts;
        Self {
            id,
            pattern,
            prefix,
            wanted,
            by_type,
            priority,
            place,
            handler: Slot::new(Some(Arc::new(handler))),
            active: AtomicBool::new(true),
            failed: AtomicU64::new(0),
            mismatched: AtomicU64::new(0),
        }
    }

    /// Asks whether the event is wanted. User code: it may panic.
    pub(crate) fn ask(&self, event: &Arc<Event>) -> Asked {
        let handler = self.handler.load();
        match handler.as_ref() {
            Some(handler) if !handler.accepts(event) => Asked::Passes,
            Some(handler) if (handler.fits)(event) => Asked::Wants,
            Some(_) => Asked::Mismatched,
            None => Asked::Passes,
        }
    }

    /// Asks the filters, unless they were `asked`, then calls the handler. User code: it may panic.
    pub(crate) fn call(self: &Arc<Self>, event: &Arc<Event>, asked: bool) -> Called {
        let handler = self.handler.load();
        match handler.as_ref() {
            Some(handler) if asked || handler.accepts(event) => (handler.call)(event, self),
            _ => Called::Passed,
        }
    }

    /// No new call starts; the handler is dropped now, or by the last call under way when it returns.
    pub(crate) fn end(&self) {
        self.active.store(false, Ordering::Release);
        let handler = self.handler.take();
        drop(handler);
    }

    pub(crate) fn is_active(&self) -> bool {
        self.active.load(Ordering::Acquire)
    }

    pub(crate) fn count_failure(&self) {
        self.failed.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn failures(&self) -> u64 {
        self.failed.load(Ordering::Relaxed)
    }

    pub(crate) fn count_mismatch(&self) {
        self.mismatched.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn mismatches(&self) -> u64 {
        self.mismatched.load(Ordering::Relaxed)
    }

    /// The part of an event's topic that the pattern looks at.
    pub(crate) fn part_of<'a>(&self, topic: &'a str, scope: usize) -> &'a str {
        if self.by_type { below(topic, scope.max(self.prefix().len())) } else { topic }
    }

    /// The prefix of the bus it was made on, empty for the root.
    pub(crate) fn prefix(&self) -> &str {
        self.prefix.as_deref().unwrap_or_default()
    }
}

impl Handler {
    fn accepts(&self, event: &Event) -> bool {
        self.filters.iter().all(|filter| filter(event))
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription")
            .field("id", &self.id.0)
            .field("pattern", &self.pattern)
            .field("type", &self.wanted)
            .field("priority", &self.priority)
            .field("place", &format_args!("{}", self.place))
            .field("active", &self.is_active())
            .field("failures", &self.failures())
            .field("mismatches", &self.mismatches())
            .finish_non_exhaustive()
    }
}

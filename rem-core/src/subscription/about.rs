//! [`About`]: what is known of a subscription beside its handler.

use std::fmt;
use std::panic::Location;
use std::sync::Arc;

use rem_patterns::{Pattern, Topic};

use crate::event::Wanted;
use crate::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use crate::sync::{Mutex, lock};
use crate::topology::SubscriptionStats;

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

/// Everything about a subscription that is not the user's: it may outlive the guard, in a
/// [`Received`](crate::Received) for example.
pub(crate) struct About {
    pub(crate) id: SubscriptionId,
    /// What it selects: from the root for a subscription by topic, from the scope for one by type.
    pub(crate) pattern: Pattern,
    /// Whether the pattern captures anything.
    pub(crate) captures: bool,
    /// The prefix of the bus it was made on; `None` for the root.
    pub(crate) prefix: Option<Topic>,
    /// The event type asked for. A subscription by type (`by_type`) selects under any scope.
    pub(crate) wanted: Option<Wanted>,
    pub(crate) by_type: bool,
    pub(crate) priority: i32,
    pub(crate) place: &'static Location<'static>,
    pub(crate) counts: Counts,
}

/// What changes about a subscription.
pub(crate) struct Counts {
    active: AtomicBool,
    /// Delivered one by one. What an inline handler has by way of its routes is counted by them, for all of them at once:
    /// see [`Tally`](crate::route::Tally).
    delivered: AtomicU64,
    /// Of what its routes count, what it has not had: because it failed, a filter said no, or it waits.
    not_had: AtomicU64,
    /// Those that wait for the handlers of another event.
    deferred: AtomicU64,
    failed: AtomicU64,
    mismatched: AtomicU64,
    missed: AtomicU64,
    last_error: Mutex<Option<Arc<str>>>,
}

impl Default for Counts {
    fn default() -> Self {
        Self {
            active: AtomicBool::new(true),
            delivered: AtomicU64::new(0),
            not_had: AtomicU64::new(0),
            deferred: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            mismatched: AtomicU64::new(0),
            missed: AtomicU64::new(0),
            last_error: Mutex::default(),
        }
    }
}

impl About {
    pub(crate) fn is_active(&self) -> bool {
        self.counts.active.load(Ordering::Acquire)
    }

    pub(crate) fn end(&self) {
        self.counts.active.store(false, Ordering::Release);
    }

    pub(crate) fn count_delivery(&self) {
        self.counts.delivered.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count_not_had(&self) {
        self.counts.not_had.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count_deferred(&self) {
        self.counts.deferred.fetch_add(1, Ordering::Relaxed);
    }

    /// One that waited has its turn.
    pub(crate) fn count_resumed(&self) {
        self.counts.deferred.fetch_sub(1, Ordering::Relaxed);
    }

    pub(crate) fn count_failure(&self, error: &str) {
        self.counts.failed.fetch_add(1, Ordering::Relaxed);
        let before = lock(&self.counts.last_error).replace(error.into());
        drop(before);
    }

    /// What its last failure said.
    pub(crate) fn last_error(&self) -> Option<Arc<str>> {
        lock(&self.counts.last_error).clone()
    }

    /// What became of its events, of which `by_routes` were counted by its routes.
    pub(crate) fn stats(&self, by_routes: u64) -> SubscriptionStats {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let Counts { delivered, not_had, deferred, failed, mismatched, missed, .. } = &self.counts;
        SubscriptionStats {
            // While others count, what it has not had may have been counted by them first, and not by the routes yet.
            delivered: count(delivered) + by_routes.saturating_sub(count(not_had)),
            deferred: count(deferred),
            dropped: 0,
            failed: count(failed),
            mismatched: count(mismatched),
            missed: count(missed),
        }
    }

    pub(crate) fn failures(&self) -> u64 {
        self.counts.failed.load(Ordering::Relaxed)
    }

    pub(crate) fn count_mismatch(&self) {
        self.counts.mismatched.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn mismatches(&self) -> u64 {
        self.counts.mismatched.load(Ordering::Relaxed)
    }

    pub(crate) fn count_missed(&self, events: u64) {
        self.counts.missed.fetch_add(events, Ordering::Relaxed);
    }

    pub(crate) fn missed(&self) -> u64 {
        self.counts.missed.load(Ordering::Relaxed)
    }

    /// The prefix of the bus it was made on, empty for the root.
    pub(crate) fn prefix(&self) -> &str {
        self.prefix.as_deref().unwrap_or_default()
    }
}

/// As its guard shows it.
impl fmt::Display for About {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to `{}` ({})", self.id, self.pattern, self.place)
    }
}

impl fmt::Debug for About {
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

//! [`Stats`], [`SubscriptionStats`] and [`MiddlewareStats`]: the numbers.

use std::fmt;
use std::iter::Sum;

use crate::queue::QueueStats;

/// The numbers of a bus: see [`Bus::stats`](crate::Bus::stats).
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// How many events were recorded: those that somebody listened to, or that the history keeps. On a child bus, of the
    /// topics that are still kept.
    pub published: u64,
    /// How many topics were published to and are kept.
    pub topics: usize,
    /// How many subscriptions there are.
    pub subscriptions: usize,
    /// How many child buses are open below it.
    pub children: usize,
    /// What became of the events of these subscriptions; what has ended is no longer among them.
    pub total: SubscriptionStats,
    /// What the middleware of this bus and those below it kept from being published.
    pub middleware: MiddlewareStats,
}

/// What middleware kept from being published, since it was added.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct MiddlewareStats {
    /// How many events it did not want: the receipts of their publishers name it.
    pub stopped: u64,
    /// How often it failed or panicked: before the event went on, and the publisher has got an error, or after, which
    /// `$rem.middleware.failed` tells.
    pub failed: u64,
}

/// What became of the events of one subscription, since it was made.
///
/// [`matched`](Self::matched) is always `delivered + deferred + dropped + failed`.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct SubscriptionStats {
    /// How many its handler has had, or its reader; one that is being handled counts already.
    pub delivered: u64,
    /// How many wait: for the handlers of another event, or in its queue to be read.
    pub deferred: u64,
    /// How many its queue lost, replaced by newer ones of the same key, or still held when nobody was to read them any more.
    pub dropped: u64,
    /// How many its handler, or a filter of it, failed at.
    pub failed: u64,
    /// How many it selected that were of an unrelated type, and were not delivered. They are not among the matched.
    pub mismatched: u64,
    /// How many numbers of the history it asked for were gone before they were read.
    pub missed: u64,
}

impl SubscriptionStats {
    /// How many events it wanted.
    pub fn matched(&self) -> u64 {
        self.delivered + self.deferred + self.dropped + self.failed
    }

    pub(crate) fn with_queue(self, queue: QueueStats) -> Self {
        Self {
            delivered: self.delivered + queue.delivered,
            deferred: self.deferred + queue.waiting as u64,
            dropped: self.dropped + queue.dropped + queue.replaced + queue.unread,
            ..self
        }
    }
}

impl Sum for SubscriptionStats {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, one| Self {
            delivered: sum.delivered + one.delivered,
            deferred: sum.deferred + one.deferred,
            dropped: sum.dropped + one.dropped,
            failed: sum.failed + one.failed,
            mismatched: sum.mismatched + one.mismatched,
            missed: sum.missed + one.missed,
        })
    }
}

impl Sum for MiddlewareStats {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, one| Self {
            stopped: sum.stopped + one.stopped,
            failed: sum.failed + one.failed,
        })
    }
}

impl fmt::Display for MiddlewareStats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "stopped {}, failed {}", self.stopped, self.failed)
    }
}

/// The numbers that are not zero.
impl fmt::Display for SubscriptionStats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "matched {}", self.matched())?;
        let counts = [
            ("delivered", self.delivered),
            ("deferred", self.deferred),
            ("dropped", self.dropped),
            ("failed", self.failed),
            ("mismatched", self.mismatched),
            ("missed", self.missed),
        ];
        for (name, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
            write!(f, ", {name} {count}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Stats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { published, topics, subscriptions, children, total, middleware } = self;
        write!(
            f,
            "published {published}, topics {topics}, subscriptions {subscriptions}, child buses {children}; {total}"
        )?;
        if *middleware == MiddlewareStats::default() {
            return Ok(());
        }
        write!(f, "; by middleware {middleware}")
    }
}

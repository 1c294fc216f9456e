//! [`Receipt`]: what became of an event.

use std::fmt;
use std::sync::Arc;

use crate::event::{Event, EventId};

/// What became of a published event: who wanted it, and how it reached them.
///
/// `matched` is always `delivered + deferred + dropped + failed`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Receipt {
    pub(crate) id: Option<EventId>,
    pub(crate) sequence: Option<u64>,
    pub(crate) delivered: usize,
    pub(crate) deferred: usize,
    pub(crate) dropped: usize,
    pub(crate) failed: usize,
    pub(crate) stopped: Option<Arc<str>>,
}

impl Receipt {
    /// The receipt of an event that so many have got, beside what was counted meanwhile.
    #[inline]
    pub(crate) fn complete(self, event: &Event, delivered: usize) -> Self {
        let sequence = event.sequence();
        let delivered = self.delivered + delivered;
        Self { id: sequence.map(|_| event.id()), sequence, delivered, ..self }
    }

    /// The event's id; `None` when nobody listened and nothing was kept, or middleware stopped it.
    pub fn id(&self) -> Option<EventId> {
        self.id
    }

    /// The event's sequence number; `None` when nobody listened and nothing was kept, or middleware stopped it.
    pub fn sequence(&self) -> Option<u64> {
        self.sequence
    }

    /// How many subscriptions wanted it.
    pub fn matched(&self) -> usize {
        self.delivered + self.deferred + self.dropped + self.failed
    }

    /// How many have it: their handler returned, or it is in their queue.
    pub fn delivered(&self) -> usize {
        self.delivered
    }

    /// How many inline handlers will have it when the handler that published it, and those beside it, have returned.
    pub fn deferred(&self) -> usize {
        self.deferred
    }

    /// How many queues had no room and dropped it.
    pub fn dropped(&self) -> usize {
        self.dropped
    }

    /// How many handlers failed or panicked; `$rem.handler.failed` tells of each.
    pub fn failed(&self) -> usize {
        self.failed
    }

    /// The name of the middleware that stopped it, if one did.
    pub fn stopped(&self) -> Option<&str> {
        self.stopped.as_deref()
    }
}

impl fmt::Debug for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Receipt");
        out.field("id", &self.id).field("sequence", &self.sequence);
        if let Some(stopped) = &self.stopped {
            out.field("stopped", stopped);
        }
        out.field("matched", &self.matched())
            .field("delivered", &self.delivered)
            .field("deferred", &self.deferred)
            .field("dropped", &self.dropped)
            .field("failed", &self.failed)
            .finish()
    }
}

/// One line: the counts that are not zero.
impl fmt::Display for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(stopped) = &self.stopped {
            return write!(f, "stopped by {stopped}");
        }
        write!(f, "matched {}", self.matched())?;
        let counts = [
            ("delivered", self.delivered),
            ("deferred", self.deferred),
            ("dropped", self.dropped),
            ("failed", self.failed),
        ];
        for (name, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
            write!(f, ", {name} {count}")?;
        }
        Ok(())
    }
}

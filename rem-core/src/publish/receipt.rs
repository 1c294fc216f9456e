//! [`Receipt`]: what became of an event.

use std::fmt;
use std::num::NonZeroU64;
use std::sync::Arc;

use crate::event::{Event, EventId};

/// What became of a published event: who wanted it, and how it reached them.
///
/// `matched` is always `delivered + deferred + dropped + failed`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Receipt {
    /// `None` if it was not: then nobody has it.
    recorded: Option<(NonZeroU64, EventId)>,
    pub(crate) delivered: u32,
    pub(crate) deferred: u32,
    pub(crate) dropped: u32,
    pub(crate) failed: u32,
    pub(crate) stopped: Option<Arc<str>>,
}

impl Receipt {
    /// The receipt of an event that so many have got, beside what was counted meanwhile.
    #[inline]
    pub(crate) fn complete(self, event: &Event, delivered: u32) -> Self {
        let recorded =
            event.sequence().and_then(NonZeroU64::new).map(|number| (number, event.id()));
        Self { recorded, delivered: self.delivered + delivered, ..self }
    }

    /// The event's id; `None` when nobody listened and nothing was kept, or middleware stopped it.
    pub fn id(&self) -> Option<EventId> {
        self.recorded.map(|(_, id)| id)
    }

    /// The event's sequence number; `None` when nobody listened and nothing was kept, or middleware stopped it.
    pub fn sequence(&self) -> Option<u64> {
        self.recorded.map(|(sequence, _)| sequence.get())
    }

    /// How many subscriptions wanted it.
    pub fn matched(&self) -> usize {
        [self.delivered, self.deferred, self.dropped, self.failed].map(count).iter().sum()
    }

    /// How many have it: their handler returned, or it is in their queue.
    pub fn delivered(&self) -> usize {
        count(self.delivered)
    }

    /// How many inline handlers will have it when the handler that published it, and those beside it, have returned.
    pub fn deferred(&self) -> usize {
        count(self.deferred)
    }

    /// How many queues had no room and dropped it.
    pub fn dropped(&self) -> usize {
        count(self.dropped)
    }

    /// How many handlers failed or panicked; `$rem.handler.failed` tells of each.
    pub fn failed(&self) -> usize {
        count(self.failed)
    }

    /// The name of the middleware that stopped it, if one did.
    pub fn stopped(&self) -> Option<&str> {
        self.stopped.as_deref()
    }
}

/// Nobody has more subscriptions than can be counted so.
fn count(count: u32) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

#[expect(clippy::missing_fields_in_debug, reason = "`recorded` is shown as the id and the number")]
impl fmt::Debug for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Receipt");
        out.field("id", &self.id()).field("sequence", &self.sequence());
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

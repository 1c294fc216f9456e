//! [`Receipt`]: what became of an event.

use std::fmt;
use std::sync::Arc;

use crate::event::{Event, EventId};
use crate::history::{Commits, Durable};

/// What became of a published event: who wanted it, and how it reached them.
///
/// `matched` is always `delivered + deferred + dropped + failed`.
///
/// ```
/// use rem_core::wire::{Codec, RawEvent};
/// use rem_core::{Bus, Event};
///
/// let bus = Bus::new();
/// let _well = bus.subscribe("order.paid", |_: &Event| ())?;
/// let _ill = bus.subscribe("order.**", |_: &Event| Err::<(), _>("no paper"))?;
/// let receipt = bus.publish_to("order.paid", RawEvent::new(Codec::Json, *b"1"))?;
/// assert_eq!((receipt.matched(), receipt.delivered(), receipt.failed()), (2, 1, 1));
/// assert_eq!(receipt.to_string(), "matched 2, delivered 1, failed 1");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
// Every publish returns one in memory, and its user most often moves it at once, by loads of 16 bytes. A load of what was
// stored in smaller or other pieces, or over a gap, waits until the stores have reached the cache, longer than all the rest
// of a publish that nobody hears. So it has no gaps, a fixed order, and an invalid value by which a `Result` of it has
// no more bytes than it, in the same places.
#[derive(Clone, PartialEq, Eq)]
#[repr(C)]
pub struct Receipt {
    fate: Fate,
    /// 0 if it was not recorded.
    sequence: u64,
    /// Nil if it was not recorded.
    id: EventId,
    pub(crate) delivered: u32,
    pub(crate) deferred: u32,
    pub(crate) dropped: u32,
    pub(crate) failed: u32,
    beside: Option<Arc<Beside>>,
}

/// What few receipts have, behind one word.
#[derive(Debug)]
pub(crate) enum Beside {
    /// The name of the middleware that stopped it.
    Stopped(Arc<Box<str>>),
    /// Who tells when it is stored.
    Kept(Arc<dyn Commits>),
}

impl PartialEq for Beside {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Stopped(name), Self::Stopped(other)) => name == other,
            (Self::Kept(commits), Self::Kept(other)) => Arc::ptr_eq(commits, other),
            (Self::Stopped(_), Self::Kept(_)) | (Self::Kept(_), Self::Stopped(_)) => false,
        }
    }
}

impl Eq for Beside {}

/// As wide as a register, so that it leaves no gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u64)]
enum Fate {
    /// Nobody has it.
    Unrecorded,
    Recorded,
}

impl Default for Receipt {
    #[inline]
    fn default() -> Self {
        Self {
            fate: Fate::Unrecorded,
            sequence: 0,
            id: EventId::NIL,
            delivered: 0,
            deferred: 0,
            dropped: 0,
            failed: 0,
            beside: None,
        }
    }
}

impl Receipt {
    /// The receipt of an event that so many have got, beside what was counted meanwhile.
    #[inline]
    pub(crate) fn complete(self, event: &Event, delivered: u32) -> Self {
        let delivered = self.delivered + delivered;
        match event.sequence() {
            Some(sequence) => {
                Self { fate: Fate::Recorded, sequence, id: event.id(), delivered, ..self }
            }
            None => Self { delivered, ..self },
        }
    }

    /// The same of an event that nobody stopped, once more.
    #[inline]
    pub(crate) fn of_delivered(&self) -> Self {
        let Self { fate, sequence, id, delivered, deferred, dropped, failed, ref beside } = *self;
        Self { fate, sequence, id, delivered, deferred, dropped, failed, beside: beside.clone() }
    }

    /// The event's id; `None` when nobody listened and nothing was kept, or middleware stopped it.
    pub fn id(&self) -> Option<EventId> {
        (self.fate == Fate::Recorded).then_some(self.id)
    }

    /// The event's sequence number; `None` when nobody listened and nothing was kept, or middleware stopped it.
    pub fn sequence(&self) -> Option<u64> {
        (self.fate == Fate::Recorded).then_some(self.sequence)
    }

    /// How many subscriptions wanted it.
    pub fn matched(&self) -> usize {
        [self.delivered, self.deferred, self.dropped, self.failed].map(count).iter().sum()
    }

    /// How many have it: their handler returned, or it is in their queue.
    pub fn delivered(&self) -> usize {
        count(self.delivered)
    }

    /// How many inline handlers will have it when the handler that published it, and those beside it, have returned; under
    /// [`Ordering::Total`](crate::Ordering::Total) how many subscriptions will have it from the thread that has the turn.
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
        match self.beside.as_deref() {
            Some(Beside::Stopped(name)) => Some(name),
            Some(Beside::Kept(_)) | None => None,
        }
    }

    /// The acknowledgement that the event is stored for good: a future, which [`wait`](Durable::wait) waits for in a thread.
    /// It is an error at once where the event is in no history that outlives the process.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// # use rem_core::{Bus, HistoryErrorKind, Ring};
    /// # use rem_core::wire::{Codec, RawEvent};
    /// let bus = Bus::builder().history(Ring::events(100)).build(); // in memory
    /// let receipt = bus.publish_to("order.paid", RawEvent::new(Codec::Json, *b"{}"))?;
    /// let error = receipt.durable().wait(Duration::from_secs(1)).unwrap_err();
    /// assert_eq!(error.kind(), HistoryErrorKind::NotKept);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn durable(&self) -> Durable {
        match (self.beside.as_deref(), self.sequence()) {
            (Some(Beside::Kept(commits)), Some(sequence)) => Durable::of(commits, sequence),
            (Some(Beside::Stopped(_)), _) => {
                Durable::not_kept("middleware stopped the event, so no history has it")
            }
            _ => Durable::not_kept(
                "no history that outlives the process has the event; build the bus with \
                 `Bus::builder().history(Journal::open(path)?)`, and let its type derive serde's traits rather than be `local`",
            ),
        }
    }

    pub(crate) fn stop(&mut self, name: Arc<Box<str>>) {
        self.beside = Some(Arc::new(Beside::Stopped(name)));
    }

    /// Notes where the event is stored.
    pub(crate) fn keep(&mut self, kept: Option<&Arc<Beside>>) {
        self.beside = kept.cloned();
    }
}

/// Nobody has more subscriptions than can be counted so.
fn count(count: u32) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

#[expect(clippy::missing_fields_in_debug, reason = "`fate` is shown by the id and the number")]
impl fmt::Debug for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Receipt");
        out.field("id", &self.id()).field("sequence", &self.sequence());
        if let Some(stopped) = self.stopped() {
            out.field("stopped", &stopped);
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
        if let Some(stopped) = self.stopped() {
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

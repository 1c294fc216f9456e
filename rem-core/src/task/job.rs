//! [`Job`]: one event that a task has to handle.

use std::mem;
use std::sync::Arc;

use crate::event::Event;
use crate::trace::Origin;

/// One event that a task has to handle, on its way from the queue to the handler.
pub(crate) struct Job {
    pub(crate) event: Arc<Event>,
    /// How many had begun to wait for the queue to drain when it came there.
    pub(crate) after_drains: u64,
    /// Whether the queue counts it as taken and not finished. It does not count the past.
    pub(super) counted: bool,
    pub(super) is_replay: bool,
    /// Its lane is kept for it: it was sent again, or comes after one that was.
    pub(super) has_lane: bool,
    /// Apart, for most have none of it, and an event is moved from hand to hand.
    extra: Option<Box<Extra>>,
}

#[derive(Default)]
struct Extra {
    key: Option<Box<str>>,
    letter: Option<u64>,
    origin: Origin,
}

impl Job {
    pub(crate) fn new(event: Arc<Event>, after_drains: u64) -> Self {
        Self { event, after_drains, counted: true, is_replay: false, has_lane: false, extra: None }
    }

    /// The same, whose publish has that span.
    #[inline]
    pub(crate) fn from(mut self, origin: Origin) -> Self {
        if !origin.is_none() {
            self.extra.get_or_insert_default().origin = origin;
        }
        self
    }

    /// One of the past.
    pub(super) fn replayed(event: Arc<Event>) -> Self {
        Self { counted: false, is_replay: true, ..Self::new(event, 0) }
    }

    /// One that was taken from the history of a durable subscription.
    pub(super) fn followed(event: Arc<Event>, after_drains: u64) -> Self {
        Self::new(event, after_drains)
    }

    /// Its key, as far as that was asked for.
    #[inline]
    pub(super) fn key(&self) -> Option<&str> {
        self.extra.as_ref()?.key.as_deref()
    }

    pub(super) fn set_key(&mut self, key: Option<Box<str>>) {
        if key.is_some() {
            self.extra.get_or_insert_default().key = key;
        }
    }

    /// Its place among the dead letters, if it was one.
    pub(super) fn letter(&self) -> Option<u64> {
        self.extra.as_ref()?.letter
    }

    pub(super) fn set_letter(&mut self, place: u64) {
        self.extra.get_or_insert_default().letter = Some(place);
    }

    /// The span of its publish, if it is kept.
    #[inline]
    pub(super) fn origin(&self) -> Option<&Origin> {
        self.extra.as_ref().map(|extra| &extra.origin)
    }

    /// Keeps it no longer, for the event may be long in coming to an end: to be dropped quietly, under no lock.
    pub(super) fn take_origin(&mut self) -> Origin {
        self.extra.as_mut().map(|extra| mem::take(&mut extra.origin)).unwrap_or_default()
    }

    /// What is told to the queue when it is finished.
    pub(super) fn ticket(&self) -> Option<u64> {
        self.counted.then_some(self.after_drains)
    }
}

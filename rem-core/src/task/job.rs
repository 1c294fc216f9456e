//! [`Job`]: one event that a task has to handle.

use std::mem;
use std::sync::Arc;

use crate::event::Event;
use crate::trace::Origin;

/// One event that a task has to handle, on its way from the queue to the handler.
///
/// Three words, for it is moved: what is narrower than a word is put together by more stores than it is read by loads, and each
/// such load waits until the stores are done.
pub(crate) struct Job {
    pub(crate) event: Arc<Event>,
    stand: Stand,
    /// Apart, for most have none of it.
    extra: Option<Box<Extra>>,
}

/// How the queue stands to an event: how many had begun to wait for the queue to drain when the event came there, and above
/// that what it is marked with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stand(u64);

#[derive(Default)]
struct Extra {
    key: Option<Box<str>>,
    letter: Option<u64>,
    origin: Origin,
    /// Its lane is kept for it: it was sent again, or comes after one that was.
    has_lane: bool,
}

impl Stand {
    /// The queue does not count it as taken and not finished.
    const UNCOUNTED: u64 = 1 << 63;
    /// It was read from the history before the task went on live.
    const REPLAY: u64 = 1 << 62;
    const MARKS: u64 = Self::UNCOUNTED | Self::REPLAY;

    /// Of one that the queue counts, and which came after so many.
    fn counted(self, after_drains: u64) -> Self {
        Self(after_drains & !Self::MARKS | self.0 & Self::REPLAY)
    }
}

impl Job {
    #[inline]
    pub(crate) fn new(event: Arc<Event>, after_drains: u64) -> Self {
        Self { event, stand: Stand(0).counted(after_drains), extra: None }
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
        Self { event, stand: Stand(Stand::MARKS), extra: None }
    }

    /// One that was taken from the history of a durable subscription.
    pub(super) fn followed(event: Arc<Event>, after_drains: u64) -> Self {
        Self::new(event, after_drains)
    }

    #[inline]
    pub(super) fn is_replay(&self) -> bool {
        self.stand.0 & Stand::REPLAY != 0
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

    pub(super) fn has_lane(&self) -> bool {
        self.extra.as_ref().is_some_and(|extra| extra.has_lane)
    }

    pub(super) fn keep_lane(&mut self, kept: bool) {
        match &mut self.extra {
            Some(extra) => extra.has_lane = kept,
            None if kept => self.extra.get_or_insert_default().has_lane = true,
            None => {}
        }
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

    /// It comes into the queue, which counts it from when it is taken, after so many had begun to wait.
    pub(crate) fn count(&mut self, after_drains: u64) {
        self.stand = self.stand.counted(after_drains);
    }

    /// How many had begun to wait for the queue to drain when it came there.
    pub(crate) fn after_drains(&self) -> u64 {
        self.stand.0 & !Stand::MARKS
    }

    /// What is told to the queue when it is finished; nothing of the past, which it does not count.
    #[inline]
    pub(super) fn ticket(&self) -> Option<u64> {
        (self.stand.0 & Stand::UNCOUNTED == 0).then(|| self.after_drains())
    }
}

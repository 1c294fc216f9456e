//! [`EventBuilder`]: a publish that says more than its data.

use std::fmt;

use serde_json::Value;

use super::{Extra, Receipt, To};
use crate::bus::State;
use crate::clock::Timestamp;
use crate::error::PublishError;
use crate::event::{EventId, EventType, Shown, Source};
use crate::way;

/// A publish in the making: see [`Bus::event`](crate::Bus::event) and [`Publisher::event`](crate::Publisher::event).
#[must_use = "nothing is published until `publish` is called"]
pub struct EventBuilder<'a, E> {
    bus: &'a State,
    to: To<'a>,
    data: E,
    extra: Extra,
}

impl<'a, E: EventType> EventBuilder<'a, E> {
    pub(crate) fn new(bus: &'a State, to: To<'a>, data: E) -> Self {
        Self { bus, to, data, extra: Extra::default() }
    }

    /// An event that was published before, under a topic of which so many bytes were its bus's prefix.
    pub(crate) fn again(bus: &'a State, topic: &'a str, scope: u8, extra: Extra, data: E) -> Self {
        Self { bus, to: To::Again(topic, scope), data, extra }
    }

    /// Its identity, if it is not to be a new one: of an event that was published elsewhere, or whose publish is tried
    /// again. Nothing is compared with it unless the bus is told to, by
    /// [`Deduplicate`](crate::middleware::Deduplicate).
    pub fn id(mut self, id: EventId) -> Self {
        self.extra.id = Some(id);
        self
    }

    /// Who publishes it.
    pub fn source(mut self, source: impl Into<Source>) -> Self {
        self.extra.source = Some(source.into());
        self
    }

    /// One value of its metadata.
    pub fn metadata(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.extra.metadata.get_or_insert_default().insert(name, value);
        self
    }

    /// When it happened, if not now: a [`Timestamp`], a `SystemTime`, or an `Option` of the first, of which `None` means
    /// now.
    pub fn timestamp(mut self, timestamp: impl Into<When>) -> Self {
        self.extra.timestamp = timestamp.into().0;
        self
    }

    /// What caused it, if not the event that is being handled in this thread.
    pub fn causation(mut self, event: EventId) -> Self {
        self.extra.causation = Some(event);
        self
    }

    /// The story it belongs to, if not that of the event that is being handled in this thread.
    pub fn correlation(mut self, event: EventId) -> Self {
        self.extra.correlation = Some(event);
        self
    }

    /// Publishes it under the topic of its variant.
    ///
    /// # Errors
    /// As for [`Bus::publish`](crate::Bus::publish).
    pub fn publish(self) -> Result<Receipt, PublishError<E>> {
        let Self { bus, to, data, mut extra } = self;
        way::go(bus, data, to, Some(&mut extra), None)
    }

    /// Publishes it under a topic by name.
    ///
    /// # Errors
    /// As for [`Bus::publish_to`](crate::Bus::publish_to).
    pub fn publish_to(self, topic: impl AsRef<str>) -> Result<Receipt, PublishError<E>> {
        let Self { bus, data, mut extra, .. } = self;
        let to = To::Named(topic.as_ref());
        way::go(bus, data, to, Some(&mut extra), None)
    }
}

/// What [`EventBuilder::timestamp`] takes.
#[derive(Debug, Clone, Copy)]
pub struct When(Option<Timestamp>);

impl<T: Into<Timestamp>> From<T> for When {
    fn from(time: T) -> Self {
        Self(Some(time.into()))
    }
}

impl From<Option<Timestamp>> for When {
    fn from(time: Option<Timestamp>) -> Self {
        Self(time)
    }
}

/// Fields that are marked `#[event(redact)]` are not shown.
impl<E: EventType> fmt::Debug for EventBuilder<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventBuilder")
            .field("data", &Shown(&self.data))
            .field("extra", &self.extra)
            .finish_non_exhaustive()
    }
}

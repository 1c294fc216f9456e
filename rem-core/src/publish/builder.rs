//! [`EventBuilder`]: a publish that says more than its data.

use std::fmt;

use serde_json::Value;

use super::{Extra, Outgoing, Receipt, To};
use crate::bus::Bus;
use crate::clock::Timestamp;
use crate::error::PublishError;
use crate::event::{EventId, EventType, Source};
use crate::way;

/// A publish in the making: see [`Bus::event`].
#[must_use = "nothing is published until `publish` is called"]
pub struct EventBuilder<'a, E> {
    bus: &'a Bus,
    data: E,
    extra: Box<Extra>,
}

impl<'a, E: EventType> EventBuilder<'a, E> {
    pub(crate) fn new(bus: &'a Bus, data: E) -> Self {
        Self { bus, data, extra: Box::default() }
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

    /// When it happened, if not now.
    pub fn timestamp(mut self, timestamp: impl Into<Timestamp>) -> Self {
        self.extra.timestamp = Some(timestamp.into());
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
    /// As for [`Bus::publish`].
    pub fn publish(self) -> Result<Receipt, PublishError<E>> {
        let Self { bus, data, extra } = self;
        way::go(bus.state(), Outgoing { data, to: To::Own, extra: Some(extra) })
    }

    /// Publishes it under a topic by name.
    ///
    /// # Errors
    /// As for [`Bus::publish_to`].
    pub fn publish_to(self, topic: impl AsRef<str>) -> Result<Receipt, PublishError<E>> {
        let Self { bus, data, extra } = self;
        way::go(bus.state(), Outgoing { data, to: To::Named(topic.as_ref()), extra: Some(extra) })
    }
}

impl<E: fmt::Debug> fmt::Debug for EventBuilder<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventBuilder")
            .field("data", &self.data)
            .field("extra", &self.extra)
            .finish_non_exhaustive()
    }
}

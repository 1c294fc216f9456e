//! [`CloudEvent`]: what was read, to be decoded, made an event, or published.

use rem_patterns::Topic;

use super::names;
use crate::bus::Bus;
use crate::clock::{Clock, Timestamp};
use crate::error::PublishError;
use crate::event::{Event, EventId, EventType, Head, Metadata, Source, below};
use crate::publish::{EventBuilder, Extra, Receipt};
use crate::wire::{DecodeError, RawEvent};

/// An event that was read from a cloud event: an event of another program, its data not decoded yet.
///
/// ```
/// use rem_core::{Bus, Event};
/// use rem_core::cloudevents::Decoder;
///
/// let json = br#"{"specversion":"1.0","id":"A-17","source":"/shop","type":"order.paid","tenant":"acme","data":{"id":4}}"#;
/// let read = Decoder::new().structured(json)?;
/// assert_eq!(read.metadata().get("id").and_then(|id| id.as_str()), Some("A-17"));
///
/// let bus = Bus::new();
/// let _sub = bus.subscribe("order.**", |event: &Event| {
///     assert_eq!(event.source(), Some("/shop"));
///     assert_eq!(event.metadata().get("tenant").and_then(|tenant| tenant.as_str()), Some("acme"));
/// })?;
/// assert_eq!(read.publish(&bus)?.delivered(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct CloudEvent {
    pub(super) id: EventId,
    pub(super) topic: Topic,
    pub(super) scope: u8,
    pub(super) source: Option<Source>,
    pub(super) time: Option<Timestamp>,
    pub(super) subject: Option<Box<str>>,
    pub(super) metadata: Metadata,
    pub(super) causation: Option<EventId>,
    pub(super) correlation: Option<EventId>,
    pub(super) sequence: Option<u64>,
    pub(super) data: RawEvent,
}

impl CloudEvent {
    /// The event's identity: `id` if it is a UUID, otherwise one made of `source` and `id`, and then the latter is in the
    /// metadata.
    pub fn id(&self) -> EventId {
        self.id
    }

    /// The attribute `type`: the full topic, from the root of the bus that it was published on.
    pub fn topic(&self) -> &Topic {
        &self.topic
    }

    /// How many bytes at the start of the topic are the prefix of the bus on which it was published: 0 for a root.
    pub fn scope(&self) -> usize {
        usize::from(self.scope)
    }

    /// Who says so.
    pub fn source(&self) -> Option<&str> {
        self.source.as_deref()
    }

    /// When it happened, if that is told.
    pub fn timestamp(&self) -> Option<Timestamp> {
        self.time
    }

    /// What the event is about within its source: its key, if REM wrote it.
    pub fn subject(&self) -> Option<&str> {
        self.subject.as_deref()
    }

    /// Extensions that REM does not know, and the metadata of an event that REM wrote. Without the subject, which may be the
    /// key of the data.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// The event whose handler published this one.
    pub fn causation(&self) -> Option<EventId> {
        self.causation
    }

    /// The first event of the story that this one belongs to, if that is told.
    pub fn correlation(&self) -> Option<EventId> {
        self.correlation
    }

    /// Its place in the order of the bus that it was published on.
    pub fn sequence(&self) -> Option<u64> {
        self.sequence
    }

    /// The data, as it came; empty if there is none.
    pub fn data(&self) -> &RawEvent {
        &self.data
    }

    /// The data as a value of `E`, which must have the topic: aliases and older versions are read as they are from a bus.
    ///
    /// # Errors
    /// When `E` has no such topic, or the data is none of its values, with the path to the fault.
    pub fn decode<E: EventType>(&self) -> Result<E, DecodeError> {
        let scoped = match self.scope {
            0 => self.topic.as_str(),
            scope => &self.topic[usize::from(scope) + 1..],
        };
        let Some(topic) = below(scoped, E::SCHEMA.namespace) else {
            return Err(DecodeError::no_such_topic(E::SCHEMA.name, scoped));
        };
        E::decode(topic, &self.data.body())
    }

    /// The event, without a bus: for what is imported or stored. Where the time is not told, it is now. `RawEvent` for `E` leaves
    /// the data as it came.
    ///
    /// # Errors
    /// As for [`decode`](Self::decode).
    pub fn into_event<E: EventType>(self) -> Result<Event<E>, DecodeError> {
        let data = self.decode::<E>()?;
        let metadata = self.metadata_beside(&data);
        let time = self.time.unwrap_or_else(|| Clock::System.now());
        let mut head = Head::new(self.id, self.topic, self.scope, time);
        head.source = self.source;
        head.metadata = metadata;
        head.causation = self.causation;
        head.correlation = self.correlation;
        head.set_sequence(self.sequence.unwrap_or(0));
        Ok(Event { head, data })
    }

    /// Publishes it under its topic, below the bus's prefix. The data stays as it came: for each type that listens it is decoded
    /// once, when the first subscriber of it asks.
    ///
    /// It keeps its id, source, time, metadata, cause, story and scope. The sequence number is the bus's own. Where the time is not
    /// told, it is now by the bus's clock.
    ///
    /// # Errors
    /// As for [`Bus::publish_to`].
    pub fn publish(&self, bus: &Bus) -> Result<Receipt, PublishError<RawEvent>> {
        self.with(bus, self.data.clone()).publish()
    }

    /// The same event with what stands below `prefix` for its topic, and so much less of a scope: to be published on the bus that
    /// has that prefix. `None` if its topic does not lie below it.
    ///
    /// ```
    /// use rem_core::{Bus, cloudevents::Decoder};
    ///
    /// let json = br#"{"specversion":"1.0","id":"1","source":"/shop","type":"eu.order.paid","data":{"id":4}}"#;
    /// let bus = Bus::new();
    /// let eu = bus.child("eu")?;
    /// let read = Decoder::new().structured(json)?.below(eu.prefix().ok_or("a child has one")?).ok_or("it lies elsewhere")?;
    /// assert_eq!(read.topic().as_str(), "order.paid");
    /// read.publish(&eu)?; // eu.order.paid
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn below(mut self, prefix: &Topic) -> Option<Self> {
        self.topic = Topic::parse(self.topic.strip_prefix(prefix)?).ok()?;
        let dot = prefix.len() + 1;
        // A scope that is the prefix, or a part of it, is the bus's own.
        self.scope = u8::try_from(usize::from(self.scope).saturating_sub(dot)).unwrap_or(0);
        Some(self)
    }

    /// The same event with one value of its metadata more, or another in its place.
    #[must_use]
    pub fn with_metadata(mut self, name: &str, value: impl Into<serde_json::Value>) -> Self {
        self.metadata.insert(name, value);
        self
    }

    /// A publish in the making, of the data as a value of `E`: it is known to be one before it is published.
    ///
    /// ```
    /// # use rem_core::{Bus, EventType, cloudevents::CloudEvent};
    /// # fn publish<E: EventType>(bus: Bus, read: CloudEvent) -> Result<(), Box<dyn std::error::Error>> {
    /// let receipt = read.event_on::<E>(&bus)?.metadata("via", "import").publish()?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As for [`decode`](Self::decode).
    pub fn event_on<'a, E: EventType>(
        &'a self,
        bus: &'a Bus,
    ) -> Result<EventBuilder<'a, E>, DecodeError> {
        Ok(self.with(bus, self.decode()?))
    }

    fn with<'a, E: EventType>(&'a self, bus: &'a Bus, data: E) -> EventBuilder<'a, E> {
        let extra = Extra {
            id: Some(self.id),
            timestamp: self.time,
            source: self.source.clone(),
            metadata: self.metadata_beside(&data),
            causation: self.causation,
            correlation: self.correlation,
            ..Extra::default()
        };
        EventBuilder::again(bus.state(), &self.topic, self.scope, extra, data)
    }

    /// The metadata of an event with that data: with the subject, unless that is its key.
    fn metadata_beside<E: EventType>(&self, data: &E) -> Option<Box<Metadata>> {
        let mut metadata = self.metadata.clone();
        if let Some(subject) = self.subject()
            && metadata.get(names::SUBJECT).is_none()
            && data.key().as_deref() != Some(subject)
        {
            metadata.insert(names::SUBJECT, subject);
        }
        (!metadata.is_empty()).then(|| Box::new(metadata))
    }
}

//! [`Event`]: the envelope that travels, typed or erased.

mod blank;
mod by_hand;
mod check;
mod event_type;
pub(crate) mod head;
mod id;
mod metadata;
mod payload;
mod schema;
mod source;
mod topic_writer;
mod typed_pattern;
mod view;

use std::fmt;
use std::sync::Arc;

#[doc(hidden)]
pub use blank::{Blank, CannotBlank};
pub use event_type::{EventType, Part};
pub use id::EventId;
pub use metadata::Metadata;
pub use payload::{Payload, Redacted, Shown};
pub use schema::{EventSchema, FieldSchema, Leaf, Schema};
pub use source::Source;
pub use topic_writer::TopicWriter;
pub use typed_pattern::TypedPattern;
pub use view::Shape;

pub(crate) use by_hand::{Making, place};
pub(crate) use event_type::part_or_lift;
pub(crate) use head::Head;
pub(crate) use id::{Ids, NewId};
pub(crate) use typed_pattern::all_topics;
#[doc(hidden)]
pub use {by_hand::Seen, check::*, event_type::below, view::Wanted};

use rem_patterns::Topic;

use crate::clock::Timestamp;

/// Something that happened: data under a topic, with what is known about it.
///
/// `Event<T>` is typed; `Event`, without a parameter, is the same with data of any type. The data is the last field,
/// so an `Arc<Event<T>>` coerces to an `Arc<Event>` and one allocation serves both.
///
/// The data is read through [`data`](Self::data) and cannot be changed, for an event is shared; before it is recorded
/// it is a [`Draft`](crate::Draft), which can.
///
/// ```
/// use rem_core::wire::{Codec, RawEvent};
/// use rem_core::{Bus, Event, Ring};
///
/// let bus = Bus::builder().source("shop").history(Ring::events(10)).build();
/// bus.event(RawEvent::new(Codec::Json, *b"{}")).metadata("tenant", "acme").publish_to("order.paid")?;
/// let event = &bus.query("order")?.events()[0];
/// assert_eq!((event.topic().as_str(), event.source(), event.sequence()), ("order.paid", Some("shop"), Some(1)));
/// assert_eq!(event.metadata().get("tenant").and_then(|tenant| tenant.as_str()), Some("acme"));
/// // Its data, whoever asks for it, as the type that was published.
/// assert!(event.downcast_ref::<RawEvent>().is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Event<T: ?Sized = dyn Payload> {
    pub(crate) head: Head,
    /// What happened.
    pub data: T,
}

impl<T: ?Sized> Event<T> {
    /// The event's identity, the same on every bus and in every process that sees it.
    pub fn id(&self) -> EventId {
        self.head.id
    }

    /// The full topic, from the root bus.
    pub fn topic(&self) -> &Topic {
        &self.head.topic
    }

    /// The topic below the prefix of the child bus on which the event was published.
    pub fn scoped_topic(&self) -> &str {
        self.head.scoped_topic()
    }

    /// How many bytes at the start of the topic are the prefix of the bus on which the event was published: 0 for
    /// the root.
    pub fn scope(&self) -> usize {
        usize::from(self.head.scope)
    }

    /// When it happened, by the bus's clock unless the publisher said otherwise: the system's, to the microsecond. Within a
    /// thread it does not go back as long as nobody sets the clock.
    pub fn timestamp(&self) -> Timestamp {
        self.head.timestamp
    }

    /// Who says so, if the publisher told.
    pub fn source(&self) -> Option<&str> {
        self.head.source.as_deref()
    }

    /// What else the publisher or middleware added.
    pub fn metadata(&self) -> &Metadata {
        match &self.head.metadata {
            Some(metadata) => metadata,
            None => Metadata::empty(),
        }
    }

    /// The event's place in the one order of its root bus, from 1; `None` for a system event that is not recorded,
    /// and for an event that middleware still holds.
    pub fn sequence(&self) -> Option<u64> {
        self.head.sequence()
    }

    /// The event whose handler published this one.
    pub fn causation(&self) -> Option<EventId> {
        self.head.causation
    }

    /// The first event of the story that this one belongs to, unless the publisher named another; an event without a
    /// cause begins its own.
    pub fn correlation(&self) -> EventId {
        self.head.correlation.unwrap_or(self.head.id)
    }
}

impl<T: Payload + ?Sized> Event<T> {
    /// What the event is about, if its type says so (`#[event(key)]`).
    pub fn key(&self) -> Option<String> {
        self.data.key()
    }
}

impl Event {
    /// The event with its data's type known, if it is `E`.
    ///
    /// This looks at the data as it was published. To see a nested type within it, subscribe to that type.
    pub fn downcast_ref<E: EventType>(&self) -> Option<&Event<E>> {
        by_hand::by_ref(self)
    }

    /// The shared event with its data's type known, or as it was.
    ///
    /// # Errors
    /// The event itself, when its data is of another type.
    pub fn downcast_arc<E: EventType>(self: Arc<Self>) -> Result<Arc<Event<E>>, Arc<Self>> {
        by_hand::by_arc(self)
    }
}

/// Fields that are marked `#[event(redact)]` are not shown.
impl<T: Payload + ?Sized> fmt::Debug for Event<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Event");
        self.head.debug(&mut out);
        out.field("data", &Shown(&self.data)).finish()
    }
}

/// One line: time, topic, sequence, source and data, but for fields that are marked `#[event(redact)]`.
impl<T: Payload + ?Sized> fmt::Display for Event<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.timestamp(), self.topic())?;
        if let Some(sequence) = self.sequence() {
            write!(f, " #{sequence}")?;
        }
        if let Some(source) = self.source() {
            write!(f, " from {source}")?;
        }
        write!(f, ": {:?}", Shown(&self.data))
    }
}

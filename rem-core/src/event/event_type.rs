//! [`EventType`]: what `#[derive(EventType)]` implements.

use std::any::TypeId;
use std::fmt;
use std::sync::Arc;

use rem_patterns::constant::Topics;

use super::head::Head;
use super::{Event, Payload, Schema, Shown, TopicWriter};
use crate::wire::{self, Body, Codec, DecodeError, EncodeError, RawEvent, Wiring};

/// A type whose values are published, each under the topic of its variant.
///
/// Derive it; the methods are what the derive and the bus agree upon. A value's topic is the bus's prefix, the type's
/// namespace and the *relative topic* that [`write_topic`](Self::write_topic) writes, joined by dots.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an event type",
    label = "not an event type",
    note = "write `#[derive(EventType)]` on `{Self}`, an enum with one variant an event, or a struct that is one event",
    note = "if that is there: a type with parameters is an event type as far as it is `Debug`, `Send`, `Sync`, `'static` \
            and, unless it is `#[event(local)]`, `Serialize` and `Deserialize`"
)]
pub trait EventType: fmt::Debug + Send + Sync + Sized + 'static {
    /// The type's topics, fields and documentation.
    const SCHEMA: Schema;

    /// An index of all topics, made once for all patterns that the compiler compares with them; none if `SCHEMA` is to be
    /// asked.
    #[doc(hidden)]
    const TOPICS: &'static Topics<'static> = &Topics::NONE;

    /// How values leave the process and come back; `None` for a type that never does (`#[event(local)]`).
    const WIRE: Option<Wiring<Self>> = None;

    /// Which of the schema's topics is this value's: its place among [`Schema::leaves`]. `usize::MAX` for a value that is
    /// never published (`#[event(skip)]`).
    fn leaf(&self) -> usize;

    /// Writes the topic of this value, without the type's namespace.
    ///
    /// # Errors
    /// When the writer's limit is reached, a field cannot be displayed, or the value is never published.
    fn write_topic(&self, out: &mut TopicWriter) -> fmt::Result;

    /// Writes another topic that the value's variant is read under: of [`EventSchema::aliases`](super::EventSchema::aliases)
    /// the one at that place.
    ///
    /// # Errors
    /// As for [`write_topic`](Self::write_topic), and when there is none.
    fn write_alias(&self, alias: usize, out: &mut TopicWriter) -> fmt::Result {
        let _ = (alias, out);
        Err(fmt::Error)
    }

    /// What the event is about (`#[event(key)]` on a field): events of one key belong together, and their order counts.
    fn key(&self) -> Option<String> {
        None
    }

    /// Shows the value where events are shown: as its `Debug` does, but for fields that are not for every eye
    /// (`#[event(redact)]`).
    ///
    /// # Errors
    /// When the formatter has.
    fn fmt_data(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }

    /// Blanks the fields that are not for every eye (`#[event(redact)]`): a text becomes `[redacted]`, another value the
    /// `Default` of its type.
    ///
    /// # Errors
    /// The name of a field whose type has no `Default`; it is as it was.
    fn blank(&mut self) -> Result<(), &'static str> {
        Ok(())
    }

    /// The value of another event type that this variant holds (`#[event(nested)]`).
    fn part(&self) -> Option<Part<'_>> {
        None
    }

    /// Makes a value of this type around one of a type nested in it, if `topic`, relative to the namespace, is one
    /// that the result has.
    fn lift(part: &dyn Payload, topic: &str) -> Option<Self> {
        let _ = (part, topic);
        None
    }

    /// Writes what the value's variant holds: the data of an event outside of the process. The topic names the variant.
    ///
    /// # Errors
    /// When the type is local, its `Serialize` fails, or the codec has no form for a value.
    fn encode(&self, codec: Codec) -> Result<Vec<u8>, EncodeError> {
        // Most bodies fit, and one that does not grows twice.
        let mut out = Vec::with_capacity(256);
        self.encode_into(codec, &mut out)?;
        Ok(out)
    }

    /// The same behind what `out` holds already; after an error it holds what it held, and may hold a beginning more.
    ///
    /// # Errors
    /// As for [`encode`](Self::encode).
    fn encode_into(&self, codec: Codec, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        wire::encode_variant(self, codec, out)
    }

    /// The data as it came, if the value holds it so (`#[event(other)]`).
    #[doc(hidden)]
    fn raw(&self) -> Option<&RawEvent> {
        None
    }

    /// The value that holds an event which the type does not know, if it has a variant for it (`#[event(other)]`).
    fn other(event: RawEvent) -> Option<Self> {
        let _ = event;
        None
    }

    /// Reads data of an older version than the event has now, of the event at that place in the schema, and makes it the
    /// present one (`#[event(version = …, upcast = …)]`). `None` if it has had no other.
    fn upcast(place: usize, body: &Body<'_>) -> Option<Result<Self, DecodeError>> {
        let _ = (place, body);
        None
    }

    /// Reads the value that was published under `topic`, relative to the type's namespace.
    ///
    /// # Errors
    /// When the type is local, has no such topic, or the data is not its own; and when a field that stands in the topic
    /// has another value in the data.
    fn decode(topic: &str, body: &Body<'_>) -> Result<Self, DecodeError> {
        wire::decode_variant(topic, body)
    }
}

/// A nested event type's value within its parent's, and how to make an event of it alone.
#[derive(Clone, Copy)]
pub struct Part<'a> {
    payload: &'a dyn Payload,
    alone: fn(&dyn Payload, Head) -> Option<Arc<Event>>,
}

impl<'a> Part<'a> {
    /// The part `value` of a larger value.
    pub fn new<E: EventType + Clone>(value: &'a E) -> Self {
        Self {
            payload: value,
            alone: |payload, head| {
                let data = payload.downcast_ref::<E>()?.clone();
                Some(Arc::new(Event { head, data }))
            },
        }
    }

    /// The value.
    pub(crate) fn payload(&self) -> &'a dyn Payload {
        self.payload
    }

    /// An event with this head and the wanted part, however deep it is nested.
    pub(crate) fn find(self, wanted: TypeId, head: &Head) -> Option<Arc<Event>> {
        let mut part = self;
        loop {
            if part.payload.type_id() == wanted {
                return (part.alone)(part.payload, head.copy());
            }
            part = part.payload.part()?;
        }
    }
}

impl fmt::Debug for Part<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Part").field(&Shown(self.payload)).finish()
    }
}

/// What [`EventType::lift`] asks of a nested type: the part itself, or something around it, if its topic is `topic`.
///
/// Not public API; called by derived code.
#[doc(hidden)]
pub(crate) fn part_or_lift<E: EventType + Clone>(part: &dyn Payload, topic: &str) -> Option<E> {
    match part.downcast_ref::<E>() {
        Some(value) => TopicWriter::is_topic_of(value, topic).then(|| value.clone()),
        None => E::lift(part, topic),
    }
}

/// `topic` below `prefix`; `prefix` may be empty.
///
/// Not public API; called by derived code.
#[doc(hidden)]
pub fn below<'a>(topic: &'a str, prefix: &str) -> Option<&'a str> {
    if prefix.is_empty() {
        return Some(topic);
    }
    topic.strip_prefix(prefix)?.strip_prefix('.')
}

//! [`Nested`]: what the derive asks of an event type within another.

use std::fmt;

use crate::wire::{Body, Codec, DecodeError, EncodeError, RawEvent};

use super::super::{EventType, Part, Payload, Schema, Shown, TopicWriter, part_or_lift};

/// An event type that can be nested.
///
/// Derived code reaches a nested type through this trait alone, so that what is wrong with it is said once.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be nested: it is not an event type that is `Clone`",
    label = "not an event type, or not `Clone`",
    note = "write `#[derive(EventType, Clone)]` on `{Self}`",
    note = "or drop `#[event(nested)]`: the variant is then one event with a topic of its own"
)]
pub trait Nested: Sized {
    /// See [`EventType::SCHEMA`].
    const SCHEMA: Schema;

    /// See [`EventType::leaf`].
    fn leaf(&self) -> usize;

    /// See [`EventType::write_topic`].
    ///
    /// # Errors
    /// When the writer's limit is reached or a field cannot be displayed.
    fn write_topic(&self, out: &mut TopicWriter) -> fmt::Result;

    /// See [`EventType::encode_into`].
    ///
    /// # Errors
    /// As there.
    fn encode_into(&self, codec: Codec, out: &mut Vec<u8>) -> Result<(), EncodeError>;

    /// See [`EventType::raw`].
    fn raw(&self) -> Option<&RawEvent>;

    /// See [`EventType::decode`].
    ///
    /// # Errors
    /// As there.
    fn decode(topic: &str, body: &Body<'_>) -> Result<Self, DecodeError>;

    /// See [`EventType::key`].
    fn key(&self) -> Option<String>;

    /// Whether the type has something that events do not show.
    fn redacts(&self) -> bool;

    /// See [`EventType::blank`].
    ///
    /// # Errors
    /// As there.
    fn blank(&mut self) -> Result<(), &'static str>;

    /// The value as events show it.
    fn shown(&self) -> Shown<'_, dyn Payload>;

    /// The value as a part of its parent's.
    fn part(&self) -> Part<'_>;

    /// The part itself, or a value of this type around it, if its topic is `topic`.
    fn of(part: &dyn Payload, topic: &str) -> Option<Self>;
}

#[diagnostic::do_not_recommend]
impl<E: EventType + Clone> Nested for E {
    const SCHEMA: Schema = <E as EventType>::SCHEMA;

    fn leaf(&self) -> usize {
        EventType::leaf(self)
    }

    fn write_topic(&self, out: &mut TopicWriter) -> fmt::Result {
        EventType::write_topic(self, out)
    }

    fn encode_into(&self, codec: Codec, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        EventType::encode_into(self, codec, out)
    }

    fn raw(&self) -> Option<&RawEvent> {
        EventType::raw(self)
    }

    fn decode(topic: &str, body: &Body<'_>) -> Result<Self, DecodeError> {
        EventType::decode(topic, body)
    }

    fn key(&self) -> Option<String> {
        EventType::key(self)
    }

    fn redacts(&self) -> bool {
        const { <E as EventType>::SCHEMA.redacts() }
    }

    fn blank(&mut self) -> Result<(), &'static str> {
        EventType::blank(self)
    }

    fn shown(&self) -> Shown<'_, dyn Payload> {
        Shown(self)
    }

    fn part(&self) -> Part<'_> {
        Part::new(self)
    }

    fn of(part: &dyn Payload, topic: &str) -> Option<Self> {
        part_or_lift(part, topic)
    }
}

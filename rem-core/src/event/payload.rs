//! [`Payload`]: the data of an event when its type is not known.

use std::any::{Any, TypeId};
use std::fmt;
use std::sync::Arc;

use super::{Event, EventType, Part, Schema, TopicWriter};
use crate::wire::{self, Codec, EncodeError, MaskErrorKind, RawEvent};

/// The data of an event of any type: what `Event`, written without a parameter, carries.
///
/// Implemented for every [`EventType`]; it cannot be implemented otherwise.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the data of an event",
    note = "write `#[derive(EventType)]` on `{Self}`"
)]
pub trait Payload: Any + fmt::Debug + Send + Sync + sealed::Sealed {
    /// The schema of the value's type.
    fn schema(&self) -> &'static Schema;

    /// See [`EventType::leaf`].
    fn leaf(&self) -> usize;

    /// See [`EventType::write_topic`].
    ///
    /// # Errors
    /// When the writer's limit is reached or a field cannot be displayed.
    fn write_topic(&self, out: &mut TopicWriter) -> fmt::Result;

    /// See [`EventType::part`].
    fn part(&self) -> Option<Part<'_>>;

    /// See [`EventType::key`].
    fn key(&self) -> Option<String>;

    /// See [`EventType::fmt_data`].
    ///
    /// # Errors
    /// When the formatter has.
    fn fmt_data(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result;

    /// Whether the type, or one nested in it, marks fields that are not for every eye.
    fn redacts(&self) -> bool;

    /// See [`EventType::blank`].
    ///
    /// # Errors
    /// As there.
    fn blank(&mut self) -> Result<(), &'static str>;

    /// See [`EventType::encode_into`].
    ///
    /// # Errors
    /// As there.
    fn encode_into(&self, codec: Codec, out: &mut Vec<u8>) -> Result<(), EncodeError>;

    /// See [`EventType::raw`].
    #[doc(hidden)]
    fn raw(&self) -> Option<&RawEvent>;

    /// A copy of the event, of which this is the data, with its marked fields blanked: see [`Mask`](crate::wire::Mask).
    #[doc(hidden)]
    fn masked(&self, event: &Event) -> Result<Arc<Event>, MaskErrorKind>;
}

/// A value as events show it.
pub struct Shown<'a, T: ?Sized>(pub(crate) &'a T);

impl<T: Payload + ?Sized> fmt::Debug for Shown<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt_data(f)
    }
}

/// What stands for a field that is not for every eye.
#[derive(Clone, Copy)]
pub struct Redacted;

impl fmt::Debug for Redacted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl<E: EventType> Payload for E {
    fn schema(&self) -> &'static Schema {
        const { &E::SCHEMA }
    }
    fn leaf(&self) -> usize {
        EventType::leaf(self)
    }
    fn write_topic(&self, out: &mut TopicWriter) -> fmt::Result {
        EventType::write_topic(self, out)
    }
    fn part(&self) -> Option<Part<'_>> {
        EventType::part(self)
    }
    fn key(&self) -> Option<String> {
        EventType::key(self)
    }
    fn fmt_data(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        EventType::fmt_data(self, f)
    }
    fn redacts(&self) -> bool {
        const { E::SCHEMA.redacts() }
    }
    fn blank(&mut self) -> Result<(), &'static str> {
        EventType::blank(self)
    }
    fn encode_into(&self, codec: Codec, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        EventType::encode_into(self, codec, out)
    }
    fn raw(&self) -> Option<&RawEvent> {
        EventType::raw(self)
    }
    fn masked(&self, event: &Event) -> Result<Arc<Event>, MaskErrorKind> {
        wire::masked(self, event)
    }
}

impl dyn Payload {
    /// `true` if the value is of type `E`.
    pub fn is<E: EventType>(&self) -> bool {
        self.type_of() == TypeId::of::<E>()
    }

    /// The type of the value.
    pub(crate) fn type_of(&self) -> TypeId {
        self.type_id()
    }

    /// The value, if it is of type `E`.
    pub fn downcast_ref<E: EventType>(&self) -> Option<&E> {
        (self as &dyn Any).downcast_ref()
    }

    /// The value, if it is of type `E`, to change it.
    pub fn downcast_mut<E: EventType>(&mut self) -> Option<&mut E> {
        (self as &mut dyn Any).downcast_mut()
    }
}

mod sealed {
    #[expect(unnameable_types, reason = "that it cannot be named is what seals the trait")]
    pub trait Sealed {}
    impl<E: super::EventType> Sealed for E {}
}

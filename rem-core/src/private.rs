//! What derived code, the macros and the crates of this project that are built on the core name. Not public API: it changes
//! with them, without notice.

pub use crate::block::{Alert, block_on, block_until};
pub use crate::event::{
    Blank, CannotBlank, Event, EventSchema, EventType, FieldSchema, KeyField, Nested, Part,
    Payload, Redacted, Schema, Seen, Shown, TopicField, TopicWriter, TypedPattern, Wanted, Wire,
    below, check_every_topic, check_pattern, check_topics, check_whole_pattern, checked_pattern,
    checked_topics, index, key_field, segments, topic_field,
};
pub use crate::handlers::{
    Argument, Filters, HandlerCall, HandlerFn, HandlerSetup, Handlers, Lasts, Registrar, Retries,
    SpanName, TaskCall, TaskSetup, take,
};
pub use crate::interest::{Bell, Interest, Interests, LastWanted};
pub use crate::probe::{Handled, Probe, Probing, last, lost, now, number, past, readable};
pub use crate::subscription::Outcome;
pub use crate::system::tell;
pub use crate::timers::{Alarm, Alarms};
pub use crate::wire::{
    Body, Codec, DecodeError, EncodeError, Other, RawEvent, Upcast, Wiring, check_upcast,
    decode_variant, encode_variant, upcast, wired,
};
pub use rem_patterns::constant::{
    ConstClass, ConstElement, ConstForm, ConstPattern, ConstPiece, ConstSegment, ConstText, Index,
    Topics,
};
pub use rem_patterns::{Pattern, Topic};
pub use serde::Serialize;
pub use serde::de::DeserializeOwned;

/// Runs the user's code; a panic of it is an error with its text.
pub fn isolate<R>(run: impl FnOnce() -> R) -> Result<R, Box<str>> {
    crate::deliver::isolate(run)
}

/// A vector of bytes, by a name that no user can have taken.
pub type Bytes = Vec<u8>;

/// A text, by a name that no user can have taken.
pub type Text = String;

/// The name of a field, by a name that no user can have taken.
pub type FieldName = &'static str;

/// What stands for a field that is not for every eye.
pub const REDACTED: Redacted = Redacted;

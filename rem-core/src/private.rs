//! What derived code and the macros name. Not public API: it changes with them, without notice.

pub use crate::event::{
    EventSchema, EventType, FieldSchema, Nested, Part, Payload, Schema, TopicField, TopicWriter,
    TypedPattern, Wanted, Wire, below, check_pattern, check_topics, checked_pattern, cut, segments,
    topic_field,
};
pub use crate::wire::{
    Body, Codec, DecodeError, EncodeError, Wiring, decode_variant, encode_variant, wired,
};
pub use rem_patterns::constant::{
    ConstClass, ConstElement, ConstForm, ConstPattern, ConstPiece, ConstSegment, ConstText, Cut,
};
pub use rem_patterns::{Pattern, Topic};

/// A vector of bytes, by a name that no user can have taken.
pub type Bytes = Vec<u8>;

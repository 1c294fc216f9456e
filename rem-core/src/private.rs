//! What derived code and the macros name. Not public API: it changes with them, without notice.

pub use crate::event::{
    EventSchema, EventType, FieldSchema, Nested, Part, Payload, Schema, TopicField, TopicWriter,
    TypedPattern, Wanted, Wire, below, check_pattern, check_topics, checked_pattern,
    leaves_the_process, topic_field,
};
pub use rem_patterns::constant::{ConstElement, ConstPattern, ConstSegment};
pub use rem_patterns::{Pattern, Topic};

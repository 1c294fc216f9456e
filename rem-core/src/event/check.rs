//! What derived code asks of the compiler: bounds with messages of our own, and constants that are refused.
//!
//! None of it is public API. The functions are evaluated at compile time and walk a type's [`Schema`] once.

mod nested;
mod path;
mod topics;
mod select;
mod whole;

pub use nested::Nested;
pub use select::{index, segments};

use std::fmt::Display;

use serde::Serialize;
use serde::de::DeserializeOwned;

use rem_patterns::Pattern;
use rem_patterns::constant::{ConstPattern, Topics};

use super::Schema;

/// What an event type can do that is not `#[event(local)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot leave the process: it does not implement `Serialize` and `DeserializeOwned`",
    label = "cannot be written to a history on disk or sent to another process",
    note = "derive both: `#[derive(serde::Serialize, serde::Deserialize)]`",
    note = "or keep its events in this process: `#[event(local)]`"
)]
pub trait Wire: Serialize + DeserializeOwned {}

#[diagnostic::do_not_recommend]
impl<E: Serialize + DeserializeOwned> Wire for E {}

/// A field whose value can be a segment of a topic.
#[diagnostic::on_unimplemented(
    message = "a field of type `{Self}` cannot be part of a topic",
    label = "does not implement `Display`",
    note = "a `{{field}}` of a topic is written as its `Display` says: implement it, or leave the field out of the topic"
)]
pub trait TopicField: Display {}

#[diagnostic::do_not_recommend]
impl<T: Display> TopicField for T {}

/// The value as it is written to a topic.
#[inline]
pub fn topic_field<T: TopicField>(value: &T) -> &dyn Display {
    value
}

/// A field whose value can be an event's key.
#[diagnostic::on_unimplemented(
    message = "a field of type `{Self}` cannot be the key of an event",
    label = "does not implement `Display`",
    note = "a key is compared as its `Display` says: implement it, or mark another field"
)]
pub trait KeyField: Display {}

#[diagnostic::do_not_recommend]
impl<T: Display> KeyField for T {}

/// The value as a key.
pub fn key_field<T: KeyField>(value: &T) -> String {
    value.to_string()
}

/// Refuses a type that has two variants of one topic, or a topic that is too long, through the types nested in it.
///
/// # Panics
/// Says so; derived code calls this in a constant, where a panic is a compile error.
#[track_caller]
pub const fn check_topics<const N: usize>(schema: &'static Schema) {
    if let Some(message) = topics::fault::<N>(schema) {
        panic!("{}", message.as_str());
    }
}

/// The schema of a type with parameters, refused as [`check_topics`] does. How many topics it has is known too late to be
/// a parameter.
///
/// # Panics
/// Says so; derived code calls this in a constant, where a panic is a compile error.
#[track_caller]
pub const fn checked_topics(schema: &'static Schema) -> Schema {
    match schema.topics() {
        0..=64 => check_topics::<64>(schema),
        65..=1_024 => check_topics::<1_024>(schema),
        1_025..=16_384 => check_topics::<16_384>(schema),
        _ => panic!("a generic event type has at most 16,384 topics: nest less in it"),
    }
    *schema
}

/// Refuses a pattern that can select none of a type's topics, relative to its namespace, and names the nearest.
///
/// `topics` is [`EventType::TOPICS`](super::EventType::TOPICS).
///
/// # Panics
/// Says so; `pattern!(Type, "…")` calls this in a constant, where a panic is a compile error.
#[track_caller]
pub const fn check_pattern(schema: Schema, topics: &Topics<'_>, pattern: &ConstPattern<'_>) {
    if let Some(message) = select::fault(schema, topics, pattern) {
        panic!("{}", message.as_str());
    }
}

/// The same for a pattern over whole topics, namespace included: what stands in `#[on("…")]`.
///
/// # Panics
/// As for [`check_pattern`].
#[track_caller]
pub const fn check_whole_pattern(schema: Schema, topics: &Topics<'_>, pattern: &ConstPattern<'_>) {
    if let Some(message) = whole::fault(schema, topics, pattern) {
        panic!("{}", message.as_str());
    }
}

/// Refuses `#[on]`, without a pattern, for a type that has no topics.
///
/// # Panics
/// As for [`check_pattern`].
#[track_caller]
pub const fn check_every_topic(schema: Schema) {
    if let Some(message) = whole::without_topics(schema) {
        panic!("{}", message.as_str());
    }
}

/// The pattern `text`, which `pattern!` has checked.
pub fn checked_pattern(text: &'static str) -> Pattern {
    // The macro crate is pinned to the version of this one, so that both parse alike.
    Pattern::parse(text)
        .unwrap_or_else(|error| unreachable!("`pattern!` accepted what is no pattern: {error}"))
}

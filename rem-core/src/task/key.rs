//! [`TaskKey`]: what the events of a task are told apart by.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use crate::event::{Event, EventSchema, Schema};
use crate::wire::Codec;

/// What the events of a task are told apart by: those of one key are handled in their order, those of different keys at the
/// same time. See [`TaskBuilder::by_key`](crate::TaskBuilder::by_key).
///
/// Made of a name: the field of the data that its type declares as the key, if that is its name; else the metadata of that
/// name; else the field of that name in the data as JSON, which costs writing the data. Or of a closure. An event without a
/// key is handled in no order with any other.
#[derive(Clone)]
pub struct TaskKey(Arc<KeyOf>);

type KeyOf = dyn Fn(&Event) -> Option<Box<str>> + Send + Sync;

impl TaskKey {
    /// The key that the type of the event's data declares, `#[event(key)]`.
    pub fn declared() -> Self {
        Self::of(|event| event.key().map(Box::from))
    }

    /// The key is what `key` says of an event. It is called by a worker of the task; if it panics, the event has failed.
    pub fn of(key: impl Fn(&Event) -> Option<Box<str>> + Send + Sync + 'static) -> Self {
        Self(Arc::new(key))
    }

    /// User code: it may panic.
    pub(super) fn get(&self, event: &Event) -> Option<Box<str>> {
        (self.0)(event)
    }
}

impl From<&str> for TaskKey {
    fn from(name: &str) -> Self {
        let name: Box<str> = name.into();
        Self::of(move |event| {
            let variant = variant(event.data.schema(), event.data.leaf());
            let declared = variant.is_some_and(|variant| {
                variant.fields.iter().any(|field| field.key && field.name == &*name)
            });
            if declared {
                return event.key().map(Box::from);
            }
            event.metadata().get(&name).map(text).or_else(|| field(event, &name))
        })
    }
}

impl<F: Fn(&Event) -> Option<Box<str>> + Send + Sync + 'static> From<F> for TaskKey {
    fn from(key: F) -> Self {
        Self::of(key)
    }
}

/// The variant of that number, however deep it is nested.
fn variant(schema: &Schema, mut leaf: usize) -> Option<&'static EventSchema> {
    for event in schema.events {
        if leaf < event.len() {
            return event.nested.map_or(Some(event), |nested| variant(nested, leaf));
        }
        leaf -= event.len();
    }
    None
}

/// A field of the data, as JSON has it.
fn field(event: &Event, name: &str) -> Option<Box<str>> {
    let mut body = Vec::new();
    event.data.encode_into(Codec::Json, &mut body).ok()?;
    let body: Value = serde_json::from_slice(&body).ok()?;
    body.get(name).filter(|value| !value.is_null()).map(text)
}

fn text(value: &Value) -> Box<str> {
    value.as_str().map_or_else(|| value.to_string().into(), Box::from)
}

impl fmt::Debug for TaskKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TaskKey")
    }
}

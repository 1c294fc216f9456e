//! What the tests share.

use rem::EventType;
use rem::schema::{EventBody, JsonSchema, bodies};
use rem::wire::Codec;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The schema of the data of a type's event.
pub(crate) fn body<E: EventType + JsonSchema + DeserializeOwned>(topic: &str) -> Value {
    let all: Vec<EventBody> = bodies::<E>().unwrap();
    let found = all.iter().find(|body| body.topic == topic);
    found.unwrap_or_else(|| panic!("{topic}: {all:#?}")).schema.clone()
}

/// What the wire holds of a value.
pub(crate) fn written<E: EventType>(value: &E) -> Value {
    serde_json::from_slice(&EventType::encode(value, Codec::Json).unwrap()).unwrap()
}

/// The topic, or template, of a value.
pub(crate) fn topic<E: EventType>(value: &E) -> String {
    E::SCHEMA.leaves().swap_remove(value.leaf()).topic
}

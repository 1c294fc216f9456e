//! Events as JSON, and back: what an inspector gives, and the same of a journal.

use std::sync::Arc;

use rem_core::wire::{Body, Codec, RawEvent};
use rem_core::{Event, Metadata, Payload, Restored, Source, Topic};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::failure::Failure;

/// An event of a journal, as an inspector would give it. What is to be masked only types know, and a journal has none: who has the
/// file sees all that is in it.
pub(crate) fn value_of(event: &Event) -> Value {
    let mut value = json!({
        "sequence": event.sequence(),
        "id": event.id(),
        "topic": event.topic().as_str(),
        "scope": event.scope(),
        "time": event.timestamp(),
        "source": event.source(),
        "metadata": event.metadata(),
        "causation": event.causation(),
        "correlation": event.correlation(),
        "version": null,
        "data": null,
    });
    if let Some(raw) = event.data.downcast_ref::<RawEvent>() {
        value["version"] = json!(raw.written_as());
        let bytes: &[u8] = if raw.bytes().is_empty() { b"null" } else { raw.bytes() };
        match serde_json::from_slice(bytes) {
            Ok(data) if raw.codec() == Codec::Json => value["data"] = data,
            _ => value["unreadable"] = json!(format!("data in {}, which is no JSON", raw.codec())),
        }
    }
    value
}

/// What of an event is needed to make it one again.
#[derive(Debug, Deserialize)]
struct Given {
    sequence: Option<u64>,
    id: rem_core::EventId,
    topic: String,
    scope: u8,
    time: rem_core::Timestamp,
    source: Option<String>,
    metadata: Metadata,
    causation: Option<rem_core::EventId>,
    correlation: rem_core::EventId,
    version: Option<u32>,
    data: Value,
}

/// The event that an inspector gave.
pub(crate) fn event_of(value: Value) -> Result<Arc<Event>, Failure> {
    let refuse =
        |said: String| Failure::refused(format!("the inspector gave what is no event: {said}"));
    for (member, why) in [
        ("cut", "its data is too long to be given"),
        ("hidden", "its data is hidden"),
        ("shown", "it never leaves its process"),
    ] {
        if value.get(member).is_some() {
            let said = format!(
                "event {} cannot be taken from here: {why}; ask the journal itself",
                value["sequence"]
            );
            return Err(Failure::refused(said));
        }
    }
    let given: Given = serde_json::from_value(value).map_err(|error| refuse(error.to_string()))?;
    let data = given.data.to_string();
    let body = Body::new(Codec::Json, data.as_bytes()).version(given.version).limit(usize::MAX);
    let restored = Restored {
        sequence: given.sequence.unwrap_or_default(),
        id: given.id,
        topic: Topic::parse(&given.topic).map_err(|error| refuse(error.to_string()))?,
        scope: given.scope,
        timestamp: given.time,
        source: given.source.map(Source::from),
        metadata: (!given.metadata.is_empty()).then(|| Box::new(given.metadata)),
        causation: given.causation,
        correlation: (given.correlation != given.id).then_some(given.correlation),
        data: body,
    };
    Ok(restored.event())
}

/// An event with that data under another number; under none if it is 0.
pub(crate) fn numbered<T: Payload + ?Sized>(
    sequence: u64,
    event: &Event<T>,
    raw: &RawEvent,
) -> Arc<Event> {
    let (metadata, story) = (event.metadata(), event.correlation());
    let restored = Restored {
        sequence,
        id: event.id(),
        topic: event.topic().clone(),
        scope: u8::try_from(event.scope()).unwrap_or_default(),
        timestamp: event.timestamp(),
        source: event.source().map(|source| Source::from(source.to_owned())),
        metadata: (!metadata.is_empty()).then(|| Box::new(metadata.clone())),
        causation: event.causation(),
        correlation: (story != event.id()).then_some(story),
        data: Body::new(raw.codec(), raw.bytes()).version(raw.written_as()).limit(usize::MAX),
    };
    restored.event()
}

//! [`EventJson`]: an event as the API gives it.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rem_core::__private::isolate;
use rem_core::wire::Codec;
use rem_core::{Event, EventId, EventSchema, Metadata, Payload, Schema, Timestamp};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::mask::Masking;
use crate::refusal::head;

/// How long the JSON of data may be: in lists and streams, and in the detail.
pub(crate) const IN_LIST: usize = 16 << 10;
pub(crate) const IN_DETAIL: usize = 64 << 10;
/// How much of data that is longer is given as text.
const CUT: usize = 1 << 10;

/// An event as the API gives it.
#[derive(Debug, Serialize)]
pub(crate) struct EventJson {
    pub(crate) sequence: Option<u64>,
    pub(crate) id: EventId,
    pub(crate) topic: String,
    scope: usize,
    time: Timestamp,
    source: Option<String>,
    key: Option<String>,
    metadata: Metadata,
    pub(crate) causation: Option<EventId>,
    correlation: EventId,
    #[serde(rename = "type")]
    event_type: Option<&'static str>,
    variant: Option<&'static str>,
    version: Option<u32>,
    data: Option<Box<RawValue>>,
    masked: bool,
    #[serde(flatten)]
    instead: Option<Instead>,
    /// How many bytes the data has, as JSON or as it is kept.
    #[serde(skip)]
    pub(crate) bytes: usize,
    /// The whole data as text, to be searched.
    #[serde(skip)]
    text: Option<String>,
}

/// What is given where the data cannot be.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Instead {
    Cut { cut: Cut },
    Shown { shown: String },
    Hidden { hidden: String },
    Bytes { base64: String, codec: String },
    Unreadable { unreadable: String },
}

#[derive(Debug, Serialize)]
struct Cut {
    bytes: usize,
    text: String,
}

impl EventJson {
    /// The event with at most so many bytes of data. Users' code runs in it, isolated.
    pub(crate) fn of(event: &Arc<Event>, masking: &Masking, limit: usize) -> Self {
        match isolate(|| Self::masked(event, masking, limit)) {
            Ok(json) => json,
            Err(panic) => {
                Self::without_data(event, Instead::Unreadable { unreadable: panic.into() })
            }
        }
    }

    fn masked(event: &Arc<Event>, masking: &Masking, limit: usize) -> Self {
        let schema = event.data.schema();
        if schema.local {
            let shown = format!("{:?}", Data(&event.data));
            return Self::without_data(event, Instead::Shown { shown: head(&shown, limit).into() })
                .keyed(event);
        }
        let masked = match masking.event(event) {
            Ok(masked) => masked,
            Err(error) => {
                return Self::without_data(event, Instead::Hidden { hidden: error.to_string() });
            }
        };
        let is_masked =
            event.data.redacts() || (raw(event).is_some() && !Arc::ptr_eq(event, &masked));
        let mut json = Self::head(&masked).keyed(&masked);
        json.masked = is_masked;
        json.fill(&masked, limit);
        json
    }

    /// The data, or what there is in its place.
    fn fill(&mut self, event: &Arc<Event>, limit: usize) {
        let bytes = match raw(event) {
            Some((codec, _, bytes)) if codec != Codec::Json => {
                self.bytes = bytes.len();
                let base64 = STANDARD.encode(&bytes[..bytes.len().min(limit)]);
                self.instead = Some(Instead::Bytes { base64, codec: codec.to_string() });
                return;
            }
            // No bytes at all are no data.
            Some((_, _, [])) => b"null".to_vec(),
            Some((_, _, bytes)) => bytes.to_vec(),
            None => {
                let mut out = Vec::new();
                if let Err(error) = event.data.encode_into(Codec::Json, &mut out) {
                    self.instead = Some(Instead::Unreadable { unreadable: error.to_string() });
                    return;
                }
                out
            }
        };
        self.bytes = bytes.len();
        let text = match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => {
                let unreadable = format!(
                    "raw data that is no UTF-8, which JSON is written in: {}",
                    error.utf8_error()
                );
                self.instead = Some(Instead::Unreadable { unreadable });
                return;
            }
        };
        if text.len() > limit {
            let cut = Cut { bytes: text.len(), text: head(&text, CUT).into() };
            self.instead = Some(Instead::Cut { cut });
            self.text = Some(text);
            return;
        }
        match serde_json::from_str::<Box<RawValue>>(&text) {
            Ok(data) => self.data = Some(data),
            Err(error) => {
                let unreadable = format!("raw data that is no JSON: {error}");
                self.instead = Some(Instead::Unreadable { unreadable });
            }
        }
    }

    /// Whether that text, in lower case, occurs in the data as it is shown, in any case.
    pub(crate) fn has(&self, lower: &str) -> bool {
        let text = match (&self.data, &self.text, &self.instead) {
            (Some(data), ..) => data.get(),
            (_, Some(text), _) => text,
            (.., Some(Instead::Shown { shown })) => shown,
            _ => return false,
        };
        contains(text, lower)
    }

    fn keyed(mut self, event: &Event) -> Self {
        self.key = event.key();
        self
    }

    fn without_data(event: &Arc<Event>, instead: Instead) -> Self {
        let mut json = Self::head(event);
        json.masked = matches!(instead, Instead::Shown { .. }) && event.data.redacts();
        json.instead = Some(instead);
        json
    }

    fn head(event: &Arc<Event>) -> Self {
        let raw = raw(event);
        let schema = event.data.schema();
        let variant = raw.is_none().then(|| variant(schema, event.data.leaf())).flatten();
        let version = match raw {
            Some((_, version, _)) => version,
            None => variant.map(|variant| variant.version),
        };
        Self {
            sequence: event.sequence(),
            id: event.id(),
            topic: event.topic().to_string(),
            scope: event.scope(),
            time: event.timestamp(),
            source: event.source().map(Into::into),
            key: None,
            metadata: event.metadata().clone(),
            causation: event.causation(),
            correlation: event.correlation(),
            event_type: raw.is_none().then_some(schema.name),
            variant: variant.map(|variant| variant.variant),
            version,
            data: None,
            masked: false,
            instead: None,
            bytes: 0,
            text: None,
        }
    }
}

/// What raw data is written in, in which version, and its bytes; `None` of data with a type.
fn raw(event: &Event) -> Option<(Codec, Option<u32>, &[u8])> {
    let raw = event.data.downcast_ref::<rem_core::wire::RawEvent>()?;
    Some((raw.codec(), raw.written_as(), raw.bytes()))
}

/// The variant of a topic by its number.
fn variant(schema: &Schema, mut leaf: usize) -> Option<&'static EventSchema> {
    let mut events = schema.events;
    loop {
        let (event, rest) = events.split_first()?;
        match event.nested {
            Some(nested) if leaf < nested.len() => events = nested.events,
            None if leaf == 0 => return Some(event),
            _ => {
                leaf = leaf.checked_sub(event.len())?;
                events = rest;
            }
        }
    }
}

/// Data as Rust shows it, but for what is not for every eye.
struct Data<'a>(&'a dyn Payload);

impl fmt::Debug for Data<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt_data(f)
    }
}

/// Whether `lower`, which is in lower case, occurs in the text, in any case.
fn contains(text: &str, lower: &str) -> bool {
    if text.is_ascii() && lower.is_ascii() {
        let (text, lower) = (text.as_bytes(), lower.as_bytes());
        return text.windows(lower.len().max(1)).any(|window| window.eq_ignore_ascii_case(lower));
    }
    text.to_lowercase().contains(lower)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_found_in_any_case() {
        for (text, lower, found) in [
            (r#"{"a":"Paid"}"#, "paid", true),
            (r#"{"a":"Paid"}"#, "paide", false),
            ("ÄRGER", "ärger", true),
            ("", "a", false),
        ] {
            assert_eq!(contains(text, lower), found, "{text} {lower}");
        }
    }
}

//! What must hold of written events for any bytes: run by the fuzz target, and on what it found by a test.

use std::fmt::Debug;

use rem::cloudevents::{CloudEvent, Decoder, Encoder};
use rem::wire::{Body, Codec, RawEvent};
use rem::{Event, EventType};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Without floating-point numbers: MessagePack has some that JSON has not.
#[derive(EventType, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[event(namespace = "a")]
enum Shape {
    Unit,
    Text(String),
    #[event(topic = "{name}.named", alias = "old.name.{name}")]
    Named {
        #[event(key)]
        name: String,
        #[serde(default)]
        count: Option<i64>,
    },
    #[event(nested = "inner")]
    Inner(Inner),
    Free(Value),
    #[event(other)]
    Unknown(RawEvent),
}

#[derive(EventType, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[event(namespace = "inner")]
enum Inner {
    #[event(version = 2, upcast = Inner::made)]
    Made(Vec<u8>, bool),
}

/// What `Inner::Made` was before.
#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
struct Before {
    bytes: Vec<u8>,
}

impl Inner {
    fn made(before: Before) -> Self {
        Self::Made(before.bytes, true)
    }
}

/// The first byte says what the rest is: `s` a structured document, `b` a batch, `h` lines of headers, an empty line and a
/// body, `m` the same in the mode that the headers say; `j` and `p` a line with a topic, and a body in JSON or in
/// MessagePack. Nothing panics, and what decodes is written to an equal event.
/// Says whether anything did.
pub(crate) fn wire_decode(data: &[u8]) -> bool {
    let Some((kind, data)) = data.split_first() else { return false };
    let decoder = Decoder::new().limit(1 << 16);
    let read = match kind {
        b's' => decoder.structured(data).map(|event| vec![event]),
        b'b' => decoder.batch(data),
        b'h' => {
            let (headers, body) = message(data);
            decoder.binary(headers, body).map(|event| vec![event])
        }
        b'm' => {
            let (headers, body) = message(data);
            decoder.message(headers, body)
        }
        b'j' => return plain(data, Codec::Json),
        b'p' => return plain(data, Codec::MessagePack),
        _ => return false,
    };
    let read = read.unwrap_or_default();
    read.iter().for_each(round_trip);
    !read.is_empty()
}

/// Names and values up to an empty line, and what is left.
fn message(mut data: &[u8]) -> (Vec<(&str, &[u8])>, &[u8]) {
    let mut headers = Vec::new();
    while let Some((line, rest)) = line(data).filter(|(line, _)| !line.is_empty()) {
        let at = line.iter().position(|byte| *byte == b':').unwrap_or(line.len());
        let (name, value) = line.split_at(at);
        headers.push((std::str::from_utf8(name).unwrap_or("ce-x"), value.get(1..).unwrap_or(b"")));
        data = rest;
    }
    (headers, data.strip_prefix(b"\n").unwrap_or(data))
}

fn line(data: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = data.iter().position(|byte| *byte == b'\n')?;
    Some((&data[..at], &data[at + 1..]))
}

fn round_trip(read: &CloudEvent) {
    assert!(read.scope() < read.topic().len() && !read.topic().is_system());
    let raw = read.clone().into_event::<RawEvent>().expect("any data is raw data");
    written_again(&raw);
    if let Ok(typed) = read.clone().into_event::<Shape>() {
        written_again(&typed);
    }
}

fn written_again<E: EventType + Clone + PartialEq>(event: &Event<E>) {
    let decoder = Decoder::new().limit(1 << 20);
    for codec in Codec::ALL {
        let encoder = Encoder::new().codec(*codec);
        let document = encoder.structured(event).expect("what was read can be written");
        let message = encoder.binary(event).expect("what was read can be written");
        for read in
            [decoder.structured(&document), decoder.binary(message.headers(), message.body())]
        {
            let read = read.map(CloudEvent::into_event::<E>);
            let read = read.unwrap_or_else(|error| panic!("{error}: {event:?} as {message:?}"));
            let read = read.unwrap_or_else(|error| panic!("{error}: {event:?} as {message:?}"));
            assert_eq!(head(&read), head(event), "{message:?}");
            assert!(read.data == event.data, "{read:?} from {event:?} as {message:?}");
        }
    }
}

/// Everything but the data.
fn head<E: EventType>(event: &Event<E>) -> impl PartialEq + Debug {
    (
        (event.id(), event.topic().clone(), event.scope(), event.timestamp(), event.sequence()),
        (event.source().map(str::to_owned), event.metadata().clone()),
        (event.causation(), event.correlation()),
    )
}

fn plain(data: &[u8], codec: Codec) -> bool {
    let Some((topic, bytes)) = line(data) else { return false };
    let Ok(topic) = std::str::from_utf8(topic) else { return false };
    let mut any = false;
    for version in [None, Some(1)] {
        let body = Body::new(codec, bytes).limit(1 << 16).version(version);
        let Ok(value) = Shape::decode(topic, &body) else { continue };
        if let Shape::Unknown(raw) = &value {
            assert_eq!((raw.bytes(), raw.written_as()), (bytes, version));
        }
        let again = value.encode(codec).expect("what was read can be written");
        let read = Shape::decode(topic, &Body::new(codec, &again));
        assert!(is_same(read.as_ref().ok(), &value), "{read:?} from {value:?}");
        any = true;
    }
    any
}

/// What is not known has a version that is not in its bytes.
fn is_same(read: Option<&Shape>, value: &Shape) -> bool {
    match (read, value) {
        (Some(Shape::Unknown(read)), Shape::Unknown(raw)) => read.bytes() == raw.bytes(),
        (Some(read), value) => read == value,
        (None, _) => false,
    }
}

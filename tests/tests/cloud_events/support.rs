//! An event type with every kind of variant, events with any head, and how two of them are compared.

use std::sync::Arc;

use rem::cloudevents::{CloudEvent, CloudEventError, Decoder, Encoder};
use rem::prelude::*;
use rem::wire::RawEvent;
use serde::{Deserialize, Serialize};

#[derive(EventType, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[event(namespace = "shop.order")]
pub(crate) enum Order {
    Opened,
    Placed {
        #[event(key)]
        id: String,
        cents: u64,
        note: Option<String>,
    },
    #[event(topic = "{region}.shipped", alias = "gone.to.{region}")]
    Shipped {
        region: String,
        weight: f64,
    },
    #[event(nested = "line")]
    Line(Line),
    #[event(other)]
    Unknown(RawEvent),
}

#[derive(EventType, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[event(namespace = "line")]
pub(crate) enum Line {
    #[event(version = 2, upcast = Line::packed)]
    Packed(u32, Vec<u8>),
    Lost,
}

/// What `Line::Packed` was in version 1.
#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
pub(crate) struct PackedOnce {
    pub(crate) number: u32,
}

impl Line {
    fn packed(PackedOnce { number }: PackedOnce) -> Self {
        Self::Packed(number, Vec::new())
    }
}

/// The one event that `publish` leaves on a bus.
pub(crate) fn published<E: EventType>(bus: &Bus, publish: impl FnOnce(&Bus)) -> Arc<Event<E>> {
    publish(bus);
    bus.query("**").unwrap().events().pop().unwrap().downcast_arc().unwrap()
}

pub(crate) fn bus() -> Bus {
    Bus::builder().history(Ring::events(8)).build()
}

/// Everything that an event is.
pub(crate) fn all<E: EventType + Clone>(
    event: &Event<E>,
) -> (E, impl PartialEq + std::fmt::Debug + use<E>) {
    let head = (
        (event.id(), event.topic().clone(), event.scope(), event.timestamp()),
        (event.source().map(str::to_owned), event.metadata().clone(), event.sequence()),
        (event.causation(), event.correlation()),
    );
    (event.data.clone(), head)
}

/// An event written and read in each mode.
pub(crate) fn in_every_mode<E: EventType>(
    encoder: &Encoder,
    event: &Event<E>,
) -> Vec<(&'static str, String, Result<CloudEvent, CloudEventError>)> {
    let decoder = Decoder::new();
    let json = encoder.structured(event).unwrap();
    let batch = encoder.batch([event, event]).unwrap();
    let message = encoder.binary(event).unwrap();
    let http = message.clone().into_http();
    let content_type = [("Content-Type", "application/cloudevents+json; charset=UTF-8")];
    let shown = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let second = |all: Vec<CloudEvent>| all.into_iter().nth(1).unwrap();
    let only = |all: Vec<CloudEvent>| all.into_iter().next().unwrap();
    vec![
        ("structured", shown(&json), decoder.structured(&json)),
        ("told by content type", shown(&json), decoder.message(content_type, &json).map(only)),
        ("batch", shown(&batch), decoder.batch(&batch).map(second)),
        ("binary", format!("{message:?}"), decoder.binary(message.headers(), message.body())),
        ("http", format!("{http:?}"), decoder.message(http.headers(), http.body()).map(only)),
    ]
}

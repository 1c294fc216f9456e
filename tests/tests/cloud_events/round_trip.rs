//! Whatever an event holds, it comes back: any metadata, any source, every codec, every mode.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use rem::cloudevents::Encoder;
use rem::prelude::*;
use rem::wire::{Codec, RawEvent};
use rem::{EventId, Timestamp};
use serde_json::{Map, Value};

use super::support::{Line, Order, all, bus, in_every_mode, published};

/// Names that are attributes, that are like them, and that none can be.
const NAMES: &[&str] = &[
    "id",
    "source",
    "type",
    "specversion",
    "time",
    "subject",
    "dataschema",
    "datacontenttype",
    "data",
    "data_base64",
    "correlationid",
    "causationid",
    "sequence",
    "remscope",
    "remversion",
    "remmeta",
    "traceparent",
    "tracestate",
    "Tenant",
    "order_id",
    "",
    "größe",
    "abcdefghijklmnopqrstu",
    "$serde_json::private::RawValue",
    "$serde_json::private::Number",
];

/// Texts that look like something else.
const TEXTS: &[&str] = &[
    "",
    " ",
    "\"",
    "\"quoted\"",
    "\\",
    "%",
    "%41",
    "a%zz",
    "1",
    "-0",
    "true",
    "null",
    "1.0",
    "\u{0}",
    "a\nb",
    "\u{7f}",
    "\u{85}",
    "\u{ffff}",
    "\u{1ffff}",
    "\u{fdd0}",
    "€",
    "𝄞",
    "018f2c3e-7b1a-7c4d-8e5f-0123456789ab",
    "00000000000000000042",
    "application/json",
    "application/json; charset=utf-8",
    "application/vnd.x+json",
    "application/msgpack",
    "text/plain",
    "text/xml; charset=utf-8",
    "image/png",
    "https://example.com/schema#x",
    "rem:",
    "rem:?",
    "rem:a%20b",
    "rem:rem%3Aa",
    "rem:%zz",
    "//[::1]/x",
    "urn:x:y",
    "a:b c",
    ":",
    "k",
];

/// JSON, as we write it, as others do, and what is none.
const JSON: &[&str] = &[
    "",
    "null",
    "{}",
    " 1",
    "1 ",
    "{",
    r#""x""#,
    r#""a\u0041""#,
    r#""\u00e9""#,
    r#""""#,
    "[]",
    "[1,255]",
    "[1, 2]",
    "[256]",
    "[104,105]",
    "[-1]",
    "{} {}",
];

fn text() -> impl Strategy<Value = String> {
    prop_oneof![select(TEXTS).prop_map(str::to_owned), any::<String>()]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from), // those that are no number become null
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((text(), inner), 0..4).prop_map(|map| Value::Object(Map::from_iter(map))),
        ]
    })
}

fn metadata() -> impl Strategy<Value = Vec<(String, Value)>> {
    let name = prop_oneof![
        2 => select(NAMES).prop_map(str::to_owned),
        1 => "[a-z0-9]{1,22}",
        1 => any::<String>(),
    ];
    vec((name, prop_oneof![value(), text().prop_map(Value::from)]), 0..6)
}

pub(super) fn order() -> impl Strategy<Value = Order> {
    prop_oneof![
        Just(Order::Opened),
        (text(), any::<u64>(), option::of(text())).prop_map(|(id, cents, note)| Order::Placed {
            id,
            cents,
            note
        }),
        ("[a-z ./%]{0,8}", -1e300..1e300)
            .prop_map(|(region, weight)| Order::Shipped { region, weight }),
        (any::<u32>(), vec(any::<u8>(), 0..9))
            .prop_map(|(number, bytes)| Order::Line(Line::Packed(number, bytes))),
        Just(Order::Line(Line::Lost)),
        raw().prop_map(|raw| Order::Unknown(raw.under("not.known"))),
    ]
}

pub(super) fn raw() -> impl Strategy<Value = RawEvent> {
    let json = prop_oneof![
        value().prop_map(|value| value.to_string()),
        value().prop_map(|value| format!("{value:#}")),
        vec(any::<u8>(), 0..9).prop_map(|bytes| format!("{bytes:?}").replace(' ', "")),
        select(JSON).prop_map(str::to_owned),
    ];
    let bytes = prop_oneof![json.prop_map(String::into_bytes), vec(any::<u8>(), 0..20)];
    (bytes, select(Codec::ALL), option::of(any::<u32>()))
        .prop_map(|(bytes, codec, version)| RawEvent::new(codec, bytes).version(version))
}

/// What a publisher says beside the data.
#[derive(Debug, Clone)]
pub(super) struct Said {
    prefix: Option<&'static str>,
    source: Option<String>,
    metadata: Vec<(String, Value)>,
    time: u64,
    causation: Option<u128>,
    correlation: Option<u128>,
}

pub(super) fn said() -> impl Strategy<Value = Said> {
    (
        select(&[None, Some("eu"), Some("eu.west")][..]),
        option::of(text()),
        metadata(),
        any::<u64>(),
        option::of(any::<u128>()),
        option::of(any::<u128>()),
    )
        .prop_map(|(prefix, source, metadata, time, causation, correlation)| Said {
            prefix,
            source,
            metadata,
            time,
            causation,
            correlation,
        })
}

impl Said {
    pub(super) fn event<E: EventType>(
        &self,
        topic: Option<&str>,
        data: E,
    ) -> std::sync::Arc<Event<E>> {
        published(&bus(), |bus| {
            let child = self.prefix.map(|prefix| bus.child(prefix).unwrap());
            let mut event = child.as_ref().unwrap_or(bus).event(data);
            event = event.timestamp(Timestamp::from_nanos(self.time));
            if let Some(source) = &self.source {
                event = event.source(source.clone());
            }
            for (name, value) in &self.metadata {
                event = event.metadata(name.as_str(), value.clone());
            }
            let id = |bits: u128| EventId::from(uuid::Uuid::from_u128(bits));
            if let Some(causation) = self.causation {
                event = event.causation(id(causation));
            }
            if let Some(correlation) = self.correlation {
                event = event.correlation(id(correlation));
            }
            match topic {
                Some(topic) => event.publish_to(topic).unwrap(),
                None => event.publish().unwrap(),
            };
        })
    }
}

/// Every name that is one of an attribute, with every text that looks like a value of one.
#[test]
fn metadata_that_looks_like_an_attribute_comes_back() {
    let values = TEXTS.iter().map(|text| Value::from(*text)).chain([5.into(), true.into()]);
    for (name, value) in
        NAMES.iter().flat_map(|name| values.clone().map(move |value| (name, value)))
    {
        let said = Said {
            prefix: None,
            source: Some("s".into()),
            metadata: vec![((*name).to_owned(), value)],
            time: 5,
            causation: None,
            correlation: None,
        };
        let placed = Order::Placed { id: "k".into(), cents: 1, note: None };
        let event = said.event(None, placed);
        for (mode, written, read) in in_every_mode(&Encoder::new(), &event) {
            let read = read.unwrap().into_event::<Order>().unwrap();
            assert_eq!(all(&read), all(&event), "{mode}: {written}");
        }
    }
}

/// Every form of raw data with every media type.
#[test]
fn raw_data_of_any_media_type_comes_back() {
    for (json, media) in JSON.iter().flat_map(|json| TEXTS.iter().map(move |media| (json, media))) {
        let event = published::<RawEvent>(&bus(), |bus| {
            let event = bus.event(RawEvent::new(Codec::Json, json.as_bytes()));
            event.metadata("datacontenttype", *media).publish_to("a.b").unwrap();
        });
        for (mode, written, read) in in_every_mode(&Encoder::new(), &event) {
            let read = read.unwrap().into_event::<RawEvent>().unwrap();
            assert_eq!(all(&read), all(&event), "{mode}: {written}");
        }
    }
}

fn config() -> ProptestConfig {
    ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_typed_event_comes_back(said in said(), data in order()) {
        let event = said.event(None, data);
        for codec in Codec::ALL.iter().copied() {
            for (mode, written, read) in in_every_mode(&Encoder::new().codec(codec), &event) {
                let read = read.unwrap_or_else(|error| panic!("{mode}: {error}: {written}"));
                let read = read.into_event::<Order>().unwrap_or_else(|error| panic!("{mode}: {error}: {written}"));
                prop_assert_eq!(all(&read), all(&event), "{}: {}", mode, written);
            }
        }
    }

    #[test]
    fn a_raw_event_comes_back_byte_for_byte(said in said(), data in raw()) {
        let event = said.event(Some("foreign.topic"), data);
        for (mode, written, read) in in_every_mode(&Encoder::new(), &event) {
            let read = read.unwrap_or_else(|error| panic!("{mode}: {error}: {written}"));
            let read = read.into_event::<RawEvent>().unwrap();
            prop_assert_eq!(all(&read), all(&event), "{}: {}", mode, written);
        }
    }

    /// Whoever hands an event on need not know its type.
    #[test]
    fn an_event_that_is_handed_on_unread_comes_back(mut said in said(), data in order()) {
        said.metadata.retain(|(name, _)| name != "subject");
        let event = said.event(None, data);
        for (first, _, read) in in_every_mode(&Encoder::new(), &event) {
            let between = read.unwrap().into_event::<RawEvent>().unwrap();
            for (then, written, read) in in_every_mode(&Encoder::new(), &between) {
                let read = read.unwrap().into_event::<Order>().unwrap();
                prop_assert_eq!(all(&read), all(&event), "{}, {}: {}", first, then, written);
            }
        }
    }
}

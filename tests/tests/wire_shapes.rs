//! Every shape of an event, and every attribute of serde that changes how it is written: what is written is read again.
#![expect(clippy::unwrap_used, reason = "what fails in a test should end it")]

use std::collections::BTreeMap;

use proptest::prelude::*;
use rem::prelude::*;
use rem::wire::{Body, Codec};
use serde::{Deserialize, Serialize};

/// Writes a value in every codec, and reads it under the topic that it has.
fn round_trip<E: EventType + PartialEq + Clone>(value: &E) {
    let bus = Bus::builder().history(Ring::events(1)).build();
    bus.publish(value.clone()).unwrap();
    let event = bus.query("**").unwrap().events().remove(0);
    let below = event.topic().as_str().strip_prefix(E::SCHEMA.namespace).unwrap();
    let topic = below.strip_prefix('.').unwrap_or(below);
    for codec in Codec::ALL.iter().copied() {
        let bytes = EventType::encode(value, codec).unwrap();
        let read = E::decode(topic, &Body::new(codec, &bytes));
        assert_eq!(read.as_ref(), Ok(value), "{codec}: {:?}", String::from_utf8_lossy(&bytes));
    }
}

#[derive(EventType, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[event(namespace = "shape")]
enum Shape {
    Unit,
    Newtype(String),
    Tuple(u8, Option<String>, Vec<i64>),
    Named {
        text: String,
        map: BTreeMap<String, u32>,
        nested: Inner,
        kind: Kind,
    },
    #[event(skip)]
    #[serde(skip)]
    #[expect(dead_code, reason = "it stands between others, whose numbers it must not move")]
    Skipped,
    #[event(topic = "of.{name}.{number}")]
    Template {
        name: String,
        number: i32,
    },
    Optional(Option<u8>),
    Bytes(Vec<u8>),
    Empty {},
    #[event(nested = "below")]
    Below(Below),
}

#[derive(EventType, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[event(namespace = "below")]
enum Below {
    One(bool),
    #[event(topic = "{0}.two")]
    Two(u16),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Inner {
    float: f64,
    letter: char,
    pair: (i8, u64),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Kind {
    Unit,
    Newtype(u8),
    Named { a: bool },
}

/// Written as what it is made of.
#[derive(EventType, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[event(name = "converted")]
#[serde(into = "String", from = "String")]
struct Converted(String);

impl From<String> for Converted {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<Converted> for String {
    fn from(Converted(text): Converted) -> Self {
        text
    }
}

#[derive(EventType, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[event(name = "flat")]
struct Flat {
    id: u32,
    #[serde(flatten)]
    rest: Rest,
    #[serde(with = "as_text", rename = "n")]
    number: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Rest {
    a: String,
    b: bool,
}

mod as_text {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "so serde asks for it")]
    pub(crate) fn serialize<S: Serializer>(number: &u64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(number)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[derive(EventType, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[event(namespace = "flat")]
enum FlatWithin {
    Variant {
        id: u32,
        #[serde(flatten)]
        rest: Rest,
    },
}

/// The variant is not in the data of an event, whatever serde would write of the whole enum.
#[derive(EventType, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[event(namespace = "beside")]
#[serde(tag = "type", content = "content", rename_all = "SCREAMING-KEBAB-CASE")]
enum Beside {
    FirstOne(u32),
    Second { x: u8 },
}

prop_compose! {
    fn inner()(float in -1e9..1e9_f64, letter in any::<char>(), pair in any::<(i8, u64)>()) -> Inner {
        Inner { float, letter, pair }
    }
}

fn kind() -> impl Strategy<Value = Kind> {
    prop_oneof![
        Just(Kind::Unit),
        any::<u8>().prop_map(Kind::Newtype),
        any::<bool>().prop_map(|a| Kind::Named { a }),
    ]
}

fn shape() -> impl Strategy<Value = Shape> {
    let map = || prop::collection::btree_map(".{0,6}", any::<u32>(), 0..4);
    prop_oneof![
        Just(Shape::Unit),
        ".{0,20}".prop_map(Shape::Newtype),
        (any::<u8>(), any::<Option<String>>(), any::<Vec<i64>>())
            .prop_map(|(a, b, c)| Shape::Tuple(a, b, c)),
        (".*", map(), inner(), kind()).prop_map(|(text, map, nested, kind)| Shape::Named {
            text,
            map,
            nested,
            kind
        }),
        // Any text, escaped where a segment may not have it.
        (".{0,12}", any::<i32>()).prop_map(|(name, number)| Shape::Template { name, number }),
        any::<Option<u8>>().prop_map(Shape::Optional),
        any::<Vec<u8>>().prop_map(Shape::Bytes),
        Just(Shape::Empty {}),
        any::<bool>().prop_map(|yes| Shape::Below(Below::One(yes))),
        any::<u16>().prop_map(|number| Shape::Below(Below::Two(number))),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn shapes(value in shape()) {
        round_trip(&value);
    }

    #[test]
    fn attributes_of_serde(text in ".*", id in any::<u32>(), number in any::<u64>(), b in any::<bool>(), note in any::<Option<String>>()) {
        round_trip(&Converted(text.clone()));
        let rest = Rest { a: text, b };
        round_trip(&Flat { id, rest: rest.clone(), number, note });
        round_trip(&FlatWithin::Variant { id, rest });
        round_trip(&Beside::FirstOne(id));
        round_trip(&Beside::Second { x: 7 });
    }
}

//! What `encode` writes is valid by the schema that is published of it, and what is something else is not: for every shape
//! of an event, and every attribute of serde and schemars that changes how one is written.

use std::collections::BTreeMap;

use proptest::prelude::*;
use rem::prelude::*;
use rem::schema::{JsonSchema, SchemaErrorKind, bodies};
use rem::wire::RawEvent;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::support::{body, topic, written};

fn valid<E: EventType + JsonSchema + DeserializeOwned>(value: &E) {
    let schema = body::<E>(&topic(value));
    let data = written(value);
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let said: Vec<_> = validator.iter_errors(&data).map(|error| error.to_string()).collect();
    assert_eq!(said, Vec::<String>::new(), "{data} by {schema:#}");
    // A schema that takes anything would have been valid too.
    let stranger = json!([["what no event of ours holds"]]);
    assert!(!validator.is_valid(&stranger), "{schema:#}");
}

#[derive(EventType, Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[event(namespace = "shape")]
enum Shape {
    Unit,
    /// A text.
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
    #[serde(rename = "x.y", alias = "Newtype2")]
    Template {
        name: String,
        number: i32,
    },
    Optional(Option<u8>),
    Bytes(Vec<u8>),
    Empty {},
    #[event(nested = "below")]
    Below(Below),
    #[event(nested = "tagged")]
    Tagged(Tagged),
    #[event(nested = "alone")]
    Alone(Alone),
}

#[derive(EventType, Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[event(namespace = "below")]
#[serde(rename_all = "kebab-case")]
enum Below {
    OneOf(bool),
    #[event(topic = "{0}.two")]
    Two(u16),
    #[event(nested = "deeper")]
    Deeper(Tagged),
}

#[derive(EventType, Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[event(namespace = "tagged")]
#[serde(tag = "action", rename_all = "snake_case")]
enum Tagged {
    OpenedUp(Inner),
    #[serde(rename = "gone.for.good")]
    Closed {
        why: Option<String>,
    },
    Nothing,
}

#[derive(EventType, Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[event(name = "alone")]
struct Alone {
    id: u32,
}

/// The name of the one variant is the type's, as a struct's is.
#[derive(EventType, Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
enum Same {
    Same { a: u8 },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
struct Inner {
    float: f64,
    letter: char,
    pair: (i8, u64),
    again: Option<Box<Inner>>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
enum Kind {
    /// Nothing in it.
    Unit,
    Other,
    Newtype(u8),
    Named {
        a: bool,
    },
}

#[derive(EventType, Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
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

#[derive(EventType, Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[event(name = "wrapped")]
struct Wrapped(Kind);

#[derive(EventType, Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[event(name = "ping")]
struct Ping;

#[derive(EventType, Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[event(name = "flat")]
struct Flat {
    id: u32,
    #[serde(flatten)]
    rest: Rest,
    #[serde(rename = "n")]
    #[schemars(with = "String")]
    #[serde(with = "as_text")]
    number: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
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

#[derive(EventType, Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[event(namespace = "beside")]
#[serde(tag = "type", content = "content", rename_all = "SCREAMING-KEBAB-CASE")]
enum Beside {
    FirstOne(u32),
    #[serde(rename = "two")]
    Second {
        x: u8,
    },
    Unit,
    #[event(nested = "alone")]
    Alone(Alone),
    #[event(nested = "plain")]
    Plain(Plain),
}

#[derive(EventType, Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Plain {
    FirstOne,
    Second { x: u8 },
}

#[derive(EventType, Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[event(namespace = "untagged")]
#[serde(untagged)]
enum Untagged {
    Number(u32),
    Named {
        x: bool,
    },
    #[event(nested = "alone")]
    Alone(Alone),
}

#[derive(EventType, Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[event(namespace = "open")]
enum Open {
    #[event(other)]
    Unknown(RawEvent),
    Known(u8),
}

fn inner() -> impl Strategy<Value = Inner> {
    let leaf = || (-1e9..1e9_f64, any::<char>(), any::<(i8, u64)>());
    let of = |(float, letter, pair), again| Inner { float, letter, pair, again };
    (leaf(), proptest::option::of(leaf()))
        .prop_map(move |(outer, again)| of(outer, again.map(|again| Box::new(of(again, None)))))
}

fn kind() -> impl Strategy<Value = Kind> {
    prop_oneof![
        Just(Kind::Unit),
        Just(Kind::Other),
        any::<u8>().prop_map(Kind::Newtype),
        any::<bool>().prop_map(|a| Kind::Named { a }),
    ]
}

fn tagged() -> impl Strategy<Value = Tagged> {
    prop_oneof![
        inner().prop_map(Tagged::OpenedUp),
        any::<Option<String>>().prop_map(|why| Tagged::Closed { why }),
        Just(Tagged::Nothing),
    ]
}

fn below() -> impl Strategy<Value = Below> {
    prop_oneof![
        any::<bool>().prop_map(Below::OneOf),
        any::<u16>().prop_map(Below::Two),
        tagged().prop_map(Below::Deeper),
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
        (".{0,12}", any::<i32>()).prop_map(|(name, number)| Shape::Template { name, number }),
        any::<Option<u8>>().prop_map(Shape::Optional),
        any::<Vec<u8>>().prop_map(Shape::Bytes),
        Just(Shape::Empty {}),
        below().prop_map(Shape::Below),
        tagged().prop_map(Shape::Tagged),
        any::<u32>().prop_map(|id| Shape::Alone(Alone { id })),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_valid_by_what_is_published(value in shape()) {
        valid(&value);
    }

    #[test]
    fn whatever_serde_was_told(text in ".*", id in any::<u32>(), number in any::<u64>(), note in any::<Option<String>>(), below in below(), kind in kind()) {
        valid(&Converted(text.clone()));
        valid(&Flat { id, rest: Rest { a: text, b: true }, number, note });
        valid(&Wrapped(kind));
        valid(&Same::Same { a: 1 });
        valid(&Ping);
        valid(&Open::Known(3));
        for beside in [Beside::FirstOne(id), Beside::Second { x: 7 }, Beside::Unit, Beside::Alone(Alone { id }), Beside::Plain(Plain::FirstOne), Beside::Plain(Plain::Second { x: 1 })] {
            valid(&beside);
        }
        valid(&Untagged::Number(id));
        valid(&Untagged::Named { x: false });
        valid(&Untagged::Alone(Alone { id }));
        valid(&below);
    }
}

/// Each event has the schema of its own data, and no other's: by hand, against what the types say.
#[test]
fn each_event_has_its_own() {
    let table = [
        ("shape.newtype", json!({ "type": "string" })),
        ("shape.unit", json!({ "type": "null" })),
        ("shape.empty", json!({ "type": "object" })),
        ("shape.below.one_of", json!({ "type": "boolean" })),
        (
            "shape.below.{0}.two",
            json!({ "type": "integer", "format": "uint16", "minimum": 0, "maximum": 65535 }),
        ),
        (
            "shape.below.deeper.closed",
            json!({ "type": "object", "required": ["action", "why"], "properties": {
                "action": { "type": "string", "const": "gone.for.good" }, "why": { "type": ["string", "null"] } } }),
        ),
        (
            "shape.of.{name}.{number}",
            json!({ "type": "object", "required": ["name", "number"], "properties": {
                "name": { "type": "string" }, "number": { "type": "integer", "format": "int32" } } }),
        ),
    ];
    for (topic, expected) in table {
        let mut schema = body::<Shape>(topic);
        assert_eq!(schema.as_object_mut().unwrap().remove("$schema"), Some(Value::from(DIALECT)));
        assert_eq!(schema, expected, "{topic}");
    }
    let shared = body::<Shape>("shape.named");
    let names: Vec<_> = shared["$defs"].as_object().unwrap().keys().collect();
    assert_eq!(
        names,
        ["Inner", "Kind"],
        "what the event's data has of the definitions, and no more"
    );
    assert_eq!(bodies::<Shape>().unwrap().len(), Shape::SCHEMA.len());
}

const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

#[test]
fn what_cannot_be_found_says_so() {
    #[derive(EventType, Debug, Serialize, Deserialize)]
    #[event(namespace = "hand")]
    enum ByHand {
        Written(u8),
    }

    impl JsonSchema for ByHand {
        fn schema_name() -> std::borrow::Cow<'static, str> {
            "ByHand".into()
        }

        fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
            schemars::json_schema!({ "type": "string", "enum": ["Other"] })
        }
    }

    let error = bodies::<ByHand>().unwrap_err();
    assert_eq!((error.kind(), error.topic()), (SchemaErrorKind::NoSuchVariant, "hand.written"));
    let said = error.to_string();
    assert!(said.contains("`ByHand` has no part for `Written` (`hand.written`)"), "{said}");
    assert!(said.contains("`Other`"), "{said}");
}

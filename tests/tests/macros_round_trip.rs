//! The topic that is written for a value leads back to its variant, and the data to the value: of every kind of event
//! type, whatever text stands in its fields, in every codec, by its aliases too.
#![expect(clippy::unwrap_used, reason = "what fails in a test should end it")]

use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use proptest::prelude::*;
use rem::prelude::*;
use rem::wire::{Body, Codec, RawEvent};
use rem::{PublishErrorKind, Topic, TopicErrorKind};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Templates of every kind of field, alone and beside others, with aliases in another order.
#[derive(EventType, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[event(namespace = "deep.space", rename_all = "SCREAMING-KEBAB-CASE")]
enum Templates {
    #[event(topic = "alone.{text}", alias = "{text}.alone.of.old.times")]
    Alone {
        text: String,
    },
    #[event(
        topic = "by.{text}.{letter}",
        alias = "{letter}.of.{text}.x",
        alias = "both.{text}.{letter}.x.y"
    )]
    Two {
        letter: char,
        text: String,
        more: Vec<u8>,
    },
    #[event(topic = "{0}.{2}.{1}.tuple.of.three")]
    Tuple(i64, bool, String),
    #[event(topic = "r.{type}.{match}.raw.words")]
    Raw {
        r#type: u128,
        r#match: Kind,
        unused: Option<String>,
    },
    HTTPServer {
        text: String,
    },
    #[event(name = "näme", alias = "nom")]
    Named(String),
    #[serde(rename = "otherwise")]
    Renamed,
    #[event(skip)]
    #[serde(skip)]
    Internal,
    Last(String),
}

/// A type of the user's, written as what it is made of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Kind(String);

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // In pieces, as `Display` may be called.
        self.0.chars().try_for_each(|letter| write!(f, "{letter}"))
    }
}

#[derive(EventType, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[event(namespace = "middle", rename_all = "camelCase")]
enum Middle {
    #[event(nested)]
    DeepSpace(Templates),
    #[event(topic = "own.{0}", alias = "old.{0}")]
    Own(String),
    #[event(other)]
    Unknown(RawEvent),
}

#[derive(EventType, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[event(topic = "single.{id}.struct", alias = "struct.{id}", namespace = "one")]
struct Single {
    id: String,
    #[serde(default)]
    count: u8,
}

/// Of a parameter, and of one that is nested in a template's place.
#[derive(EventType, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[event(namespace = "outer")]
enum Outer<E, T> {
    #[event(nested = "")]
    Middle(Middle),
    #[event(nested = "x.y.z")]
    Any(E),
    #[event(topic = "generic.{value}", alias = "generisch.{value}")]
    Generic { value: T, list: Vec<T> },
}

/// One enum a case, all with the same variants.
macro_rules! cases {
    ($($name:ident = $case:literal,)*) => {
        $(
            #[derive(EventType, Debug, Clone, PartialEq, Serialize, Deserialize)]
            #[event(rename_all = $case)]
            #[serde(rename_all = $case)]
            enum $name {
                Lost,
                RateLimited(String),
                HTTPServer { port: u16 },
                #[event(topic = "V2Ready.{0}")]
                V2Ready(String),
            }
        )*

        fn in_every_case(text: &str, port: u16) {
            let text = || text.to_owned();
            $(
                let events = [
                    $name::Lost,
                    $name::RateLimited(text()),
                    $name::HTTPServer { port },
                    $name::V2Ready(text()),
                ];
                events.iter().for_each(round_trip);
            )*
        }
    };
}

cases! {
    Lower = "lowercase",
    Upper = "UPPERCASE",
    Pascal = "PascalCase",
    Camel = "camelCase",
    Snake = "snake_case",
    ScreamingSnake = "SCREAMING_SNAKE_CASE",
    Kebab = "kebab-case",
    ScreamingKebab = "SCREAMING-KEBAB-CASE",
}

/// From the value to its topic, and by that and the data back to the value.
fn round_trip<E>(value: &E)
where
    E: EventType + PartialEq + Clone,
{
    let bus = Bus::builder().history(Ring::events(1)).build();
    if let Err(error) = bus.publish(value.clone()) {
        // Only what is too long has no topic, and what has none is given back.
        assert!(matches!(error.kind(), PublishErrorKind::NoTopic), "{error}");
        assert_eq!(error.into_data(), *value);
        assert!(format!("{value:?}").len() > 60, "{value:?}");
        return;
    }
    let topic = bus.query("**").unwrap().events()[0].topic().clone();
    let leaf = E::SCHEMA.leaves()[value.leaf()].clone();
    let fields = fields(&leaf.topic, &topic);

    let below = topic.strip_prefix_text(E::SCHEMA.namespace);
    for codec in Codec::ALL.iter().copied() {
        let bytes = value.encode(codec).unwrap();
        leads_back(below, codec, &bytes, value);
        // The same is seen by a subscriber of the type, when it comes from elsewhere.
        assert_eq!(
            seen::<E>(&topic, RawEvent::new(codec, bytes.clone())),
            std::slice::from_ref(value)
        );
    }
    // The aliases stand behind the topic of their variant.
    let all = E::SCHEMA.leaves_and_aliases();
    let at = all.iter().position(|other| *other == leaf).unwrap();
    for alias in all[at..].iter().take(1 + leaf.event.aliases.len()) {
        let filled = alias.topic.split('.').map(|segment| {
            let field = fields.iter().find(|(name, _)| *name == segment);
            field.map_or(segment, |(_, value)| value)
        });
        let filled = match Topic::parse(filled.collect::<Vec<_>>().join(".")) {
            Ok(filled) => filled,
            // An alias may be longer than its topic, and then too long for one.
            Err(error) => {
                assert_eq!(error.kind(), TopicErrorKind::TooLong, "{error}");
                continue;
            }
        };
        let below = filled.strip_prefix_text(E::SCHEMA.namespace);
        leads_back(below, Codec::Json, &value.encode(Codec::Json).unwrap(), value);
    }
}

fn leads_back<E: EventType + PartialEq>(topic: &str, codec: Codec, bytes: &[u8], value: &E) {
    let read = E::decode(topic, &Body::new(codec, bytes));
    let shown = String::from_utf8_lossy(bytes);
    let read = read.unwrap_or_else(|error| panic!("{topic} in {codec}: {error}: {shown}"));
    assert_eq!(&read, value, "{topic} in {codec}: {shown}");
    assert_eq!(read.leaf(), value.leaf(), "{topic} in {codec}");
}

/// What a bus hands to a subscriber of the type for raw data under the topic.
fn seen<E: EventType + Clone>(topic: &Topic, raw: RawEvent) -> Vec<E> {
    let bus = Bus::new();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let held = Arc::clone(&seen);
    let _sub = bus.on(move |event: &Event<E>| held.lock().unwrap().push(event.data.clone()));
    bus.publish_to(topic, raw).unwrap();
    seen.lock().unwrap().clone()
}

/// The `{field}`s of a template with what stands in their place, and that all else is as the template has it.
fn fields<'t>(template: &'t str, topic: &'t Topic) -> Vec<(&'t str, &'t str)> {
    let segments: Vec<_> = template.split('.').collect();
    assert_eq!(segments.len(), topic.depth(), "{template} and {topic}");
    assert!(!topic.is_system(), "{topic}");
    let pairs = segments.into_iter().zip(topic.segments());
    pairs
        .filter(|(wanted, found)| {
            let field = wanted.starts_with('{');
            assert!(field || wanted == found, "{template} and {topic}");
            field
        })
        .collect()
}

trait StripPrefixText {
    fn strip_prefix_text(&self, prefix: &str) -> &str;
}

impl StripPrefixText for Topic {
    fn strip_prefix_text(&self, prefix: &str) -> &str {
        let below = self.as_str().strip_prefix(prefix).unwrap();
        below.strip_prefix('.').unwrap_or(below)
    }
}

/// Any text, and such as would be something else if it were not escaped.
fn text() -> BoxedStrategy<String> {
    const HOSTILE: &[&str] = &[
        "",
        ".",
        "..",
        "a.b",
        "*",
        "**",
        ">",
        "?",
        "[a]",
        "{text}",
        "{a,b}",
        "!a",
        "=a",
        ",",
        "$",
        "$rem",
        "$rem.event",
        "a$",
        "%",
        "%%",
        "%2E",
        "%zz",
        " ",
        "\t",
        "\n",
        "\0",
        "\u{7f}",
        "\u{a0}",
        "\u{200b}",
        "\u{202e}",
        "\u{feff}",
        "é",
        "e\u{301}",
        "日本",
        "🦀",
        "by",
        "x",
        "middle",
        "LAST",
        "own",
        "\"",
        "\\",
        "null",
    ];
    prop_oneof![
        4 => prop::sample::select(HOSTILE).prop_map(str::to_owned),
        2 => ".{0,12}",
        2 => any::<Vec<char>>().prop_map(|letters| letters.into_iter().take(20).collect()),
        // Longer than a topic may be, some of them only when escaped.
        1 => ("[a. é]", 60..300_usize).prop_map(|(letter, count)| letter.repeat(count)),
    ]
    .boxed()
}

fn templates() -> BoxedStrategy<Templates> {
    prop_oneof![
        text().prop_map(|text| Templates::Alone { text }),
        (any::<char>(), text(), any::<Vec<u8>>()).prop_map(|(letter, text, more)| Templates::Two {
            letter,
            text,
            more
        }),
        any::<(i64, bool)>()
            .prop_flat_map(|(a, b)| text().prop_map(move |c| Templates::Tuple(a, b, c))),
        // JSON has no numbers of 128 bits that all readers know; `u64` is what a field of that type may hold.
        (any::<u64>(), text(), any::<Option<String>>()).prop_map(|(number, kind, unused)| {
            Templates::Raw { r#type: number.into(), r#match: Kind(kind), unused }
        }),
        text().prop_map(|text| Templates::HTTPServer { text }),
        text().prop_map(Templates::Named),
        Just(Templates::Renamed),
        text().prop_map(Templates::Last),
    ]
    .boxed()
}

fn middle() -> BoxedStrategy<Middle> {
    prop_oneof![
        3 => templates().prop_map(Middle::DeepSpace),
        1 => text().prop_map(Middle::Own),
    ]
    .boxed()
}

fn outer<E, T>(
    any_event: impl Strategy<Value = E> + 'static,
    any_value: impl Strategy<Value = T> + Clone + 'static,
) -> BoxedStrategy<Outer<E, T>>
where
    E: Debug + Clone + 'static,
    T: Debug + Clone + Serialize + DeserializeOwned + 'static,
{
    let list = prop::collection::vec(any_value.clone(), 0..3);
    prop_oneof![
        2 => middle().prop_map(Outer::Middle),
        2 => any_event.prop_map(Outer::Any),
        1 => (any_value, list).prop_map(|(value, list)| Outer::Generic { value, list }),
    ]
    .boxed()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn of_templates(value in templates()) {
        round_trip(&value);
    }

    #[test]
    fn of_nested_types(value in middle()) {
        round_trip(&value);
    }

    #[test]
    fn of_structs(id in text(), count: u8) {
        round_trip(&Single { id, count });
    }

    #[test]
    fn of_types_with_parameters(
        numbers in outer(middle(), any::<i16>()),
        texts in outer(outer(templates(), any::<bool>()), text()),
    ) {
        round_trip(&numbers);
        round_trip(&texts);
    }

    #[test]
    fn in_all_cases(text in text(), port: u16) {
        in_every_case(&text, port);
    }

    /// What is not known has the topic and the bytes that it came with.
    #[test]
    fn of_what_is_not_known(segments in prop::collection::vec(text(), 1..4), number: u64) {
        let topic: Vec<_> = segments.iter().map(|text| Topic::escape(text).into_owned()).collect();
        let topic = topic.join(".");
        prop_assume!(topic.len() < 200 && Middle::SCHEMA.variant_of(&topic).is_none());
        let json = format!("{{ \"n\":{number} }}");
        let read = Middle::decode(&topic, &Body::new(Codec::Json, json.as_bytes())).unwrap();
        prop_assert!(matches!(&read, Middle::Unknown(raw) if raw.topic() == Some(&*topic)), "{read:?}");
        prop_assert_eq!(read.encode(Codec::Json).unwrap(), json.as_bytes());
        let bus = Bus::builder().history(Ring::events(1)).build();
        bus.publish(read.clone()).unwrap();
        let full = bus.query("**").unwrap().events()[0].topic().clone();
        prop_assert_eq!(full.as_str(), format!("middle.{topic}"));
        prop_assert_eq!(seen::<Middle>(&full, RawEvent::new(Codec::Json, json.into_bytes())), [read]);
    }
}

/// What is skipped has no topic to lead back.
#[test]
fn what_is_skipped_goes_nowhere() {
    let error = Bus::new().publish(Middle::DeepSpace(Templates::Internal)).unwrap_err();
    assert!(matches!(error.kind(), PublishErrorKind::NoTopic), "{error}");
}

//! `SCHEMA`: what the derive knows of a type, and `leaf`, which counts the same way.

use rem::{EventType, FieldSchema, Schema};
use serde::{Deserialize, Serialize};

/// What a cache does.
#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
#[event(namespace = "cache")]
enum CacheEvent {
    Hit,
    #[event(skip)]
    Internal,
    Miss {
        key: String,
    },
}

/// What a provider does.
///
/// In two paragraphs.
#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
#[event(namespace = "system.provider", rename_all = "kebab-case")]
enum ProviderEvent {
    /// A provider is ready to serve.
    Connected {
        /// Its name,
        /// in two lines.
        name: String,
        latency_ms: Option<Vec<(u8, [u16; 3])>>,
    },
    #[event(nested)]
    Cache(CacheEvent),
    #[doc = "Said otherwise."]
    #[event(topic = "by_name.{0}.lost")]
    Lost(String, std::collections::BTreeMap<String, u8>),
    #[event(nested = "cold.store")]
    Cold(CacheEvent),
    #[event(skip)]
    Never(u8),
    Last,
}

/// Neither its data nor a stranger's type within it needs serde.
#[derive(EventType, Debug)]
#[event(local, namespace = "ui")]
struct Clicked {
    /// From the left.
    at: std::time::Instant,
}

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
enum Nothing {}

const PROVIDER: Schema = ProviderEvent::SCHEMA;

#[test]
fn a_type_is_described_as_it_was_written() {
    assert_eq!(PROVIDER.name, "ProviderEvent");
    assert_eq!(PROVIDER.namespace, "system.provider");
    assert_eq!(PROVIDER.doc, "What a provider does.\n\nIn two paragraphs.");
    const { assert!(!PROVIDER.local) };
    let variants: Vec<_> =
        PROVIDER.events.iter().map(|event| (event.variant, event.topic)).collect();
    let expected = [
        ("Connected", "connected"),
        ("Cache", "cache"),
        ("Lost", "by_name.{0}.lost"),
        ("Cold", "cold.store"),
        ("Last", "last"),
    ];
    assert_eq!(variants, expected, "a skipped variant has no entry");
    let connected = &PROVIDER.events[0];
    assert_eq!(connected.doc, "A provider is ready to serve.");
    let fields = [
        FieldSchema::new("name", "String", "Its name,\nin two lines."),
        FieldSchema::new("latency_ms", "Option<Vec<(u8, [u16; 3])>>", ""),
    ];
    assert_eq!(connected.fields, fields);
    let lost = &PROVIDER.events[2];
    assert_eq!(lost.doc, "Said otherwise.");
    assert_eq!(lost.fields[1], FieldSchema::new("1", "std::collections::BTreeMap<String, u8>", ""));
    assert_eq!(PROVIDER.events[3].nested, Some(&CacheEvent::SCHEMA));
    assert_eq!(PROVIDER.events[4].nested, None);
}

#[test]
fn leaves_are_all_topics_in_order() {
    let topics: Vec<String> = PROVIDER.leaves().iter().map(ToString::to_string).collect();
    let expected = [
        "system.provider.connected",
        "system.provider.cache.hit",
        "system.provider.cache.miss",
        "system.provider.by_name.{0}.lost",
        "system.provider.cold.store.hit",
        "system.provider.cold.store.miss",
        "system.provider.last",
    ];
    assert_eq!(topics, expected);
    assert_eq!(PROVIDER.len(), expected.len());
    assert_eq!(PROVIDER.leaves()[5].event.variant, "Miss");
    assert!(PROVIDER.leaves()[3].is_template() && !PROVIDER.leaves()[4].is_template());
}

#[test]
fn leaf_is_the_place_among_the_leaves() {
    let miss = || CacheEvent::Miss { key: String::new() };
    let connected = ProviderEvent::Connected { name: String::new(), latency_ms: None };
    let in_order = [
        connected,
        ProviderEvent::Cache(CacheEvent::Hit),
        ProviderEvent::Cache(miss()),
        ProviderEvent::Lost(String::new(), std::collections::BTreeMap::new()),
        ProviderEvent::Cold(CacheEvent::Hit),
        ProviderEvent::Cold(miss()),
        ProviderEvent::Last,
    ];
    for (place, event) in in_order.iter().enumerate() {
        assert_eq!(EventType::leaf(event), place, "{event:?}");
    }
}

#[test]
fn what_is_skipped_is_no_leaf() {
    for event in [
        ProviderEvent::Never(1),
        ProviderEvent::Cache(CacheEvent::Internal),
        ProviderEvent::Cold(CacheEvent::Internal),
    ] {
        assert_eq!(EventType::leaf(&event), usize::MAX, "{event:?}");
    }
}

#[test]
fn a_struct_is_its_own_only_event() {
    const CLICKED: Schema = Clicked::SCHEMA;
    const { assert!(CLICKED.local) };
    let [event] = CLICKED.events else { panic!("{CLICKED:?}") };
    assert_eq!((event.variant, event.topic), ("Clicked", "clicked"));
    let fields = [FieldSchema::new("at", "std::time::Instant", "From the left.")];
    assert_eq!(event.fields, fields);
    let clicked = Clicked { at: std::time::Instant::now() };
    assert_eq!(EventType::leaf(&clicked), 0);
    assert!(clicked.at.elapsed().as_secs() < 3_600);
}

#[test]
fn an_enum_without_variants_has_no_topic() {
    assert!(Nothing::SCHEMA.is_empty());
    assert!(Nothing::SCHEMA.leaves().is_empty());
}

//! Events that a type does not know: they arrive as they came, and leave as they came.
#![expect(clippy::unwrap_used, reason = "what fails in a test should end it")]

use std::sync::{Arc, Mutex};

use rem::prelude::*;
use rem::wire::{Body, Codec, DecodeErrorKind, RawEvent};
use serde::{Deserialize, Serialize};

#[derive(EventType, Debug, Clone, Serialize, Deserialize, PartialEq)]
#[event(namespace = "provider")]
enum Provider {
    Connected(u32),
    #[event(nested = "cache")]
    Cache(Cache),
    #[event(other)]
    Unknown(RawEvent),
}

#[derive(EventType, Debug, Clone, Serialize, Deserialize, PartialEq)]
#[event(namespace = "cache")]
enum Cache {
    Hit,
    #[event(other)]
    Else(RawEvent),
}

/// Of another type, below the same namespace.
#[derive(EventType, Debug)]
#[event(topic = "provider.inside", local)]
struct Inside;

/// One of the types is open, and the parent is not.
#[derive(EventType, Debug, Clone, Serialize, Deserialize, PartialEq)]
#[event(namespace = "closed")]
enum Closed {
    #[event(nested = "cache")]
    Cache(Cache),
}

fn raw(json: &str) -> RawEvent {
    RawEvent::new(Codec::Json, json.as_bytes())
}

fn recorder<E: EventType + Clone>(bus: &Bus) -> (Subscription, Arc<Mutex<Vec<E>>>) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let held = Arc::clone(&seen);
    (bus.on(move |event: &Event<E>| held.lock().unwrap().push(event.data.clone())), seen)
}

#[test]
fn what_is_not_known_arrives_and_leaves_byte_for_byte() {
    let bytes = r#"{ "a" : 1.50,  "b":[ ] }"#;
    let read =
        |topic: &str| Provider::decode(topic, &Body::new(Codec::Json, bytes.as_bytes())).unwrap();
    let far = read("one.more");
    assert_eq!(far, Provider::Unknown(raw(bytes).under("one.more")));
    assert_eq!(EventType::encode(&far, Codec::Json).unwrap(), bytes.as_bytes());
    let near = read("cache.missed");
    assert_eq!(near, Provider::Cache(Cache::Else(raw(bytes).under("missed"))));
    assert_eq!(EventType::encode(&near, Codec::Json).unwrap(), bytes.as_bytes());
    assert!(EventType::encode(&far, Codec::MessagePack).is_err(), "no bytes are made up");

    // Published, each goes back to where it came from.
    let bus = Bus::new();
    let (_sub, seen) = recorder::<Provider>(&bus);
    let topics = Arc::new(Mutex::new(Vec::new()));
    let held = Arc::clone(&topics);
    let _all = bus
        .subscribe("**", move |event: &Event| held.lock().unwrap().push(event.topic().to_string()))
        .unwrap();
    bus.publish(far.clone()).unwrap();
    bus.publish(near.clone()).unwrap();
    assert_eq!(*topics.lock().unwrap(), ["provider.one.more", "provider.cache.missed"]);
    assert_eq!(*seen.lock().unwrap(), [far, near]);
    // Without a topic there is nowhere to go.
    let error = bus.publish(Provider::Unknown(raw("1"))).unwrap_err();
    assert!(matches!(error.kind(), rem::PublishErrorKind::NoTopic), "{error}");
}

#[test]
fn a_subscriber_by_type_sees_what_it_does_not_know() {
    let bus = Bus::new();
    let (sub, seen) = recorder::<Provider>(&bus);
    bus.publish_to("provider.connected", raw("7")).unwrap();
    bus.publish_to("provider.later.than.this", raw("8")).unwrap();
    bus.publish_to("provider.cache.other", raw("9")).unwrap();
    assert_eq!(
        *seen.lock().unwrap(),
        [
            Provider::Connected(7),
            Provider::Unknown(raw("8").under("later.than.this")),
            Provider::Cache(Cache::Else(raw("9").under("other"))),
        ]
    );
    // What is known and wrong is no unknown event, but a mistake.
    bus.publish_to("provider.connected", raw(r#""seven""#)).unwrap();
    assert_eq!((seen.lock().unwrap().len(), sub.mismatches()), (3, 1));
    // Another type of this process, below the same namespace, is neither.
    assert_eq!(bus.publish(Inside).unwrap().matched(), 0);
    assert_eq!(sub.mismatches(), 1);
}

#[test]
fn a_type_that_is_not_open_holds_one_that_is() {
    let bus = Bus::new();
    let (sub, seen) = recorder::<Closed>(&bus);
    bus.publish_to("closed.cache.new", raw("1")).unwrap();
    bus.publish_to("closed.new", raw("1")).unwrap();
    assert_eq!(*seen.lock().unwrap(), [Closed::Cache(Cache::Else(raw("1").under("new")))]);
    assert_eq!(sub.mismatches(), 0);
    let error = Closed::decode("new", &Body::new(Codec::Json, b"1")).unwrap_err();
    assert_eq!(error.kind(), DecodeErrorKind::NoSuchTopic);
}

/// Nests open types beside what it knows itself: the farthest first, where all of its topics could be.
#[derive(EventType, Debug, Clone, Serialize, Deserialize, PartialEq)]
#[event(namespace = "around")]
enum Around {
    #[event(nested = "")]
    Anywhere(Cache),
    Paid(u8),
    #[event(nested = "near")]
    Near(Cache),
    #[event(nested = "near.by")]
    Shut(Closed),
    #[event(topic = "near.paid.{0}")]
    PaidNear(u8),
}

#[test]
fn what_another_variant_knows_is_not_unknown() {
    let new = |topic| Cache::Else(raw("1").under(topic));
    for (topic, expected) in [
        ("paid", Around::Paid(1)),
        ("paid.1", Around::Anywhere(new("paid.1"))),
        ("near.new", Around::Near(new("new"))),
        ("near.paid.1", Around::PaidNear(1)),
        ("near.paid", Around::Near(new("paid"))),
        ("near.by.new", Around::Near(new("by.new"))),
        ("near.by.cache.new", Around::Shut(Closed::Cache(new("new")))),
        ("nearby.new", Around::Anywhere(new("nearby.new"))),
        ("new", Around::Anywhere(new("new"))),
    ] {
        let read = Around::decode(topic, &Body::new(Codec::Json, b"1"));
        assert_eq!(read.as_ref(), Ok(&expected), "{topic}");
        let bus = Bus::new();
        let (_sub, seen) = recorder::<Around>(&bus);
        bus.publish_to(format!("around.{topic}"), raw("1")).unwrap();
        assert_eq!(*seen.lock().unwrap(), [expected], "{topic}");
    }
}

#[test]
fn serde_keeps_it_too() {
    let event = raw(r#"{"a":1}"#).under("b.c");
    let text = serde_json::to_string(&event).unwrap();
    assert_eq!(serde_json::from_str::<RawEvent>(&text).unwrap(), event);
    assert!(serde_json::from_str::<RawEvent>(r#"["text/plain",null,[1]]"#).is_err());
}

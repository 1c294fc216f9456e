//! Old names of events: read, and not written.

use std::sync::{Arc, Mutex};

use rem::prelude::*;
use rem::wire::{Body, Codec, RawEvent};
use serde::{Deserialize, Serialize};

#[derive(EventType, Debug, Clone, Serialize, Deserialize, PartialEq)]
#[event(namespace = "provider")]
enum Provider {
    #[event(name = "lost", alias = "disconnected", alias = "gone.for_good")]
    Lost(String),
    #[event(topic = "by_name.{name}.limited", alias = "limited.{name}")]
    Limited { name: String, wait: u32 },
    #[event(nested = "cache")]
    Cache(Cache),
}

#[derive(EventType, Debug, Clone, Serialize, Deserialize, PartialEq)]
#[event(namespace = "cache")]
enum Cache {
    #[event(alias = "hit_old")]
    Hit,
}

#[derive(EventType, Debug, Clone, Serialize, Deserialize, PartialEq)]
#[event(topic = "order.{id}.placed", alias = "placed.{id}")]
struct Placed {
    id: u64,
}

fn read<E: EventType>(topic: &str, json: &str) -> Result<E, rem::wire::DecodeError> {
    E::decode(topic, &Body::new(Codec::Json, json.as_bytes()))
}

#[test]
fn what_comes_under_an_old_name_is_read() {
    let lost = Provider::Lost("net".to_owned());
    for topic in ["lost", "disconnected", "gone.for_good"] {
        assert_eq!(read::<Provider>(topic, r#""net""#).unwrap(), lost, "{topic}");
    }
    let limited = Provider::Limited { name: "a.b".to_owned(), wait: 3 };
    for topic in ["by_name.a%2Eb.limited", "limited.a%2Eb"] {
        let found = read::<Provider>(topic, r#"{"name":"a.b","wait":3}"#).unwrap();
        assert_eq!(found, limited, "{topic}");
    }
    // An alias says as much as the topic, and is held to it as much.
    assert!(read::<Provider>("limited.other", r#"{"name":"a.b","wait":3}"#).is_err());
    assert!(read::<Provider>("disconnect", r#""net""#).is_err());
    assert_eq!(read::<Provider>("cache.hit_old", "null").unwrap(), Provider::Cache(Cache::Hit));
    assert_eq!(read::<Placed>("placed.7", r#"{"id":7}"#).unwrap(), Placed { id: 7 });
    assert!(read::<Placed>("placed.8", r#"{"id":7}"#).is_err());
}

#[test]
fn subscribers_by_type_see_old_names_and_publishers_write_the_new_one() {
    let bus = Bus::new();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let held = Arc::clone(&seen);
    let _sub = bus.on(move |event: &Event<Provider>| {
        held.lock().unwrap().push((event.topic().to_string(), event.data.clone()));
    });
    let raw = |json: &str| RawEvent::new(Codec::Json, json.as_bytes());
    let lost = Provider::Lost("net".to_owned());
    let receipts = [
        bus.publish_to("provider.disconnected", raw(r#""net""#)).unwrap(),
        bus.publish_to("provider.cache.hit_old", raw("null")).unwrap(),
        bus.publish(lost.clone()).unwrap(),
    ];
    assert!(receipts.iter().all(|receipt| receipt.delivered() == 1), "{receipts:?}");
    let topics = ["provider.disconnected", "provider.cache.hit_old", "provider.lost"];
    let values = [lost.clone(), Provider::Cache(Cache::Hit), lost];
    let expected: Vec<_> = topics.map(str::to_owned).into_iter().zip(values).collect();
    assert_eq!(*seen.lock().unwrap(), expected);
}

#[test]
fn the_schema_lists_them() {
    let topics = |leaves: Vec<rem::Leaf>| -> Vec<String> {
        leaves.into_iter().map(|leaf| leaf.topic).collect()
    };
    assert_eq!(
        topics(Provider::SCHEMA.leaves()),
        ["provider.lost", "provider.by_name.{name}.limited", "provider.cache.hit"]
    );
    assert_eq!(
        topics(Provider::SCHEMA.leaves_and_aliases()),
        [
            "provider.lost",
            "provider.disconnected",
            "provider.gone.for_good",
            "provider.by_name.{name}.limited",
            "provider.limited.{name}",
            "provider.cache.hit",
            "provider.cache.hit_old",
        ]
    );
}

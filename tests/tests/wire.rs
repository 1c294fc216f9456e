//! How the data of events leaves the process and comes back: through the derive, in every codec.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use rem::prelude::*;
use rem::wire::{Body, Codec, DecodeErrorKind, RawEvent};
use serde::{Deserialize, Deserializer, Serialize};

#[derive(EventType, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[event(namespace = "system.provider")]
#[serde(rename_all = "camelCase")]
enum ProviderEvent {
    Ready,
    #[serde(skip)]
    #[event(skip)]
    #[expect(dead_code, reason = "it is there to be passed over")]
    Internal,
    #[event(skip)]
    Unpublished,
    Connected {
        name: String,
        #[serde(rename = "latency")]
        latency_ms: u32,
        #[serde(default)]
        tags: Vec<String>,
    },
    #[event(name = "lost")]
    Disconnected(String),
    Moved(i32, i32),
    #[event(topic = "by_name.{name}.limited")]
    Limited {
        name: String,
        after: u64,
    },
    #[event(nested = "cache")]
    Cache(CacheEvent),
}

#[derive(EventType, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[event(namespace = "cache")]
enum CacheEvent {
    Hit,
    Miss { key: String },
}

#[derive(EventType, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[event(topic = "order.{id}.placed")]
struct OrderPlaced {
    id: u64,
    total: f64,
}

#[derive(EventType, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[event(namespace = "tagged")]
#[serde(tag = "kind")]
enum Tagged {
    One { a: u8 },
    Two,
}

fn every() -> Vec<(&'static str, ProviderEvent, &'static str)> {
    vec![
        ("ready", ProviderEvent::Ready, "null"),
        (
            "connected",
            ProviderEvent::Connected { name: "a".into(), latency_ms: 7, tags: vec!["x".into()] },
            r#"{"name":"a","latency":7,"tags":["x"]}"#,
        ),
        ("lost", ProviderEvent::Disconnected("gone".into()), r#""gone""#),
        ("moved", ProviderEvent::Moved(-1, 2), "[-1,2]"),
        (
            "by_name.a%2Eb.limited",
            ProviderEvent::Limited { name: "a.b".into(), after: 5 },
            r#"{"name":"a.b","after":5}"#,
        ),
        ("cache.hit", ProviderEvent::Cache(CacheEvent::Hit), "null"),
        (
            "cache.miss",
            ProviderEvent::Cache(CacheEvent::Miss { key: "k".into() }),
            r#"{"key":"k"}"#,
        ),
    ]
}

#[test]
fn the_data_is_the_body_of_the_variant_alone() {
    for (topic, event, json) in every() {
        assert_eq!(String::from_utf8(event.encode(Codec::Json).unwrap()).unwrap(), json, "{topic}");
    }
    let placed = OrderPlaced { id: 4, total: 1.5 };
    assert_eq!(placed.encode(Codec::Json).unwrap(), br#"{"id":4,"total":1.5}"#);
}

#[test]
fn every_variant_comes_back_in_every_codec() {
    assert_eq!(Codec::ALL.len(), 2);
    for &codec in Codec::ALL {
        for (topic, event, _) in every() {
            let bytes = event.encode(codec).unwrap();
            assert_eq!(ProviderEvent::decode(topic, &Body::new(codec, &bytes)), Ok(event));
        }
        let placed = OrderPlaced { id: 4, total: 1.5 };
        let bytes = placed.encode(codec).unwrap();
        assert_eq!(OrderPlaced::decode("order.4.placed", &Body::new(codec, &bytes)), Ok(placed));
        for (topic, event) in [("one", Tagged::One { a: 1 }), ("two", Tagged::Two)] {
            let bytes = event.encode(codec).unwrap();
            assert_eq!(Tagged::decode(topic, &Body::new(codec, &bytes)), Ok(event));
        }
    }
}

#[test]
fn a_reader_passes_over_what_it_does_not_know() {
    let decode = |topic, json: &str| {
        ProviderEvent::decode(topic, &Body::new(Codec::Json, json.as_bytes())).unwrap()
    };
    let connected = decode("connected", r#"{"name":"a","latency":1,"since":2026}"#);
    let expected = ProviderEvent::Connected { name: "a".into(), latency_ms: 1, tags: vec![] };
    assert_eq!(connected, expected);
    assert_eq!(decode("ready", r#"{"since":2026}"#), ProviderEvent::Ready);
}

#[test]
fn what_is_no_value_says_why_and_where() {
    let name = |name: &str| format!(r#"{{"name":"{name}","after":1}}"#);
    for (topic, json, kind, path) in [
        ("connected", r#"{"name":"a","latency":"#, DecodeErrorKind::Malformed, "latency"),
        ("connected", r#"{"name":"a","latency":"x"}"#, DecodeErrorKind::WrongData, "latency"),
        (
            "connected",
            r#"{"name":"a","latency":1,"tags":["x",2]}"#,
            DecodeErrorKind::WrongData,
            "tags[1]",
        ),
        ("connected", r#"{"name":"a","name":"b"}"#, DecodeErrorKind::WrongData, ""),
        ("connected", "{} {}", DecodeErrorKind::WrongData, ""),
        ("lost", r#""a" "b""#, DecodeErrorKind::Malformed, ""),
        ("by_name.a.limited", &name("b"), DecodeErrorKind::TopicDisagrees, ""),
        ("by_name.a.b.limited", &name("a.b"), DecodeErrorKind::NoSuchTopic, ""),
        ("unpublished", "null", DecodeErrorKind::NoSuchTopic, ""),
        ("cache", "null", DecodeErrorKind::NoSuchTopic, ""),
    ] {
        let error = ProviderEvent::decode(topic, &Body::new(Codec::Json, json.as_bytes()));
        let error = error.expect_err(json);
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.path().starts_with(path), "{error}: {}", error.path());
        assert_eq!((error.topic(), error.type_name()), (topic, "ProviderEvent"));
        assert!(error.to_string().starts_with(&format!("no `ProviderEvent` under `{topic}`")));
    }
    let not_utf8 = Body::new(Codec::Json, b"\"\xff\"");
    let error = ProviderEvent::decode("lost", &not_utf8).unwrap_err();
    assert_eq!(error.kind(), DecodeErrorKind::Malformed, "{error}");
    let long = ProviderEvent::Disconnected("x".repeat(100)).encode(Codec::Json).unwrap();
    let body = Body::new(Codec::Json, &long).limit(101);
    let error = ProviderEvent::decode("lost", &body).unwrap_err();
    assert_eq!(error.kind(), DecodeErrorKind::TooLarge, "{error}");
    assert!(ProviderEvent::decode("lost", &body.limit(102)).is_ok());
    // A mebibyte, unless told.
    let read = |letters| {
        let json = format!("\"{}\"", "x".repeat(letters));
        ProviderEvent::decode("lost", &Body::new(Codec::Json, json.as_bytes())).is_ok()
    };
    assert_eq!((Body::LIMIT, read((1 << 20) - 2), read((1 << 20) - 1)), (1_048_576, true, false));
}

#[derive(EventType, Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Free(serde_json::Value);

/// What is read nests no deeper than 128; what is passed over is walked without recursion.
#[test]
fn deep_documents_harm_nobody() {
    let nested = |depth| "[".repeat(depth) + &"]".repeat(depth);
    let read = |json: &str| Free::decode("free", &Body::new(Codec::Json, json.as_bytes()));
    assert!(read(&nested(126)).is_ok() && read(&nested(128)).is_err());
    let error = read(&nested(400_000)).unwrap_err();
    assert_eq!(error.kind(), DecodeErrorKind::Malformed, "{error}");
    let passed = format!(r#"{{"name":"a","latency":1,"x":{}}}"#, nested(400_000));
    assert!(ProviderEvent::decode("connected", &Body::new(Codec::Json, passed.as_bytes())).is_ok());
    // MessagePack: an array of one in an array of one, and so on.
    let pack = [vec![0x91; 900_000], vec![0xc0]].concat();
    let error = Free::decode("free", &Body::new(Codec::MessagePack, &pack)).unwrap_err();
    assert_eq!(error.kind(), DecodeErrorKind::Malformed, "{error}");
}

#[test]
fn no_cut_and_no_changed_byte_panics() {
    for &codec in Codec::ALL {
        for (topic, event, _) in every() {
            let bytes = event.encode(codec).unwrap();
            for end in 0..bytes.len() {
                let cut = Body::new(codec, &bytes[..end]);
                if let Ok(read) = ProviderEvent::decode(topic, &cut) {
                    panic!("{read:?} from {end} of {} bytes of {codec}", bytes.len());
                }
                for byte in [0, 0x22, 0x7b, 0x93, 0xc1, 0xdf, 0xff] {
                    let mut changed = bytes.clone();
                    changed[end] = byte;
                    // Some are values, others are not: all are answered.
                    let answer = ProviderEvent::decode(topic, &Body::new(codec, &changed));
                    assert!(answer.is_ok() || !answer.unwrap_err().to_string().is_empty());
                }
            }
        }
    }
}

#[test]
fn local_types_stay() {
    #[derive(EventType, Debug)]
    #[event(local)]
    enum Here {
        Stays,
    }
    let error = Here::Stays.encode(Codec::Json).unwrap_err();
    assert!(error.to_string().contains("never leaves the process"), "{error}");
    let error = Here::decode("stays", &Body::new(Codec::Json, b"null")).unwrap_err();
    assert_eq!(error.kind(), DecodeErrorKind::Local);
}

/// Counts how often it is read.
#[derive(Debug, Clone, Serialize, PartialEq)]
struct Counted(u8);

static READ: AtomicUsize = AtomicUsize::new(0);

impl<'de> Deserialize<'de> for Counted {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        READ.fetch_add(1, Ordering::Relaxed);
        u8::deserialize(deserializer).map(Self)
    }
}

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
#[event(namespace = "late")]
enum Late {
    Came(Counted),
}

#[test]
fn raw_data_is_decoded_once_for_a_type_and_shared() {
    let bus = Bus::new();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let subs: Vec<_> = (0..3)
        .map(|_| {
            let seen = Arc::clone(&seen);
            bus.on(move |event: &Event<Late>| {
                let Late::Came(counted) = &event.data;
                seen.lock().unwrap().push((std::ptr::from_ref(event) as usize, counted.0));
            })
        })
        .collect();
    let raw = RawEvent::new(Codec::Json, *b"7");
    let receipt = bus.publish_to("late.came", raw.clone()).unwrap();
    assert_eq!(receipt.delivered(), 3);
    let seen = std::mem::take(&mut *seen.lock().unwrap());
    assert!(seen.iter().all(|one| *one == seen[0] && one.1 == 7), "{seen:?}");
    assert_eq!(READ.load(Ordering::Relaxed), 1);
    drop(subs);
    // Who wants any type sees the bytes, and nothing is decoded.
    let any = Arc::new(Mutex::new(Vec::new()));
    let into = Arc::clone(&any);
    let _sub = bus
        .subscribe("late.**", move |event: &Event| {
            let raw = event.downcast_ref::<RawEvent>().expect("raw");
            into.lock().unwrap().extend_from_slice(raw.data.bytes());
        })
        .unwrap();
    bus.publish_to("late.came", raw).unwrap();
    assert_eq!(*any.lock().unwrap(), b"7");
    assert_eq!(READ.load(Ordering::Relaxed), 1);
}

#[test]
fn raw_data_that_is_no_value_is_not_delivered_but_told() {
    let bus = Bus::new();
    let told = Arc::new(Mutex::new(Vec::new()));
    let into = Arc::clone(&told);
    let _told = bus
        .subscribe("$rem.**", move |event: &Event| {
            into.lock().unwrap().push((event.topic().to_string(), format!("{event}")));
        })
        .unwrap();
    let _sub = bus.on(|event: &Event<CacheEvent>| panic!("{event:?}"));
    let receipt = bus.publish_to("cache.miss", RawEvent::new(Codec::Json, *b"{}")).unwrap();
    assert_eq!(receipt.delivered(), 0);
    let told = told.lock().unwrap();
    let [(topic, said)] = &told[..] else { panic!("{told:?}") };
    assert_eq!(topic, "$rem.event.mismatched");
    assert!(said.contains("no `CacheEvent` under `miss`: missing field `key`"), "{said}");
}

/// Data that must not be written.
#[derive(Debug, Clone, Deserialize)]
struct Unwritable;

impl Serialize for Unwritable {
    fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        panic!("serialised within one process")
    }
}

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
#[event(name = "inner")]
struct Inner(Unwritable);

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
#[event(namespace = "outer")]
enum Outer {
    #[event(nested)]
    Inner(Inner),
}

#[test]
fn within_one_process_nothing_is_serialised() {
    let bus = Bus::builder().history(Ring::events(4)).build();
    let _whole = bus.on(|_: &Event<Outer>| ());
    let _part = bus.on(|_: &Event<Inner>| ());
    let _any = bus.subscribe("**", |event: &Event| drop(event.to_string())).unwrap();
    let mut stream: EventStream<Inner> =
        bus.subscription("outer").queue(4, Overflow::Reject).stream().unwrap();
    let receipt = bus.publish(Outer::Inner(Inner(Unwritable))).unwrap();
    assert_eq!((receipt.delivered(), receipt.failed()), (4, 0));
    assert!(stream.try_recv().is_ok());
    assert_eq!(bus.query("outer").unwrap().events().len(), 1);
}

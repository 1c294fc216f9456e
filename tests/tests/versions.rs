//! Versions of an event's data: what was written years ago is read as what it was, and made what it is now.
#![expect(clippy::unwrap_used, reason = "what fails in a test should end it")]

use std::sync::{Arc, Mutex};

use rem::prelude::*;
use rem::wire::{Body, Codec, DecodeErrorKind, RawEvent};
use serde::{Deserialize, Serialize};

const LONG: std::time::Duration = std::time::Duration::from_secs(30);

/// As it was written first.
#[derive(EventType, Debug, Serialize, Deserialize)]
#[event(topic = "order.{id}.placed")]
struct PlacedV1 {
    id: u64,
    euros: u32,
}

/// Then in cents, and what is too dear to be written so is refused.
#[derive(EventType, Debug, Serialize, Deserialize)]
#[event(topic = "order.{id}.placed", version = 2, upcast = in_cents)]
struct PlacedV2 {
    id: u64,
    cents: u32,
}

fn in_cents(PlacedV1 { id, euros }: PlacedV1) -> Result<PlacedV2, String> {
    let cents = euros.checked_mul(100).ok_or("too dear to be true")?;
    Ok(PlacedV2 { id, cents })
}

#[derive(EventType, Debug, Clone, Serialize, Deserialize, PartialEq)]
#[event(namespace = "order")]
enum Order {
    #[event(topic = "{id}.placed", version = 3, upcast = Order::in_currency)]
    Placed {
        id: u64,
        amount: u32,
        currency: String,
    },
    Closed(u64),
}

impl Order {
    fn in_currency(PlacedV2 { id, cents }: PlacedV2) -> Self {
        Self::Placed { id, amount: cents, currency: "EUR".to_owned() }
    }
}

#[derive(EventType, Debug, Clone, Serialize, Deserialize, PartialEq)]
#[event(namespace = "shop")]
enum Shop {
    #[event(nested = "orders")]
    Order(Order),
}

fn placed(amount: u32) -> Order {
    Order::Placed { id: 7, amount, currency: "EUR".to_owned() }
}

fn write(value: &impl Serialize, codec: Codec) -> Vec<u8> {
    match codec {
        Codec::Json => serde_json::to_vec(value).unwrap(),
        _ => rmp(value),
    }
}

/// `MessagePack` as REM writes it: through a type of its own.
fn rmp(value: &impl Serialize) -> Vec<u8> {
    #[derive(EventType, Debug, Serialize, Deserialize)]
    #[event(name = "any")]
    struct Any(serde_json::Value);
    EventType::encode(&Any(serde_json::to_value(value).unwrap()), Codec::MessagePack).unwrap()
}

#[test]
fn each_version_is_read_by_the_same_chain() {
    for codec in Codec::ALL.iter().copied() {
        let bodies = [
            (1, write(&PlacedV1 { id: 7, euros: 3 }, codec)),
            (2, write(&PlacedV2 { id: 7, cents: 300 }, codec)),
            (3, EventType::encode(&placed(300), codec).unwrap()),
        ];
        for (version, bytes) in &bodies {
            let body = Body::new(codec, bytes).version(*version);
            assert_eq!(Order::decode("7.placed", &body).unwrap(), placed(300), "{version}");
            let shop = Shop::decode("orders.7.placed", &body).unwrap();
            assert_eq!(shop, Shop::Order(placed(300)), "a nested type has the same chain");
        }
        // Without a version it is the present one.
        let body = Body::new(codec, &bodies[0].1);
        assert_eq!(
            Order::decode("7.placed", &body).unwrap_err().kind(),
            DecodeErrorKind::WrongData
        );
    }
}

#[test]
fn a_newer_version_is_read_as_the_present_one_if_it_can_be() {
    let read =
        |json: &str| Order::decode("7.placed", &Body::new(Codec::Json, json.as_bytes()).version(4));
    let more = r#"{"id":7,"amount":300,"currency":"EUR","note":"added later"}"#;
    assert_eq!(read(more).unwrap(), placed(300));
    let error = read(r#"{"id":7,"sum":300}"#).unwrap_err();
    assert_eq!(error.kind(), DecodeErrorKind::WrongData);
    assert!(error.to_string().contains("version 4, read as version 3"), "{error}");
}

#[test]
fn what_cannot_be_made_the_next_version_says_so() {
    let read = |topic: &str, json: &str, version: u32| {
        Order::decode(topic, &Body::new(Codec::Json, json.as_bytes()).version(version)).unwrap_err()
    };
    let refused = read("7.placed", r#"{"id":7,"euros":4000000000}"#, 1);
    assert_eq!(refused.kind(), DecodeErrorKind::Version);
    assert!(refused.to_string().contains("too dear to be true"), "{refused}");
    // Each link reads its own shape, with the path to the fault.
    let wrong = read("7.placed", r#"{"id":7,"euros":"three"}"#, 1);
    assert_eq!((wrong.kind(), wrong.path()), (DecodeErrorKind::WrongData, "euros"));
    // The topic is held to the value that comes of it.
    let other = read("8.placed", r#"{"id":7,"euros":3}"#, 1);
    assert_eq!(other.kind(), DecodeErrorKind::TopicDisagrees);
}

#[test]
fn subscribers_see_the_present_version_of_an_old_event() {
    let bus = Bus::new();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let held = Arc::clone(&seen);
    let _sub = bus.on(move |event: &Event<Order>| held.lock().unwrap().push(event.data.clone()));
    let old = RawEvent::new(Codec::Json, *br#"{"id":7,"euros":3}"#).version(1);
    assert_eq!(bus.publish_to("order.7.placed", old).unwrap().delivered(), 1);
    assert_eq!(*seen.lock().unwrap(), [placed(300)]);
}

#[test]
fn the_schema_tells_the_version() {
    let versions: Vec<u32> = Order::SCHEMA.events.iter().map(|event| event.version).collect();
    assert_eq!(versions, [3, 1]);
    assert_eq!(PlacedV2::SCHEMA.events[0].version, 2);
}

/// What a journal has from years ago is read as what it was, and made what it is now, and is stored as it was written.
#[test]
fn what_a_journal_has_of_an_older_shape_is_read_as_the_present_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("orders.rem");
    let open = || Bus::builder().history(rem::journal::Journal::open(&path).unwrap()).build();
    let bus = open();
    bus.publish(PlacedV1 { id: 7, euros: 3 }).unwrap();
    bus.publish(PlacedV2 { id: 7, cents: 450 }).unwrap();
    bus.publish(placed(5)).unwrap();
    drop(bus);
    for _ in 0..2 {
        let bus = open();
        let query = bus.query("order").unwrap();
        let seen: Vec<_> = query.of::<Order>().iter().map(|event| event.data.clone()).collect();
        assert_eq!(seen, [placed(300), placed(450), placed(5)]);
        let written: Vec<_> =
            query.of::<RawEvent>().iter().map(|event| event.data.written_as()).collect();
        assert_eq!(written, [Some(1), Some(2), Some(3)]);
    }
}

#[derive(EventType, Debug, Clone, PartialEq)]
#[event(namespace = "here", local)]
enum Here {
    Alone(u32),
}

/// An event that never leaves the process is in the history of this one alone, and is not acknowledged as stored.
#[test]
fn what_never_leaves_the_process_is_not_in_a_journal() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("here.rem");
    let open = || Bus::builder().history(rem::journal::Journal::open(&path).unwrap()).build();
    let bus = open();
    let here = bus.publish(Here::Alone(1)).unwrap();
    let stored = bus.publish(placed(5)).unwrap();
    assert_eq!(here.durable().wait(LONG).unwrap_err().kind(), rem::HistoryErrorKind::NotKept);
    stored.durable().wait(LONG).unwrap();
    let [alone] = &bus.query("here").unwrap().of::<Here>()[..] else { panic!("not one") };
    assert_eq!(alone.data, Here::Alone(1));
    drop(bus);
    let numbers: Vec<_> = open().query("**").unwrap().events();
    let numbers: Vec<_> = numbers.iter().map(|event| event.sequence()).collect();
    assert_eq!(numbers, [Some(2)]);
}

//! What was read is published: under its topic and scope, with all that it says of itself.

use std::sync::{Arc, Mutex};

use rem::cloudevents::{Decoder, Encoder};
use rem::prelude::*;
use rem::testing::{Recorder, TestBus};
use rem::{EventId, SystemEvent, Timestamp};
use serde_json::{Value, json};

use super::support::{Order, bus, published};

fn placed() -> Order {
    Order::Placed { id: "7".into(), cents: 5, note: None }
}

/// What a bus writes, and another reads.
fn sent(event: &Event<Order>) -> Vec<u8> {
    Encoder::new().structured(event).unwrap()
}

#[test]
fn an_event_is_the_same_on_another_bus() {
    let cause: EventId = "018f2c3e-7b1a-7c4d-8e5f-0123456789ab".parse().unwrap();
    let sender = bus();
    let event = published::<Order>(&sender, |bus| {
        let event = bus.child("eu").unwrap();
        let event = event.event(placed()).source("shop").metadata("tenant", "acme");
        event.causation(cause).correlation(cause).publish().unwrap();
    });
    let read = Decoder::new().structured(&sent(&event)).unwrap();
    assert_eq!((read.sequence(), read.subject()), (Some(1), Some("7")));

    let other = bus();
    other.publish(Order::Opened).unwrap();
    let typed = Recorder::<Order>::of(&other, "**").unwrap();
    let seen = Arc::new(Mutex::new(0));
    let count = Arc::clone(&seen);
    // By type it is seen below the prefix that it was published with.
    let _sub = other.on(move |_: &Event<Order>| *count.lock().unwrap() += 1);
    let receipt = read.publish(&other).unwrap();
    assert_eq!((receipt.id(), receipt.sequence()), (Some(event.id()), Some(2)));
    read.event_on::<Order>(&other).unwrap().publish().unwrap();
    assert_eq!(*seen.lock().unwrap(), 2);
    let received = typed.take();
    assert_eq!(received.len(), 2);
    for same in received {
        assert_eq!(same.data, event.data);
        assert_eq!((same.id(), same.topic(), same.scope()), (event.id(), event.topic(), 2));
        assert_eq!((same.timestamp(), same.source()), (event.timestamp(), Some("shop")));
        assert_eq!((same.causation(), same.correlation()), (Some(cause), cause));
        assert_eq!(same.metadata().get("tenant"), Some(&json!("acme")));
    }
}

#[test]
fn a_child_bus_takes_it_below_its_prefix() {
    let event = published::<Order>(&bus(), |bus| {
        bus.child("eu").unwrap().publish(placed()).unwrap();
    });
    let read = Decoder::new().structured(&sent(&event)).unwrap();
    let root = bus();
    let mirror = root.child("mirror").unwrap();
    let typed = Recorder::<Order>::of(&root, "**").unwrap();
    read.publish(&mirror).unwrap();
    let seen = &typed.take()[0];
    assert_eq!((seen.topic().as_str(), seen.scope()), ("mirror.eu.shop.order.placed", 9));
    // And again as what it is there.
    let again = Decoder::new().structured(&sent(seen)).unwrap();
    assert_eq!((again.topic(), again.scope(), again.id()), (seen.topic(), 9, event.id()));
    assert_eq!(again.decode::<Order>().unwrap(), placed());
}

#[test]
fn where_the_time_is_not_told_it_is_now() {
    let TestBus { bus, clock } = TestBus::new();
    clock.set(Timestamp::from_nanos(5));
    let recorder = Recorder::new(&bus);
    let document = br#"{"specversion":"1.0","type":"a","source":"s","id":"1"}"#;
    let read = Decoder::new().structured(document).unwrap();
    assert_eq!(read.timestamp(), None);
    read.publish(&bus).unwrap();
    assert_eq!(recorder.take()[0].timestamp(), Timestamp::from_nanos(5));
}

#[test]
fn data_that_no_subscriber_can_read_is_told_and_not_delivered() {
    let bus = bus();
    let told = Arc::new(Mutex::new(Vec::new()));
    let into = Arc::clone(&told);
    let _told = bus
        .subscribe("$rem.event.mismatched", move |event: &Event<SystemEvent>| {
            into.lock().unwrap().push(event.to_string());
        })
        .unwrap();
    let _sub = bus.on(|event: &Event<Order>| panic!("{event:?}"));
    let document = json!({"specversion": "1.0", "type": "shop.order.placed", "source": "s", "id": "1", "data": {"id": 1}});
    let read = Decoder::new().structured(document.to_string().as_bytes()).unwrap();
    assert_eq!(read.publish(&bus).unwrap().delivered(), 0);
    let told = told.lock().unwrap();
    assert!(told.len() == 1 && told[0].contains("no `Order` under `placed`, at `id`"), "{told:?}");
}

#[test]
fn an_event_without_a_source_gets_the_encoders() {
    let event = published::<Order>(&bus(), |bus| drop(bus.publish(placed()).unwrap()));
    let json = Encoder::new().source("order service").structured(&event).unwrap();
    let document: Value = serde_json::from_slice(&json).unwrap();
    assert_eq!(document["source"], "rem:order%20service");
    assert_eq!(Decoder::new().structured(&json).unwrap().source(), Some("order service"));
    // One that has a source keeps it: the bus's name, unless the publisher said another.
    let named = Bus::builder().history(Ring::events(1)).source("//shop").build();
    let event = published::<Order>(&named, |bus| drop(bus.publish(placed()).unwrap()));
    let document: Value =
        serde_json::from_slice(&Encoder::new().source("x").structured(&event).unwrap()).unwrap();
    assert_eq!(document["source"], "//shop");
}

#[test]
fn a_schema_is_told_of_by_topic() {
    let encoder = Encoder::new().data_schema(|topic| {
        (topic.as_str() == "shop.order.placed")
            .then(|| format!("https://shop.example/{topic}.json"))
    });
    let schema = |data: Order, own: Option<&str>| {
        let event = published::<Order>(&bus(), |bus| {
            let mut event = bus.event(data);
            if let Some(own) = own {
                event = event.metadata("dataschema", own);
            }
            event.publish().unwrap();
        });
        let json = encoder.structured(&event).unwrap();
        serde_json::from_slice::<Value>(&json).unwrap().get("dataschema").cloned()
    };
    assert_eq!(schema(placed(), None), Some(json!("https://shop.example/shop.order.placed.json")));
    assert_eq!(schema(Order::Opened, None), None);
    assert_eq!(schema(Order::Opened, Some("urn:x:y")), Some(json!("urn:x:y")));
    assert_eq!(schema(Order::Opened, Some("relative")), None);
}

/// The attributes as others look for them.
#[test]
fn what_is_written_is_what_the_docs_say() {
    let TestBus { bus, .. } =
        TestBus::with(Bus::builder().source("/shop").history(Ring::events(1)));
    let event = published::<Order>(&bus, |bus| {
        let eu = bus.child("eu").unwrap();
        let event = eu.event(placed()).metadata("tenant", "acme").metadata("tries", 2);
        event.metadata("Nested", json!({"a": [1]})).publish().unwrap();
    });
    let json = String::from_utf8(Encoder::new().structured(&event).unwrap()).unwrap();
    let expected = concat!(
        r#"{"specversion":"1.0","id":"00000000-0000-7000-8000-000000000001","source":"/shop","#,
        r#""type":"eu.shop.order.placed","time":"2000-01-01T00:00:00Z","subject":"7","#,
        r#""sequence":"00000000000000000001","remscope":2,"remversion":1,"tenant":"acme","tries":2,"#,
        r#""remmeta":"{\"Nested\":{\"a\":[1]}}","datacontenttype":"application/json","#,
        r#""data":{"id":"7","cents":5,"note":null}}"#,
    );
    assert_eq!(json, expected);
    let message = Encoder::new().binary(&event).unwrap();
    let headers: Vec<_> = message.headers().collect();
    let expected = [
        ("ce-specversion", "1.0"),
        ("ce-id", "00000000-0000-7000-8000-000000000001"),
        ("ce-source", "/shop"),
        ("ce-type", "eu.shop.order.placed"),
        ("ce-time", "2000-01-01T00:00:00Z"),
        ("ce-subject", "7"),
        ("ce-sequence", "00000000000000000001"),
        ("ce-remscope", "2"),
        ("ce-remversion", "1"),
        ("ce-tenant", "acme"),
        ("ce-tries", "2"),
        ("ce-remmeta", "{%22Nested%22:{%22a%22:[1]},%22tries%22:2}"),
        ("ce-datacontenttype", "application/json"),
    ];
    assert_eq!(headers, expected);
    assert_eq!(message.body(), br#"{"id":"7","cents":5,"note":null}"#);
}

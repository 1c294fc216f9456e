//! Whatever comes: it is refused for its reason, counted and told, and harms nobody.

use proptest::prelude::*;
use rem_core::testing::Recorder;
use rem_core::{Bus, Event};
use rem_mesh::memory::{MemoryBroker, MemoryTransport};
use rem_mesh::{Import, Mesh, MeshBuilder, Parcel, Refusal, Subject, Transport};

use crate::support::{Bill, LIMIT, Ledger, Order, Told, eventually, node, now};

const BOOT: &str = "00000000000000000000000000000001";

/// Somebody on the broker who is no mesh.
fn stranger(broker: &MemoryBroker) -> MemoryTransport {
    let transport = broker.transport("stranger");
    now(transport.connect()).unwrap();
    transport
}

fn to(topic: &str) -> Parcel {
    Parcel::new(Subject::parse(format!("rem.main.{topic}")).unwrap())
}

fn stamped(topic: &str) -> Parcel {
    to(topic).header("rem-home", "evil").header("rem-boot", BOOT).header("rem-hops", "0")
}

fn event(topic: &str, id: u128) -> Parcel {
    let id = uuid::Uuid::from_u128(id).to_string();
    with_attributes(stamped(topic), topic, &id).with_body("{\"id\":1}")
}

fn with_attributes(parcel: Parcel, topic: &str, id: &str) -> Parcel {
    parcel
        .header("ce-specversion", "1.0")
        .header("ce-id", id)
        .header("ce-source", "/evil")
        .header("ce-type", topic)
        .header("ce-datacontenttype", "application/json")
}

fn open(broker: &MemoryBroker) -> (Bus, MeshBuilder) {
    let (bus, mesh) = node(broker, "b");
    (bus, mesh.import("order").export("own"))
}

#[test]
fn each_reason_is_found_counted_and_told() {
    let broker = MemoryBroker::new();
    let (bus, mesh) = open(&broker);
    let (told, _told) = Told::of(&bus);
    let (came, _sub) = Ledger::of(&bus, "**");
    let mesh = mesh
        .import("local")
        .import_rule(Import::of("bill").as_type::<Bill>())
        .import_rule(Import::of("small").at_most(400))
        .limit(4_000)
        .hops(2)
        .peers(["evil"])
        .join_blocking()
        .unwrap();
    let evil = stranger(&broker);
    // The home of this node's own life, as everybody sees it.
    let probe = broker.transport("probe");
    now(probe.connect()).unwrap();
    now(probe.subscribe("rem.main.own".parse_filter(), None)).unwrap();
    now(probe.flush()).unwrap();
    bus.publish_to(
        "own",
        rem_core::wire::RawEvent::new(rem_core::wire::Codec::Json, b"1".to_vec()),
    )
    .unwrap();
    let mut own = None;
    eventually(|| broker.counts().carried > 0, "it leaves");
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    if let std::task::Poll::Ready(rem_mesh::Incoming::Parcel(parcel, _)) =
        probe.poll_incoming(&mut cx)
    {
        own = parcel.get("rem-boot").map(str::to_owned);
    }
    let own = own.unwrap();
    let home = |node: &str, boot: &str, hops: &str| {
        let parcel = to("order.a").header("rem-home", node).header("rem-boot", boot);
        with_attributes(parcel.header("rem-hops", hops), "order.a", "1")
    };
    let large = "x".repeat(5_000);
    let cases: Vec<(Refusal, Parcel)> = vec![
        (Refusal::Oversized, event("order.a", 1).with_body(large.clone())),
        (Refusal::Oversized, event("small.a", 2).with_body(format!("\"{}\"", "x".repeat(500)))),
        // By its rule, before it is read: it is no event at all.
        (Refusal::Oversized, stamped("small.a").with_body("{".repeat(500))),
        (Refusal::Malformed, stamped("order.a").header("ce-specversion", "1.0")),
        (Refusal::Malformed, stamped("order.a").with_body("{")),
        (Refusal::Malformed, to("order.a").header("rem-home", "evil")),
        (Refusal::Malformed, stamped("order.a").header("rem-hops", "1")),
        (
            Refusal::Malformed,
            stamped("order.a")
                .header("content-type", "application/cloudevents-batch+json")
                .with_body("[]"),
        ),
        (Refusal::NoHome, with_attributes(to("order.a"), "order.a", "1")),
        (Refusal::Stranger, home("mallory", BOOT, "0")),
        (Refusal::Twin, home("b", BOOT, "0")),
        (Refusal::Forged, home("b", &own, "0")),
        (Refusal::Forged, home("evil", &own, "0")),
        (Refusal::TooManyHops, home("evil", BOOT, "3")),
        (Refusal::NotImported, event("local.a", 3)),
        (Refusal::WrongSubject, with_attributes(stamped("order.a"), "order.b", "1")),
        (Refusal::WrongSchema, event("bill.paid", 4).with_body("{\"id\":\"x\"}")),
        (Refusal::WrongSchema, event("bill.unknown", 5)),
    ];
    let mut counts = std::collections::HashMap::new();
    for (why, parcel) in cases {
        *counts.entry(why).or_insert(0) += 1;
        // Nobody asks for some of these; as if somebody did.
        now(evil.publish(parcel.clone())).unwrap();
        eventually(
            || mesh.stats().refused_in_all() == counts.values().sum::<u64>(),
            "it is refused",
        );
        assert_eq!(mesh.stats().refused(why), counts[&why], "{why}: {parcel:?}, {}", mesh.stats());
        told.wait_for(|event| event.to_string().contains(&format!(", {why}: ")));
    }
    assert_eq!(came.len(), 1, "but for the own");
    // And all else comes.
    for parcel in [
        event("order.a", 10),
        event("small.a", 11),
        event("bill.paid", 12).with_body("{\"id\":1,\"cents\":2}"),
    ] {
        now(evil.publish(parcel)).unwrap();
    }
    eventually(|| mesh.stats().imported == 3, "they come");
    assert_eq!(came.len(), 4);
}

trait ParseFilter {
    fn parse_filter(self) -> rem_mesh::SubjectFilter;
}

impl ParseFilter for &str {
    fn parse_filter(self) -> rem_mesh::SubjectFilter {
        rem_mesh::SubjectFilter::parse(self).unwrap()
    }
}

#[test]
fn what_others_write_comes_if_it_may() {
    let broker = MemoryBroker::new();
    let (bus, mesh) = open(&broker);
    let came = Recorder::new(&bus);
    let _mesh = mesh.foreign(true).join_blocking().unwrap();
    let other = stranger(&broker);
    // By the binding of NATS 1.0.2: structured, and no header at all.
    let json =
        r#"{"specversion":"1.0","id":"A-17","source":"/shop","type":"order.paid","data":{"id":4}}"#;
    now(other.publish(to("order.paid").with_body(json))).unwrap();
    let event = came.wait_for("order.paid", LIMIT).unwrap();
    assert_eq!(event.source(), Some("/shop"));
    now(other.publish(with_attributes(to("order.sent"), "order.sent", "A-18").with_body("1")))
        .unwrap();
    came.wait_for("order.sent", LIMIT).unwrap();
}

#[test]
fn typed_imports_are_published_as_values() {
    let broker = MemoryBroker::new();
    let (shop, orders) = node(&broker, "a");
    let (office, billing) = node(&broker, "b");
    let came = Recorder::new(&office);
    let _a = orders.export("**").join_blocking().unwrap();
    let b = billing.import_rule(Import::of("order").as_type::<Order>()).join_blocking().unwrap();
    shop.publish_to("order.placed", Bill::Paid { id: 1, cents: 2 }).unwrap(); // another type's data, which reads as it
    shop.publish(Order::Shipped { id: 1, region: "eu".into() }).unwrap();
    let event = came.wait_for("order.eu.shipped", LIMIT).unwrap();
    assert!(event.data.downcast_ref::<Order>().is_some());
    assert_eq!(b.stats().refused_in_all(), 0);
}

#[test]
fn a_bus_that_refuses_is_told_of_and_the_event_may_come_again() {
    let broker = MemoryBroker::new();
    let (bus, mesh) = open(&broker);
    let full = bus.subscription("order").queue(1, rem_core::Overflow::Reject);
    let mut stream = full.stream::<dyn rem_core::Payload>().unwrap();
    let mesh = mesh.join_blocking().unwrap();
    let evil = stranger(&broker);
    for id in [1, 2, 2] {
        now(evil.publish(event("order.a", id))).unwrap();
    }
    eventually(|| mesh.stats().refused(Refusal::ByBus) == 2, "the bus has no room");
    stream.try_recv().unwrap();
    now(evil.publish(event("order.a", 2))).unwrap();
    eventually(|| mesh.stats().imported == 2, "now it has");
    assert_eq!(mesh.stats().duplicates, 0);
}

#[test]
fn a_handler_that_panics_harms_nobody() {
    let broker = MemoryBroker::new();
    let (bus, mesh) = open(&broker);
    let _bad = bus.subscribe("order", |_: &Event| panic!("bad")).unwrap();
    let (came, _sub) = Ledger::of(&bus, "order");
    let mesh = mesh.join_blocking().unwrap();
    let evil = stranger(&broker);
    for id in 1..=3 {
        now(evil.publish(event("order.a", id))).unwrap();
    }
    eventually(|| came.len() == 3 && mesh.stats().imported == 3, "they come");
    assert!(!mesh.is_over());
}

/// Of what a parcel of a mesh consists of, and of anything else.
fn parcels() -> impl Strategy<Value = Parcel> {
    let name = prop_oneof![
        Just("rem-home".to_owned()),
        Just("rem-boot".to_owned()),
        Just("rem-hops".to_owned()),
        Just("ce-id".to_owned()),
        Just("ce-type".to_owned()),
        Just("ce-source".to_owned()),
        Just("ce-specversion".to_owned()),
        Just("ce-remscope".to_owned()),
        Just("ce-remmeta".to_owned()),
        Just("ce-time".to_owned()),
        Just("content-type".to_owned()),
        ".{0,12}",
    ];
    let value = prop_oneof![
        Just("evil".to_owned()),
        Just(BOOT.to_owned()),
        Just("0".to_owned()),
        Just("1.0".to_owned()),
        Just("order.a".to_owned()),
        Just("/evil".to_owned()),
        Just("application/cloudevents+json".to_owned()),
        Just("5".to_owned()),
        Just("255".to_owned()),
        Just("{\"a\":1}".to_owned()),
        ".{0,40}",
    ];
    let body = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..200),
        Just(br#"{"specversion":"1.0","id":"1","source":"/a","type":"order.a","data":1}"#.to_vec()),
        Just(
            br#"{"specversion":"1.0","id":"1","source":"/a","type":"order.a","remscope":255}"#
                .to_vec()
        ),
    ];
    let topic = prop_oneof![
        Just("order.a".to_owned()),
        Just("order.eu.a".to_owned()),
        "order\\.[a-z$%é]{1,8}(\\.[a-z]{1,3}){0,40}",
    ];
    let headers = prop::collection::vec((name, value), 0..10);
    (topic, headers, body, any::<bool>()).prop_filter_map(
        "a subject",
        |(topic, headers, body, is_stamped)| {
            let subject = Subject::parse(format!("rem.main.{topic}")).ok()?;
            let parcel = Parcel::new(subject);
            let parcel = if is_stamped {
                parcel.header("rem-home", "evil").header("rem-boot", BOOT).header("rem-hops", "1")
            } else {
                parcel
            };
            let add = |parcel: Parcel, (name, value): (String, String)| parcel.header(name, value);
            Some(headers.into_iter().fold(parcel, add).with_body(body))
        },
    )
}

#[test]
fn whatever_comes_is_accounted_for_and_nothing_panics() {
    let broker = MemoryBroker::new();
    let (bus, mesh) = open(&broker);
    let mesh: Mesh = mesh.foreign(true).always("order").join_blocking().unwrap();
    let (told, _told) = Told::of(&bus);
    let evil = stranger(&broker);
    let accounted = || {
        let stats = mesh.stats();
        stats.imported + stats.duplicates + stats.unwanted + stats.refused_in_all() + stats.echoes
    };
    let sent = std::cell::Cell::new(0);
    let config =
        ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(parcel in parcels())| {
        now(evil.publish(parcel)).unwrap();
        sent.set(sent.get() + 1);
    });
    eventually(|| accounted() == sent.get(), "all are accounted for");
    assert!(!mesh.is_over() && mesh.stats().imported > 0 && mesh.stats().refused_in_all() > 0);
    now(evil.publish(event("order.a", 77))).unwrap();
    eventually(|| accounted() == sent.get() + 1, "and it goes on");
    drop(told);
}

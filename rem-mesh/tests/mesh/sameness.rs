//! What comes in is what went out.

use std::time::Duration;

use rem_core::testing::Recorder;
use rem_core::wire::{Codec, RawEvent};
use rem_core::{Bus, Event, EventId, Ring, Timestamp};
use rem_mesh::memory::MemoryBroker;
use rem_mesh::{Mesh, Mode};
use serde_json::json;

use crate::support::{LIMIT, Ledger, Order, by_type, eventually, node};

/// An event, and everything that it says of itself.
fn published(bus: &Bus) -> EventId {
    let cause = EventId::from(uuid::Uuid::from_u128(7));
    let receipt = bus
        .event(Order::Shipped { id: 4, region: "eu".into() })
        .source("//shop.example/orders")
        .metadata("tenant", "acme")
        .metadata("nested", json!({"a": [1, 2.5, null]}))
        .metadata("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
        .timestamp(Timestamp::from_nanos(1_356_998_400_123_456_789))
        .causation(cause)
        .correlation(cause)
        .publish()
        .unwrap();
    receipt.id().unwrap()
}

#[test]
fn an_event_comes_with_everything_that_it_says_of_itself() {
    for mode in [Mode::Binary, Mode::Structured] {
        let broker = MemoryBroker::new();
        let (shop, orders) = node(&broker, "orders-1");
        let (office, billing) = node(&broker, "billing-1");
        let (sent, came) = (Recorder::new(&shop), Recorder::new(&office));
        let _orders = orders.export("order").mode(mode).join_blocking().unwrap();
        let _billing = billing.import("order").join_blocking().unwrap();
        published(&shop);
        let (one, two) =
            (sent.wait_for("order.**", LIMIT).unwrap(), came.wait_for("order.**", LIMIT).unwrap());
        assert_eq!(two.id(), one.id());
        assert_eq!(two.topic(), one.topic());
        assert_eq!(two.source(), one.source());
        assert_eq!(two.timestamp(), one.timestamp());
        assert_eq!(two.metadata(), one.metadata(), "{mode:?}");
        assert_eq!((two.causation(), two.correlation()), (one.causation(), one.correlation()));
        assert_eq!((two.scope(), two.key()), (one.scope(), one.key()));
    }
}

#[test]
fn by_type_what_comes_is_a_value() {
    let broker = MemoryBroker::new();
    let (shop, orders) = node(&broker, "orders-1");
    let (office, billing) = node(&broker, "billing-1");
    let (seen, _sub) = by_type(&office);
    let _orders = orders.export("order").join_blocking().unwrap();
    let _billing = billing.import("order").join_blocking().unwrap();
    shop.publish(Order::Placed { id: 9 }).unwrap();
    assert_eq!(seen(), Order::Placed { id: 9 });
}

#[test]
fn a_child_bus_is_a_prefix_of_the_subject_and_a_scope_of_the_event() {
    let broker = MemoryBroker::new();
    let (shop, orders) = node(&broker, "orders-1");
    let (office, billing) = node(&broker, "billing-1");
    let eu = shop.child("eu").unwrap();
    let ((typed, _sub), by_topic) = (by_type(&office), Recorder::new(&office));
    let _orders = orders.export("**").join_blocking().unwrap();
    let _billing = billing.import("eu").join_blocking().unwrap();
    eu.publish(Order::Placed { id: 1 }).unwrap();
    let event = by_topic.wait_for("eu.order.placed", LIMIT).unwrap();
    assert_eq!((event.topic().as_str(), event.scope()), ("eu.order.placed", 2));
    assert_eq!(typed(), Order::Placed { id: 1 });
}

#[test]
fn a_child_bus_joins_with_what_lies_below_it_and_nothing_else() {
    let broker = MemoryBroker::new();
    let (shop, office) = (Bus::new(), Bus::new());
    let (eu_shop, eu_office) = (shop.child("eu").unwrap(), office.child("eu").unwrap());
    let (recorder, (came, _sub)) = (Recorder::new(&office), Ledger::of(&office, "**"));
    let (typed, _typed) = by_type(&eu_office);
    let _orders = Mesh::builder(&eu_shop)
        .transport(broker.transport("a"))
        .node("a")
        .export("order")
        .join_blocking()
        .unwrap();
    let _billing = Mesh::builder(&eu_office)
        .transport(broker.transport("b"))
        .node("b")
        .import("**")
        .join_blocking()
        .unwrap();
    let other = shop.publish(Order::Placed { id: 1 }).unwrap();
    let below = shop.child("eu.south").unwrap().publish(Order::Placed { id: 2 }).unwrap();
    let own = eu_shop.publish(Order::Placed { id: 3 }).unwrap();
    came.wait_for(own.id().unwrap());
    let event = recorder.wait_for("**", LIMIT).unwrap();
    assert_eq!((event.topic().as_str(), event.scope()), ("eu.order.placed", 2));
    assert_eq!(typed(), Order::Placed { id: 3 });
    // `eu.south.order` is none of `eu`'s exports.
    assert!(other.id().is_none_or(|id| !came.has(id)) && below.id().is_none_or(|id| !came.has(id)));
    assert_eq!(broker.counts().published, 1);
}

#[test]
fn the_scope_below_a_joined_child_bus_comes_too() {
    let broker = MemoryBroker::new();
    let (shop, office) = (Bus::new(), Bus::new());
    let (eu_shop, eu_office) = (shop.child("eu").unwrap(), office.child("eu").unwrap());
    let came = Recorder::new(&office);
    let (typed, _typed) = by_type(&eu_office);
    let join = |bus: &Bus, name: &str| {
        Mesh::builder(bus).transport(broker.transport(name)).node(name).export("**").import("**")
    };
    let _orders = join(&eu_shop, "a").join_blocking().unwrap();
    let _billing = join(&eu_office, "b").join_blocking().unwrap();
    eu_shop.child("south").unwrap().publish(Order::Placed { id: 3 }).unwrap();
    let event = came.wait_for("**", LIMIT).unwrap();
    assert_eq!((event.topic().as_str(), event.scope()), ("eu.south.order.placed", 8));
    assert_eq!(typed(), Order::Placed { id: 3 });
}

#[test]
fn raw_data_travels_byte_for_byte() {
    let broker = MemoryBroker::new();
    let (shop, orders) = node(&broker, "a");
    let (office, billing) = node(&broker, "b");
    let came = Recorder::new(&office);
    let _a = orders.export("**").join_blocking().unwrap();
    let _b = billing.import("**").join_blocking().unwrap();
    let data = br#"{"b": 1.10, "a" :[ ]}"#.to_vec();
    shop.publish_to("x.y", RawEvent::new(Codec::Json, data.clone())).unwrap();
    let event = came.wait_for("x.y", LIMIT).unwrap();
    assert_eq!(event.data.downcast_ref::<RawEvent>().unwrap().body().bytes(), data);
}

#[test]
fn what_comes_is_in_the_history_and_in_the_order_of_its_source() {
    let broker = MemoryBroker::new();
    let (shop, orders) = node(&broker, "a");
    let office = Bus::builder().history(Ring::events(10_000)).build();
    let (came, _sub) = Ledger::of(&office, "order.placed");
    let _a = orders.export("**").join_blocking().unwrap();
    let _b = Mesh::builder(&office)
        .transport(broker.transport("b"))
        .node("b")
        .import("**")
        .join_blocking()
        .unwrap();
    let ids: Vec<_> = (0..500).map(|id| shop.publish(Order::Placed { id }).unwrap()).collect();
    came.wait_for(ids[499].id().unwrap());
    let kept: Vec<_> =
        office.query("order").unwrap().events().iter().map(|event| event.id()).collect();
    assert_eq!(kept, ids.iter().map(|receipt| receipt.id().unwrap()).collect::<Vec<_>>());
}

#[test]
fn what_stays_here_stays_here() {
    let broker = MemoryBroker::new();
    let (shop, orders) = node(&broker, "a");
    let (office, billing) = node(&broker, "b");
    let (came, _sub) = Ledger::of(&office, "**");
    let _told = shop.subscribe("$rem.**", |_: &Event| ()).unwrap();
    let _a = orders.export("**").local("order.secret").join_blocking().unwrap();
    let _b = billing.import("**").join_blocking().unwrap();
    let raw = || RawEvent::new(Codec::Json, b"1".to_vec());
    let eu = shop.child("eu").unwrap();
    let _hears = shop
        .subscribe(
            "**",
            |event: &Event| if event.topic().as_str() == "fails" { Err("no") } else { Ok(()) },
        )
        .unwrap();
    for topic in ["local.a", "local", "order.secret.x", "fails"] {
        shop.publish_to(topic, raw()).unwrap();
    }
    eu.publish_to("local.b", raw()).unwrap();
    let last = shop.publish_to("localx.c", raw()).unwrap();
    came.wait_for(last.id().unwrap());
    assert_eq!(came.len(), 2); // `fails` and the last
    assert_eq!(broker.counts().published, 2);
}

#[test]
fn an_event_too_large_or_too_deep_is_counted_and_told_and_those_behind_it_leave() {
    let broker = MemoryBroker::with(2_000, 100);
    let (shop, orders) = node(&broker, "a");
    let (office, billing) = node(&broker, "b");
    let (came, _sub) = Ledger::of(&office, "**");
    let (told, _told) = crate::support::Told::of(&shop);
    let a = orders.export("**").join_blocking().unwrap();
    let _b = billing.import("**").join_blocking().unwrap();
    let large = format!("\"{}\"", "x".repeat(3_000));
    shop.publish_to("big", RawEvent::new(Codec::Json, large.into_bytes())).unwrap();
    shop.child("a.b.c.d.e").unwrap().publish(Order::Placed { id: 1 }).unwrap();
    let last = shop.publish(Order::Placed { id: 2 }).unwrap();
    came.wait_for(last.id().unwrap());
    eventually(|| (a.stats().unsent, a.stats().exported) == (2, 1), "they are counted");
    for text in ["takes 2000", "more than 4 segments"] {
        told.wait_for(|event| event.to_string().contains(text));
    }
    assert!(a.leave(Duration::from_secs(5)).is_complete());
}

//! Subscribing: by type, by pattern, predicates, guards.

use std::sync::Arc;

use rem::prelude::*;
use rem::{Metadata, PatternErrorKind, SubscribeError};

use crate::events::{Notes, Order, Other, Tick, paid};

#[test]
fn by_type_every_variant_and_nothing_else() {
    let bus = Bus::new();
    let notes = Notes::default();
    let seen = notes.clone();
    let _sub = bus.on(move |event: &Event<Order>| seen.add(format!("{:?}", event.data)));
    bus.publish(Order::Created { id: 1 }).unwrap();
    bus.publish(paid("7")).unwrap();
    bus.publish(Tick(1)).unwrap();
    // Under a topic that is not the type's, topic decides: it is not selected.
    assert_eq!(bus.publish_to("elsewhere", Order::Created { id: 2 }).unwrap().matched(), 0);
    assert_eq!(notes.take(), ["Created { id: 1 }", "Paid { id: \"7\", cents: 100 }"]);
}

#[test]
fn by_typed_pattern() {
    let bus = Bus::new();
    let notes = Notes::default();
    let seen = notes.clone();
    let _sub = bus.on_pattern(pattern!(Order, "{id}.paid"), move |event: &Event<Order>| {
        seen.add(event.topic().as_str());
    });
    let eu = bus.child("eu").unwrap();
    eu.publish(paid("7")).unwrap();
    bus.publish(paid("8")).unwrap();
    bus.publish(Order::Created { id: 1 }).unwrap();
    assert_eq!(notes.take(), ["eu.order.7.paid", "order.8.paid"]);
}

#[test]
fn a_plain_name_selects_itself_and_all_below() {
    let bus = Bus::new();
    let notes = Notes::default();
    let _sub = bus.subscribe("order", notes.topics()).unwrap();
    bus.publish_to("order", Tick(1)).unwrap();
    bus.publish_to("order.a.b", Tick(1)).unwrap();
    bus.publish_to("orders", Tick(1)).unwrap();
    assert_eq!(notes.take(), ["order", "order.a.b"]);
}

#[test]
fn a_set_delivers_once_and_leaves_out() {
    let bus = Bus::new();
    let notes = Notes::default();
    let _sub = bus
        .subscribe(["order", "order.*", "**.paid", "!order.*.heartbeat"], notes.topics())
        .unwrap();
    let topics = ["order.x", "order.x.paid", "order.x.heartbeat", "a.paid"];
    let counts = topics.map(|topic| bus.publish_to(topic, Tick(1)).unwrap().matched());
    assert_eq!(counts, [1, 1, 0, 1]);
    assert_eq!(notes.take(), ["order.x", "order.x.paid", "a.paid"]);
}

#[test]
fn two_subscriptions_are_two_deliveries() {
    let bus = Bus::new();
    let notes = Notes::default();
    let _a = bus.subscribe("order.*", notes.named("a")).unwrap();
    let _b = bus.subscribe("order.*", notes.named("b")).unwrap();
    assert_eq!(bus.publish(Order::Created { id: 1 }).unwrap().delivered(), 2);
    assert_eq!(notes.take(), ["a", "b"]);
}

#[test]
fn captures_are_unescaped() {
    let bus = Bus::new();
    let notes = Notes::default();
    let seen = notes.clone();
    let _sub = bus
        .subscription("order.{id}.paid")
        .inline_received(move |received: Received<Order>| {
            seen.add(received.capture("id").unwrap_or_default());
            assert!(received.capture("other").is_none());
        })
        .unwrap();
    let eu = bus.child("eu").unwrap();
    let seen = notes.clone();
    let _below = eu
        .subscription("{kind}.{*rest}")
        .inline_received(move |received: Received| {
            let captures = received.captures().unwrap();
            seen.add(format!(
                "{}|{}",
                captures.get("kind").unwrap(),
                captures.get("rest").unwrap()
            ));
        })
        .unwrap();
    bus.publish(paid("a.b $x")).unwrap();
    eu.publish(paid("7")).unwrap();
    assert_eq!(notes.take(), ["a.b $x", "order|7.paid"]);
}

#[test]
fn predicates_are_asked_in_order_and_all_must_say_yes() {
    let bus = Bus::new();
    let notes = Notes::default();
    let first = notes.clone();
    let second = notes.clone();
    let _sub = bus
        .subscription("tick.**")
        .filter(move |event| {
            first.add("first");
            event.metadata().get("pass").is_some()
        })
        .filter(move |_| {
            second.add("second");
            true
        })
        .inline(notes.named("handled"))
        .unwrap();
    assert_eq!(bus.publish(Tick(1)).unwrap().matched(), 0);
    assert_eq!(notes.take(), ["first"]);
    assert_eq!(bus.event(Tick(1)).metadata("pass", true).publish().unwrap().matched(), 1);
    assert_eq!(notes.take(), ["first", "second", "handled"]);
}

#[test]
fn an_event_without_source_passes_no_source_filter() {
    let bus = Bus::new();
    let notes = Notes::default();
    let _sub = bus.subscription("**").source("shop").inline(notes.named("shop")).unwrap();
    assert_eq!(bus.publish(Tick(1)).unwrap().matched(), 0);
    assert_eq!(bus.event(Tick(1)).source("other").publish().unwrap().matched(), 0);
    assert_eq!(bus.event(Tick(1)).source("").publish().unwrap().matched(), 0);
    assert_eq!(bus.event(Tick(1)).source("shop").publish().unwrap().matched(), 1);
    assert_eq!(notes.take(), ["shop"]);
}

#[test]
fn priority_then_age() {
    let bus = Bus::new();
    let notes = Notes::default();
    let subscribe = |priority, name| {
        bus.subscription("**").priority(priority).inline(notes.named(name)).unwrap()
    };
    let _subs = [
        subscribe(0, "c"),
        subscribe(-1, "e"),
        subscribe(9, "a"),
        subscribe(0, "d"),
        subscribe(9, "b"),
    ];
    bus.publish(Tick(1)).unwrap();
    assert_eq!(notes.take(), ["a", "b", "c", "d", "e"]);
}

#[test]
fn an_unrelated_type_is_not_delivered_but_counted() {
    let bus = Bus::new();
    let notes = Notes::default();
    let sub = bus.on(|_: &Event<Order>| panic!("not an order"));
    let told = notes.clone();
    let _told = bus
        .subscribe("$rem.event.mismatched", move |event: &Event| told.add(event.to_string()))
        .unwrap();
    let receipt = bus.publish(Other::Created { name: "x".into() }).unwrap();
    assert_eq!((receipt.matched(), sub.mismatches(), sub.failures()), (0, 1, 0));
    let told = notes.take();
    assert_eq!(told.len(), 1);
    assert!(told[0].contains("Order") && told[0].contains("Other"), "{}", told[0]);
}

#[test]
fn a_dropped_guard_ends_it_and_frees_the_handler() {
    let bus = Bus::new();
    let alive = Arc::new(());
    let held = Arc::clone(&alive);
    let sub = bus.subscribe("**", move |_: &Event| drop(Arc::clone(&held))).unwrap();
    assert_eq!(bus.publish(Tick(1)).unwrap().delivered(), 1);
    assert!(sub.is_active());
    sub.end();
    assert_eq!(Arc::strong_count(&alive), 1, "the handler is gone, though a route may be stale");
    assert_eq!(bus.publish(Tick(1)).unwrap().matched(), 0);
}

#[test]
fn a_guard_dropped_by_its_own_handler() {
    let bus = Bus::new();
    let notes = Notes::default();
    let slot = Arc::new(std::sync::Mutex::new(None));
    let (seen, own) = (notes.clone(), Arc::clone(&slot));
    let sub = bus.subscribe("**", move |_: &Event| {
        seen.add("called");
        drop(own.lock().unwrap().take());
    });
    *slot.lock().unwrap() = Some(sub.unwrap());
    assert_eq!(bus.publish(Tick(1)).unwrap().delivered(), 1);
    assert_eq!(bus.publish(Tick(1)).unwrap().matched(), 0);
    assert_eq!(notes.take(), ["called"]);
}

#[test]
fn a_detached_subscription_lasts() {
    let bus = Bus::new();
    bus.on(|_: &Event<Tick>| ()).detach();
    assert_eq!(bus.publish(Tick(1)).unwrap().delivered(), 1);
}

#[test]
fn a_subscription_outlives_neither_bus_nor_shows_it() {
    let sub = Bus::new().on(|_: &Event<Tick>| ());
    assert!(!sub.is_active());
}

#[test]
fn subscribing_within_a_handler_starts_with_the_next_event() {
    let bus = Bus::new();
    let notes = Notes::default();
    let (inner, seen) = (bus.clone(), notes.clone());
    let _sub = bus.on(move |_: &Event<Tick>| {
        inner.subscribe("tick", seen.named("new")).unwrap().detach();
    });
    assert_eq!(bus.publish(Tick(1)).unwrap().delivered(), 1);
    assert_eq!(notes.take(), [""; 0]);
    assert_eq!(bus.publish(Tick(1)).unwrap().delivered(), 2);
    assert_eq!(notes.take(), ["new"]);
}

#[test]
fn malformed_patterns_are_errors() {
    let bus = Bus::new();
    for bad in ["", "a..b", "a.>.b", "[", "{", "a.{x}y", "!a", "**.{x}.{x}"] {
        let Err(SubscribeError::Pattern(error)) = bus.subscribe(bad, |_: &Event| ()) else {
            panic!("{bad:?} was taken for a pattern");
        };
        assert_eq!(error.text(), bad);
    }
    let Err(SubscribeError::Pattern(error)) = bus.subscribe("order..paid", |_: &Event| ()) else {
        panic!()
    };
    assert_eq!(error.kind(), PatternErrorKind::EmptySegment);
    assert!(error.to_string().contains('^'), "a caret under the place: {error}");
    assert!(matches!(
        bus.subscription("[").inline(|_: &Event| ()),
        Err(SubscribeError::Pattern(_))
    ));
}

#[test]
fn a_regular_expression_selects_too() {
    let bus = Bus::new();
    let notes = Notes::default();
    let _sub = bus.subscribe(Pattern::regex(r"order\.\d+\.paid").unwrap(), notes.topics()).unwrap();
    bus.publish(paid("17")).unwrap();
    bus.publish(paid("x")).unwrap();
    assert_eq!(notes.take(), ["order.17.paid"]);
}

#[test]
fn people_can_look() {
    let bus = Bus::new();
    let sub = bus.subscribe("order.*", |_: &Event| ()).unwrap();
    assert!(sub.to_string().starts_with("subscription 1 to `order.*` ("), "{sub}");
    assert!(sub.to_string().contains("subscribe.rs:"), "{sub}");
    assert!(format!("{sub:?} {bus:?}").contains("order.*"));
    assert_eq!(Metadata::new().len(), 0);
}

//! Publishing: receipts, the builder form, bad topics.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rem::prelude::*;
use rem::testing::{Recorder, TestBus};
use rem::{PublishErrorKind, SystemEvent};

use crate::events::{Notes, Order, Tick, paid};

#[test]
fn the_topic_is_namespace_and_variant() {
    let bus = Bus::new();
    let notes = Notes::default();
    let _sub = bus.subscribe("**", notes.topics()).unwrap();
    for event in [Order::Created { id: 1 }, paid("7"), paid("a.b*$"), paid("")] {
        assert_eq!(bus.publish(event).unwrap().delivered(), 1);
    }
    bus.publish(Tick(1)).unwrap();
    let topics =
        ["order.created", "order.7.paid", "order.a%2Eb%2A$.paid", "order.%.paid", "tick.tick"];
    assert_eq!(notes.take(), topics);
}

#[test]
fn a_receipt_of_nobody_has_neither_id_nor_number() {
    let bus = Bus::new();
    let receipt = bus.publish(Tick(1)).unwrap();
    assert_eq!((receipt.id(), receipt.sequence(), receipt.matched()), (None, None, 0));
}

#[test]
fn a_receipt_tells_who_was_reached() {
    let test = TestBus::new();
    let recorder = Recorder::new(&test.bus);
    let _fails = test.bus.on(|_: &Event<Tick>| Err::<(), _>("no"));
    let _passes =
        test.bus.subscription("tick.**").filter(|_| false).inline(|_: &Event| ()).unwrap();
    let receipt = test.bus.publish(Tick(1)).unwrap();
    assert_eq!(receipt.sequence(), Some(1));
    assert_eq!(
        receipt.id().unwrap().to_string(),
        "00dc6ac9-4000-7000-8000-000000000001"
            .to_string()
            .replace("00dc6ac9-4000", &receipt.id().unwrap().to_string()[..13])
    );
    assert_eq!((receipt.matched(), receipt.delivered(), receipt.failed()), (2, 1, 1));
    assert_eq!(receipt.to_string(), "matched 2, delivered 1, failed 1");
    assert_eq!(recorder.events()[0].id(), receipt.id().unwrap());
}

#[test]
fn the_builder_form_says_more() {
    let test = TestBus::with(Bus::builder().source("default"));
    let recorder = Recorder::new(&test.bus);
    let cause = test.bus.publish(Tick(0)).unwrap().id().unwrap();
    let then = "2013-01-01T10:17:00Z".parse::<rem::Timestamp>().unwrap();
    let _ = test
        .bus
        .event(Tick(1))
        .source(String::from("api"))
        .metadata("tenant", "acme")
        .metadata("nested", vec![1, 2])
        .timestamp(then)
        .causation(cause)
        .correlation(cause)
        .publish()
        .unwrap();
    let _ = test.bus.event(Tick(2)).publish_to("elsewhere").unwrap();
    let events = recorder.take();
    assert_eq!(events[0].source(), Some("default"));
    assert_eq!(events[1].source(), Some("api"));
    assert_eq!(events[1].metadata().get("tenant").unwrap(), "acme");
    assert_eq!(events[1].metadata().get("nested").unwrap()[1], 2);
    assert_eq!(events[1].timestamp(), then);
    assert_eq!((events[1].causation(), events[1].correlation()), (Some(cause), cause));
    assert_eq!(events[2].topic(), &topic!("elsewhere"));
    assert_eq!(events[2].correlation(), events[2].id());
    assert!(
        events[1].to_string().starts_with("2013-01-01T10:17:00Z tick.tick #2 from api: Tick(1)")
    );
}

#[test]
fn a_publisher_is_the_same_as_the_bus() {
    let bus = Bus::new();
    let eu = bus.child("eu").unwrap();
    let notes = Notes::default();
    let publisher = eu.publisher::<Order>();
    assert_eq!(publisher.publish(paid("1")).unwrap().matched(), 0);
    let sub = bus.subscribe("**", notes.topics()).unwrap();
    for event in [Order::Created { id: 1 }, paid("1"), paid("2"), Order::Created { id: 2 }] {
        assert_eq!(publisher.publish(event).unwrap().delivered(), 1);
    }
    assert_eq!(
        notes.take(),
        ["eu.order.created", "eu.order.1.paid", "eu.order.2.paid", "eu.order.created"]
    );
    drop(sub);
    assert_eq!(publisher.publish(paid("1")).unwrap().matched(), 0);
    assert!(matches!(
        publisher.publish(Order::Internal).unwrap_err().kind(),
        PublishErrorKind::NoTopic
    ));
}

#[test]
fn bad_topics_are_errors_that_give_the_event_back() {
    let bus = Bus::new();
    let recorder = Recorder::new(&bus);
    let long = "x".repeat(300);
    let deep = vec!["a"; 33].join(".");
    for bad in [
        "a.*", "a.>", "**", "", "a..b", ".a", "a.", "a b", "a\0", "{x}", "!a", "=a", "a,b", &long,
        &deep,
    ] {
        let error = bus.publish_to(bad, Tick(7)).unwrap_err();
        assert!(matches!(error.kind(), PublishErrorKind::Topic(_)), "{bad:?}: {error:?}");
        assert_eq!(error.into_data(), Tick(7));
    }
    let error = bus.publish_to("a.*", Tick(7)).unwrap_err();
    assert!(error.to_string().contains("a.*"), "{error}");
    assert!(std::error::Error::source(&error).is_some());
    let eu = bus.child("eu").unwrap();
    for (bus, system) in [(&bus, "$rem.handler.failed"), (&bus, "$x"), (&bus, "$"), (&eu, "$rem.x")]
    {
        let error = bus.publish_to(system, Tick(7)).unwrap_err();
        assert!(matches!(error.kind(), PublishErrorKind::SystemTopic), "{error:?}");
        assert!(error.to_string().contains("REM's own"), "{error}");
    }
    let error = bus.publish(paid(&long)).unwrap_err();
    assert!(matches!(error.kind(), PublishErrorKind::NoTopic));
    assert_eq!(error.into_data(), paid(&long));
    let error = bus.publish(Order::Internal).unwrap_err();
    assert!(matches!(error.kind(), PublishErrorKind::NoTopic));
    assert_eq!((error.topic(), error.data()), ("order.…", &Order::Internal));
    // A failed publish leaves no trace: the next one has the first number.
    assert_eq!(bus.publish(Tick(1)).unwrap().sequence(), Some(1));
    assert_eq!(recorder.topics(), ["tick.tick"]);
}

#[test]
fn nobody_publishes_system_events_but_the_bus() {
    let bus = Bus::new();
    let caught = std::sync::Arc::new(std::sync::Mutex::new(None));
    let keep = std::sync::Arc::clone(&caught);
    let _sub =
        bus.on(move |event: &Event<SystemEvent>| *keep.lock().unwrap() = Some(event.data.clone()));
    let _fails = bus.on(|_: &Event<Tick>| Err::<(), _>("no"));
    bus.publish(Tick(1)).unwrap();
    let event = caught.lock().unwrap().take().unwrap();
    assert!(matches!(bus.publish(event).unwrap_err().kind(), PublishErrorKind::SystemTopic));
}

#[test]
fn a_closed_bus_refuses() {
    let bus = Bus::new();
    let child = bus.child("eu").unwrap();
    let below = child.child("west").unwrap();
    let sub = bus.on(|_: &Event<Tick>| ());
    child.close(Duration::ZERO);
    assert!(!bus.is_closed() && child.is_closed() && below.is_closed());
    assert!(matches!(below.publish(Tick(3)).unwrap_err().kind(), PublishErrorKind::Closed));
    let error = child.publish(Tick(3)).unwrap_err();
    assert!(
        error.to_string().contains("`eu.tick.tick`") && error.to_string().contains("closed"),
        "{error}"
    );
    assert_eq!(error.into_data(), Tick(3));
    assert_eq!(bus.publish(Tick(3)).unwrap().delivered(), 1);
    assert!(matches!(child.subscribe("**", |_: &Event| ()), Err(rem::SubscribeError::Closed)));
    assert!(matches!(child.child("x"), Err(rem::ChildError::Closed)));
    assert!(!child.on(|_: &Event<Tick>| ()).is_active());
    bus.close(Duration::ZERO);
    assert!(matches!(bus.publish(Tick(3)).unwrap_err().kind(), PublishErrorKind::Closed));
    assert!(sub.is_active() || bus.is_closed());
}

#[test]
fn a_million_topics_are_routed_right() {
    static SEEN: AtomicUsize = AtomicUsize::new(0);
    let bus = Bus::builder().topics(64).build();
    let _sub = bus
        .subscribe("order.*7.paid", |_: &Event| {
            SEEN.fetch_add(1, Ordering::Relaxed);
        })
        .unwrap();
    let publisher = bus.publisher::<Order>();
    for id in 0..100_000 {
        let receipt = publisher.publish(paid(&id.to_string())).unwrap();
        assert_eq!(receipt.matched(), usize::from(id % 10 == 7));
    }
    assert_eq!(SEEN.load(Ordering::Relaxed), 10_000);
}

#[test]
fn fixed_topics_are_written_down_whole() {
    let whole: Vec<_> =
        Order::SCHEMA.events.iter().map(|event| (event.variant, event.whole)).collect();
    assert_eq!(whole, [("Created", Some("order.created")), ("Paid", None)]);
    assert_eq!(Tick::SCHEMA.events[0].whole, Some("tick.tick"));
}

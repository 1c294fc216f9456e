//! Child buses: prefixes, capabilities, sharing and closing.

use std::time::Duration;

use rem::prelude::*;
use rem::{ChildError, SubscribeError, TopicErrorKind};

use crate::events::{Notes, Order, Tick, paid};

#[test]
fn a_child_publishes_below_its_prefix_and_is_seen_from_above() {
    let bus = Bus::new();
    let eu = bus.child("eu-west").unwrap();
    let shop = eu.child("shop.a").unwrap();
    let notes = Notes::default();
    let seen = notes.clone();
    let local = bus.clone();
    let _typed = bus.on(move |event: &Event<Order>| {
        seen.add(format!(
            "{} scope {} local {}",
            event.topic(),
            event.scope(),
            local.local_topic(event).unwrap()
        ));
    });
    bus.publish(paid("1")).unwrap();
    eu.publish(paid("2")).unwrap();
    shop.publish(paid("3")).unwrap();
    assert_eq!(
        notes.take(),
        [
            "order.1.paid scope 0 local order.1.paid",
            "eu-west.order.2.paid scope 7 local eu-west.order.2.paid",
            "eu-west.shop.a.order.3.paid scope 14 local eu-west.shop.a.order.3.paid",
        ]
    );
    assert_eq!(shop.prefix().unwrap().as_str(), "eu-west.shop.a");
}

#[test]
fn topic_decides_the_route_scope_the_type() {
    let bus = Bus::new();
    let notes = Notes::default();
    let seen = notes.clone();
    let _typed = bus.on(move |event: &Event<Tick>| seen.add(event.topic().as_str()));
    // The same text without the scope is not the type's topic.
    assert_eq!(bus.publish_to("eu.tick.tick", Tick(1)).unwrap().matched(), 0);
    let eu = bus.child("eu").unwrap();
    assert_eq!(eu.publish(Tick(1)).unwrap().matched(), 1);
    assert_eq!(bus.publish_to("eu.tick.tick", Tick(1)).unwrap().matched(), 0);
    assert_eq!(notes.take(), ["eu.tick.tick"]);
}

#[test]
fn a_child_sees_what_lies_below_its_prefix_and_nothing_else() {
    let bus = Bus::new();
    let eu = bus.child("eu").unwrap();
    let notes = Notes::default();
    let seen = notes.clone();
    let inner = eu.clone();
    let _all = eu
        .subscribe("**", move |event: &Event| {
            seen.add(format!("all {}", inner.local_topic(event).unwrap()));
        })
        .unwrap();
    let _one = eu.subscribe("tick", notes.named("tick")).unwrap();
    let _regex = eu.subscribe(Pattern::regex("^tick.*").unwrap(), notes.named("regex")).unwrap();
    let _typed = eu.on({
        let notes = notes.clone();
        move |_: &Event<Tick>| notes.add("typed")
    });
    // Not below: the parent's own, the prefix itself, a prefix that only begins alike.
    for topic in ["tick.tick", "eu", "eur.tick.tick", "x.eu.tick.tick"] {
        assert_eq!(bus.publish_to(topic, Tick(1)).unwrap().matched(), 0, "{topic}");
    }
    bus.publish(Tick(1)).unwrap();
    assert_eq!(notes.take(), [""; 0]);
    // Below: its own, its children's, and what the parent publishes there.
    assert_eq!(eu.publish(Tick(1)).unwrap().matched(), 4);
    assert_eq!(notes.take(), ["all tick.tick", "tick", "regex", "typed"]);
    assert_eq!(bus.publish_to("eu.tick.tick", Tick(1)).unwrap().matched(), 4);
    assert_eq!(notes.take(), ["all tick.tick", "tick", "regex", "typed"]);
    assert_eq!(eu.child("a").unwrap().publish(Tick(1)).unwrap().matched(), 2);
    assert_eq!(notes.take(), ["all a.tick.tick", "typed"]);
}

#[test]
fn a_prefix_is_open_once() {
    let bus = Bus::new();
    let eu = bus.child("eu").unwrap();
    assert!(matches!(bus.child("eu"), Err(ChildError::Open(prefix)) if prefix == topic!("eu")));
    assert_eq!(bus.child_or_open("eu").unwrap(), eu);
    let west = eu.child("west").unwrap();
    let error = bus.child("eu.west").unwrap_err();
    assert!(error.to_string().contains("`eu.west` is open already"), "{error}");
    drop(west);
    assert!(bus.child("eu.west").is_ok(), "the last handle is gone");
    eu.close(Duration::ZERO);
    assert!(bus.child("eu").is_ok(), "a closed bus leaves its prefix");
}

#[test]
fn a_bus_that_is_closed_once_more_does_nothing_to_who_has_its_prefix_now() {
    let bus = Bus::new();
    let old = bus.child("eu").unwrap();
    old.close(Duration::ZERO);
    let eu = bus.child("eu").unwrap();
    let west = eu.child("west").unwrap();
    let mut stream: EventStream =
        eu.subscription("**").queue(1, Overflow::Reject).stream().unwrap();
    old.close(Duration::ZERO);
    assert_eq!(west.publish(Tick(1)).unwrap().delivered(), 1);
    assert_eq!(stream.try_recv().unwrap().topic().as_str(), "eu.west.tick.tick");
}

#[test]
fn what_a_closed_bus_refuses_shows_no_way_past_the_middleware_of_who_has_its_prefix_now() {
    let bus = Bus::new();
    let recorder = rem::testing::Recorder::new(&bus);
    let old = bus.child("eu").unwrap();
    old.close(Duration::ZERO);
    let eu = bus.child("eu").unwrap();
    eu.middleware("**", rem::middleware::filter("none", |_: &Draft| false)).unwrap();
    assert!(old.publish(Tick(1)).is_err());
    assert_eq!(eu.publish(Tick(1)).unwrap().stopped(), Some("none"));
    drop(recorder);
    // Nor where nobody listens, and the middleware alone is there.
    assert!(old.publish_to("other", Tick(1)).is_err());
    assert_eq!(eu.publish_to("other", Tick(1)).unwrap().stopped(), Some("none"));
}

#[test]
fn bad_prefixes_are_errors() {
    let bus = Bus::new();
    for (bad, kind) in [("", TopicErrorKind::Empty), ("a..b", TopicErrorKind::EmptySegment)] {
        let Err(ChildError::Prefix(error)) = bus.child(bad) else { panic!("{bad}") };
        assert_eq!(error.kind(), kind);
    }
    assert!(matches!(bus.child("a.*"), Err(ChildError::Prefix(_))));
    assert!(matches!(bus.child("$rem"), Err(ChildError::SystemPrefix(_))));
    let deep = bus.child(vec!["a"; 31].join(".")).unwrap();
    assert!(matches!(deep.child("b.c"), Err(ChildError::Prefix(_))));
    let deepest = deep.child("b").unwrap();
    let error = deepest.publish(Tick(4)).unwrap_err();
    assert!(matches!(error.kind(), rem::PublishErrorKind::Topic(_)), "{error:?}");
    assert_eq!(error.into_data(), Tick(4));
    // What can select nothing below is said when it is subscribed.
    assert!(matches!(deepest.subscribe("x.y", |_: &Event| ()), Err(SubscribeError::Pattern(_))));
}

#[test]
fn a_child_asks_the_history_for_its_own_only() {
    let bus = Bus::builder().history(Ring::events(100)).build();
    let (eu, us) = (bus.child("eu").unwrap(), bus.child("us").unwrap());
    let _ = [
        bus.publish(Tick(0)),
        eu.publish(Tick(1)),
        us.publish(Tick(2)),
        bus.publish_to("eu", Tick(3)),
    ];
    let ask = |bus: &Bus, pattern: &str| -> Vec<u32> {
        bus.query(pattern).unwrap().of::<Tick>().iter().map(|event| event.data.0).collect()
    };
    assert_eq!(ask(&bus, "**"), [0, 1, 2, 3]);
    assert_eq!(ask(&eu, "**"), [1]);
    assert_eq!(ask(&eu, "tick"), [1]);
    assert_eq!(ask(&us, "**"), [2]);
    assert_eq!(ask(&us, "eu.**"), [0; 0]);
}

#[test]
fn a_reopened_prefix_has_the_new_buss_middleware() {
    let bus = Bus::new();
    let _sub = bus.on(|_: &Event<Tick>| ());
    let eu = bus.child("eu").unwrap();
    eu.middleware("**", rem::middleware::filter("none", |_: &Draft| false)).unwrap();
    assert_eq!(eu.publish(Tick(1)).unwrap().stopped(), Some("none"));
    drop(eu);
    let eu = bus.child("eu").unwrap();
    assert_eq!(eu.publish(Tick(1)).unwrap().stopped(), None);
}

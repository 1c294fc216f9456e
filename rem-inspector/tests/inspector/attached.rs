//! With no client attached nothing is on the bus, and nothing stays of one that was.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rem_core::wire::Mask;
use rem_core::{Bus, Event};
use rem_inspector::Inspector;

use crate::support::{Order, Stream, get, inspected, placed, wait_for};

#[test]
fn nothing_is_subscribed_before_the_first_client_and_after_the_last() {
    let (bus, inspector) = inspected();
    let there = || bus.topology().subscriptions.len() + bus.topology().middleware.len();
    for path in
        ["/", "/api/about", "/api/topics", "/api/events", "/api/subscriptions", "/api/history"]
    {
        crate::support::ask(inspector.address(), "GET", path, &[], "");
    }
    assert_eq!(there(), 0, "asking attaches nothing");
    let mut one = Stream::open(inspector.address(), "/api/stream", None);
    let mut two = Stream::open(inspector.address(), "/api/stream?none=true", None);
    one.until("hello");
    two.until("hello");
    let topology = bus.topology();
    let patterns: Vec<_> = topology.subscriptions.iter().map(|it| &*it.pattern).collect();
    assert_eq!(
        patterns,
        ["$rem.handler.failed"],
        "with a history nobody hears of what is published"
    );
    one.cut();
    wait_for("one is gone", || inspector.clients() == 1);
    assert_eq!(there(), 1);
    two.cut();
    wait_for("both are gone", || inspector.clients() == 0);
    wait_for("nothing is left", || there() == 0);
}

#[test]
fn a_bus_that_nobody_listens_to_is_as_one_without_an_inspector() {
    let bus = Bus::new();
    let inspector = rem_inspector::serve(&bus, "127.0.0.1:0").unwrap();
    assert_eq!(
        bus.publish(placed(1)).unwrap().sequence(),
        None,
        "it has no number, for nobody is there"
    );
    let mut stream = Stream::open(inspector.address(), "/api/stream", None);
    stream.until("hello");
    assert!(bus.publish(placed(2)).unwrap().sequence().is_some());
    stream.until("event");
    stream.cut();
    wait_for("it is gone", || inspector.clients() == 0);
    wait_for("nobody is there", || bus.publish(placed(3)).unwrap().sequence().is_none());
}

#[test]
fn handlers_are_called_as_often_and_counted_as_well_when_they_are_measured() {
    let (bus, inspector) = inspected();
    let calls = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&calls);
    let _sub = bus.on(move |event: &Event<Order>| {
        let calls = count.fetch_add(1, Ordering::Relaxed);
        assert!(calls % 7 != 6, "the seventh");
        match event.data {
            Order::Placed { order, .. } if order % 3 == 0 => Err("a third"),
            _ => Ok(()),
        }
    });
    let publish = || {
        let before = (calls.load(Ordering::Relaxed), bus.topology().subscriptions[0].stats);
        let (mut delivered, mut failed) = (0, 0);
        for order in 0..210 {
            let receipt = bus.publish(placed(order)).unwrap();
            delivered += receipt.delivered();
            failed += receipt.failed();
        }
        let stats = bus.topology().subscriptions[0].stats;
        assert_eq!(calls.load(Ordering::Relaxed) - before.0, 210);
        (delivered, failed, stats.delivered - before.1.delivered, stats.failed - before.1.failed)
    };
    let alone = publish();
    let mut stream = Stream::open(inspector.address(), "/api/stream", None);
    stream.until("hello");
    assert_eq!(publish(), alone, "with a client");
    stream.cut();
    wait_for("it is gone", || inspector.clients() == 0);
    assert_eq!(publish(), alone, "and without one again");
}

#[test]
fn without_measures_nothing_is_measured() {
    let (bus, _) = inspected();
    let inspector =
        Inspector::builder(&bus).without_measures().mask(Mask::new()).serve("127.0.0.1:0").unwrap();
    let _sub = bus.on(|_: &Event<Order>| ());
    let mut stream = Stream::open(inspector.address(), "/api/stream", None);
    stream.until("hello");
    bus.publish(placed(1)).unwrap();
    stream.until("event");
    let story = get(&inspector, "/api/story/1");
    assert_eq!(story["handlings"][story["event"].as_str().unwrap()][0]["measured"], false);
    assert_eq!(get(&inspector, "/api/about")["measures"], false);
}

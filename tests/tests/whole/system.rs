//! System events: who sees them.

use std::iter;

use rem::prelude::*;
use rem::{SubscriptionId, SubscriptionStats, SystemEvent};

use crate::events::{Notes, Tick};

#[test]
fn only_a_literal_dollar_selects_them() {
    let bus = Bus::new();
    let notes = Notes::default();
    let _none = [
        bus.subscribe("**", notes.named("**")).unwrap(),
        bus.subscribe("*.handler.failed", notes.named("*")).unwrap(),
        bus.subscribe("?rem.**", notes.named("?")).unwrap(),
        bus.subscribe(">", notes.named(">")).unwrap(),
    ];
    let _some = [
        bus.subscribe("$rem.**", notes.named("$rem.**")).unwrap(),
        bus.subscribe("$rem", notes.named("$rem")).unwrap(),
        bus.subscribe("=$rem.handler.failed", notes.named("exact")).unwrap(),
        bus.on({
            let notes = notes.clone();
            move |_: &Event<SystemEvent>| notes.add("typed")
        }),
    ];
    let _fails = bus.on(|_: &Event<Tick>| panic!("no"));
    bus.publish(Tick(1)).unwrap();
    assert_eq!(notes.take(), ["**", ">", "$rem.**", "$rem", "exact", "typed"]);
}

#[test]
fn each_concerns_a_bus_and_is_seen_there_and_above() {
    let bus = Bus::new();
    let (eu, us) = (bus.child("eu").unwrap(), bus.child("us").unwrap());
    let west = eu.child("west").unwrap();
    let notes = Notes::default();
    let _told = [
        bus.subscribe("$rem.**", notes.named("root")).unwrap(),
        eu.subscribe("$rem.**", notes.named("eu")).unwrap(),
        west.subscribe("$rem.**", notes.named("west")).unwrap(),
        us.subscribe("$rem.**", notes.named("us")).unwrap(),
    ];
    let _fails = eu.on(|_: &Event<Tick>| panic!("eu's handler"));
    west.publish(Tick(1)).unwrap();
    assert_eq!(notes.take(), ["root", "eu"]);
}

/// The account of one subscription.
fn stats(bus: &Bus, id: SubscriptionId) -> SubscriptionStats {
    let topology = bus.topology();
    topology.subscriptions.iter().find(|subscription| subscription.id == id).unwrap().stats
}

fn name(number: u32) -> &'static str {
    if number % 2 == 1 { "odd" } else { "even" }
}

fn says(event: &Event, what: &str) -> bool {
    let Some(event) = event.downcast_ref::<SystemEvent>() else { return false };
    matches!(&event.data, SystemEvent::HandlerFailed { error, .. } if &**error == what)
}

#[test]
fn filters_are_asked_before_a_system_event_is_handed_over() {
    let bus = Bus::new();
    let notes = Notes::default();
    let about = |what: &'static str| {
        bus.subscription("$rem.handler.failed").filter(move |event| says(event, what))
    };
    let (odd, even) = (notes.named("odd"), notes.named("even"));
    let odd = about("odd").inline(move |event: &Event<SystemEvent>| odd(event)).unwrap();
    let even = about("even").inline(move |event: &Event| even(event)).unwrap();
    let mut queue: EventStream = about("odd").queue(8, Overflow::Reject).stream().unwrap();
    let panics =
        bus.subscription("$rem.**").filter(|_| panic!("filter")).inline(|_: &Event| ()).unwrap();
    let other = about("odd").inline(|_: &Event<Tick>| ()).unwrap();
    // They are told while the handlers of an event are called, and wait for these.
    let _fails = bus.on(|event: &Event<Tick>| Err::<(), _>(name(event.data.0)));
    for number in 1..=3 {
        bus.publish(Tick(number)).unwrap();
    }
    assert_eq!(notes.take(), ["odd", "even", "odd"]);
    // Before any handler is called: at once.
    let fails = |event: &Event| panic!("{}", name(event.downcast_ref::<Tick>().unwrap().data.0));
    let _queue: EventStream<Tick> =
        bus.subscription("before.*").filter(fails).queue(1, Overflow::Reject).stream().unwrap();
    for number in 1..=3 {
        bus.publish_to("before.tick", Tick(number)).unwrap();
    }
    assert_eq!(notes.take(), ["odd", "even", "odd"]);

    let counts = |id| {
        let SubscriptionStats { delivered, deferred, dropped, failed, mismatched, .. } =
            stats(&bus, id);
        [delivered, deferred, dropped, failed, mismatched]
    };
    assert_eq!(counts(odd.id()), [4, 0, 0, 0, 0]);
    assert_eq!(counts(even.id()), [2, 0, 0, 0, 0]);
    assert_eq!(counts(panics.id()), [0, 0, 0, 6, 0]);
    assert_eq!(counts(other.id()), [0, 0, 0, 0, 4]);
    assert_eq!(counts(queue.subscription().id()), [0, 4, 0, 0, 0]);
    assert!(iter::from_fn(|| queue.try_recv().ok()).all(|event| says(&event, "odd")));
    assert_eq!(counts(queue.subscription().id()), [4, 0, 0, 0, 0]);
}

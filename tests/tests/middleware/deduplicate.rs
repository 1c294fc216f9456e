//! An event that comes again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use rem::middleware::{Deduplicate, filter};
use rem::prelude::*;
use rem::testing::TestBus;
use rem::{EventId, Overflow};
use uuid::Uuid;

use crate::support::{Tick, add, bus_with};

const MINUTE: Duration = Duration::from_secs(60);

fn id(number: u64) -> EventId {
    EventId::from(Uuid::from_u64_pair(1, number))
}

fn minute() -> Deduplicate {
    Deduplicate::within(MINUTE).unwrap()
}

/// Whether an event of that id is published.
fn passes(bus: &Bus, number: u64) -> bool {
    bus.event(Tick(number)).id(id(number)).publish().unwrap().stopped().is_none()
}

#[test]
fn the_second_of_one_source_and_id_is_stopped_and_named() {
    let bus = bus_with(minute());
    let from =
        |source: &'static str, id| bus.event(Tick(1)).source(source).id(id).publish().unwrap();
    assert_eq!(from("a", id(1)).delivered(), 1);
    let again = from("a", id(1));
    assert_eq!((again.stopped(), again.delivered()), (Some("Deduplicate"), 0));
    // Another source, another id, none at all: other events.
    assert_eq!(from("b", id(1)).delivered(), 1);
    assert_eq!(from("a", id(2)).delivered(), 1);
    assert!(passes(&bus, 1) && !passes(&bus, 1));
    assert_eq!((bus.stats().middleware.stopped, bus.stats().published), (2, 4));
}

#[test]
fn events_of_the_bus_are_never_taken_for_others() {
    let seen = Arc::new(minute());
    let bus = bus_with(Arc::clone(&seen));
    for _ in 0..100 {
        assert_eq!(bus.publish(Tick(1)).unwrap().delivered(), 1);
    }
    assert_eq!(seen.remembered(), 0);
}

#[test]
fn it_may_come_again_after_the_window_and_not_a_nanosecond_before() {
    let test = TestBus::new();
    add(&test.bus, minute());
    assert!(passes(&test.bus, 1));
    let end = test.clock.now() + MINUTE;
    test.clock.set(end - Duration::from_nanos(1));
    assert!(!passes(&test.bus, 1), "that it was tried does not make the window longer");
    test.clock.set(end);
    assert!(passes(&test.bus, 1));
    assert!(!passes(&test.bus, 1));
}

#[test]
fn a_clock_that_is_set_back_lets_nothing_come_again() {
    let test = TestBus::new();
    let seen = Arc::new(minute().capacity(8).unwrap());
    add(&test.bus, Arc::clone(&seen));
    assert!(passes(&test.bus, 1));
    let start = test.clock.now();
    test.clock.set(start - Duration::from_secs(3_600));
    assert!(!passes(&test.bus, 1) && passes(&test.bus, 2) && !passes(&test.bus, 2));
    // As long as it was set back, and the window.
    test.clock.set(start + MINUTE - Duration::from_nanos(1));
    assert!(!passes(&test.bus, 1) && passes(&test.bus, 2));
    test.clock.set(start + MINUTE);
    assert!(passes(&test.bus, 1));
    // And it keeps no more than it may, whatever the clock does.
    for number in 10..100 {
        test.clock.set(start - Duration::from_secs(number));
        assert!(passes(&test.bus, number));
        assert!(seen.remembered() <= 8);
    }
    assert!(seen.forgotten() > 0);
}

#[test]
fn when_it_is_full_the_oldest_is_forgotten_and_counted() {
    let seen = Arc::new(minute().capacity(3).unwrap());
    let bus = bus_with(Arc::clone(&seen));
    for number in 1..=4 {
        assert!(passes(&bus, number));
    }
    assert_eq!((seen.remembered(), seen.forgotten()), (3, 1));
    assert!(!passes(&bus, 2) && !passes(&bus, 3) && !passes(&bus, 4));
    assert!(passes(&bus, 1), "forgotten, so it is let pass");
    assert_eq!((seen.remembered(), seen.forgotten()), (3, 2));
}

#[test]
fn unless_told_65_536_are_remembered() {
    let seen = Arc::new(minute());
    let bus = bus_with(Arc::clone(&seen));
    for number in 0..65_536 {
        assert!(passes(&bus, number));
    }
    assert_eq!((seen.remembered(), seen.forgotten()), (65_536, 0));
    assert!(passes(&bus, 65_536));
    assert_eq!((seen.remembered(), seen.forgotten()), (65_536, 1));
}

#[test]
fn those_whose_time_is_over_make_room_and_are_not_counted() {
    let test = TestBus::new();
    let seen = Arc::new(minute().capacity(3).unwrap());
    add(&test.bus, Arc::clone(&seen));
    for number in 0..30 {
        assert!(passes(&test.bus, number));
        test.clock.advance(MINUTE / 3);
    }
    assert_eq!((seen.remembered(), seen.forgotten()), (3, 0));
}

#[test]
fn a_publish_that_comes_to_nothing_may_be_tried_again() {
    let bus = bus_with(minute());
    let open = Arc::new(AtomicBool::new(false));
    let is_open = Arc::clone(&open);
    bus.middleware("**", filter("gate", move |_: &Draft| is_open.load(Ordering::Relaxed))).unwrap();
    let publish = || bus.event(Tick(1)).id(id(1)).publish();
    assert_eq!(publish().unwrap().stopped(), Some("gate"));
    open.store(true, Ordering::Relaxed);
    let mut full: EventStream =
        bus.subscription("tick").queue(1, Overflow::Reject).stream().unwrap();
    bus.publish(Tick(0)).unwrap();
    assert!(publish().is_err(), "the queue is full");
    full.try_recv().unwrap();
    assert_eq!(publish().unwrap().stopped(), None);
    assert_eq!(publish().unwrap().stopped(), Some("Deduplicate"));
}

#[test]
fn of_threads_that_publish_one_event_one_does() {
    let bus = bus_with(minute());
    let published = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for number in 0..2_000 {
                    published.fetch_add(u64::from(passes(&bus, number)), Ordering::Relaxed);
                }
            });
        }
    });
    assert_eq!(published.into_inner(), 2_000);
    assert_eq!((bus.stats().published, bus.stats().middleware.stopped), (2_000, 14_000));
}

#[test]
fn a_handler_that_publishes_it_again_is_stopped_too() {
    let bus = bus_with(minute());
    let (again, stopped) = (bus.clone(), Arc::new(AtomicU64::new(0)));
    let count = Arc::clone(&stopped);
    let _sub = bus.on(move |_: &Event<Tick>| {
        count.fetch_add(u64::from(!passes(&again, 1)), Ordering::Relaxed);
    });
    assert!(passes(&bus, 1));
    assert_eq!(stopped.load(Ordering::Relaxed), 1);
}

#[test]
fn something_else_may_tell_that_two_are_one() {
    let bus = bus_with(
        minute().by(|event: &Event| Some(event.metadata().get("request")?.as_str()?.to_owned())),
    );
    let request = |name: &str| bus.event(Tick(1)).metadata("request", name).publish().unwrap();
    assert_eq!(request("a").stopped(), None);
    assert_eq!(request("a").stopped(), Some("Deduplicate"));
    assert_eq!(request("b").stopped(), None);
    for _ in 0..2 {
        assert_eq!(bus.publish(Tick(1)).unwrap().stopped(), None, "without one it is not compared");
        assert_eq!(bus.event(Tick(1)).id(id(1)).publish().unwrap().stopped(), None);
    }
}

#[test]
fn a_key_that_panics_refuses_its_event_alone() {
    let bus = bus_with(minute().by(|event: &Event| {
        let tick = event.downcast_ref::<Tick>().unwrap().data.0;
        assert!(tick < 2, "no key for {tick}");
        Some(tick)
    }));
    assert!(bus.publish(Tick(2)).unwrap_err().to_string().contains("no key for 2"));
    assert_eq!(bus.publish(Tick(1)).unwrap().stopped(), None);
    assert_eq!(bus.publish(Tick(1)).unwrap().stopped(), Some("Deduplicate"));
}

#[test]
fn a_key_may_use_the_bus() {
    let bus = Bus::new();
    let again = bus.downgrade();
    let by = minute().by(move |event: &Event| {
        let tick = event.downcast_ref::<Tick>()?.data.0;
        let bus = again.upgrade()?;
        if tick > 0 {
            bus.publish(Tick(tick - 1)).unwrap();
        }
        Some(tick)
    });
    add(&bus, by);
    assert_eq!(bus.publish(Tick(3)).unwrap().stopped(), None);
    assert_eq!(bus.stats().published, 4);
    assert_eq!(bus.publish(Tick(2)).unwrap().stopped(), Some("Deduplicate"));
}

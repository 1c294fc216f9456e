//! How long publishing takes.

use std::sync::Arc;
use std::time::Duration;

use rem::SystemEvent;
use rem::middleware::{Sample, Timing, filter};
use rem::prelude::*;
use rem::testing::TestBus;

use crate::support::{Notes, Tick};

const MILLI: Duration = Duration::from_millis(1);

/// A bus whose handler takes so many milliseconds as its tick says.
fn slow() -> TestBus {
    let test = TestBus::new();
    let clock = test.clock.clone();
    test.bus
        .on(move |event: &Event<Tick>| clock.advance(u32::try_from(event.data.0).unwrap() * MILLI))
        .detach();
    test
}

#[test]
fn it_measures_from_itself_to_the_end_of_delivery() {
    let (test, notes) = (slow(), Notes::default());
    let clock = test.clock.clone();
    let before = move |_: &Draft| {
        clock.advance(Duration::from_secs(1));
        true
    };
    test.bus.middleware("**", filter("before", before)).unwrap();
    let told = notes.clone();
    let timing = Arc::new(Timing::new().each(move |event: &Event, receipt: &Receipt, took| {
        told.add(format!("{} {took:?} {receipt}", event.topic()));
    }));
    test.bus.middleware("**", Arc::clone(&timing)).unwrap();
    for millis in 1..=100 {
        test.bus.publish(Tick(millis)).unwrap();
    }
    assert_eq!(notes.take()[6], "tick 7ms matched 1, delivered 1");
    let times = timing.times();
    assert_eq!(times.count(), 100);
    // Each is told as up to an eighth more.
    for (part, millis) in [(0.01, 1), (0.5, 50), (0.99, 99), (1.0, 100)] {
        let told = times.within(part).unwrap();
        let (least, most) = (millis * MILLI, millis * MILLI + millis * MILLI / 8);
        assert!((least..=most).contains(&told), "{part}: {told:?}");
    }
    assert!(times.to_string().starts_with("100 measured: half within "), "{times}");
}

#[test]
fn what_is_not_published_is_not_measured() {
    let test = slow();
    let timing = Arc::new(Timing::new());
    test.bus.middleware("**", Arc::clone(&timing)).unwrap();
    test.bus.middleware("a", filter("no", |_: &Draft| false)).unwrap();
    test.bus.middleware("b", filter("bad", |_: &Draft| panic!("bad"))).unwrap();
    test.bus.publish_to("a", Tick(1)).unwrap();
    test.bus.publish_to("b", Tick(1)).unwrap_err();
    assert_eq!((timing.times().count(), timing.times().within(0.5)), (0, None));
    test.bus.publish(Tick(1)).unwrap();
    assert_eq!(timing.times().count(), 1);
}

#[test]
fn a_clock_that_is_set_back_meanwhile_makes_it_no_time() {
    let test = TestBus::new();
    let clock = test.clock.clone();
    test.bus.on(move |_: &Event<Tick>| clock.set(clock.now() - 100 * MILLI)).detach();
    let timing = Arc::new(Timing::new());
    test.bus.middleware("**", Arc::clone(&timing)).unwrap();
    test.bus.publish(Tick(1)).unwrap();
    assert_eq!(timing.times().within(1.0), Some(Duration::ZERO));
}

#[test]
fn a_sample_is_measured_and_all_are_published() {
    let test = slow();
    let timing = Arc::new(Timing::new().sample(Sample::ratio(0.2).unwrap()));
    test.bus.middleware("**", Arc::clone(&timing)).unwrap();
    for _ in 0..1_000 {
        assert_eq!(test.bus.publish(Tick(1)).unwrap().delivered(), 1);
    }
    assert!((100..300).contains(&timing.times().count()), "{}", timing.times());
    assert_eq!(test.bus.stats().middleware.stopped, 0);
}

#[test]
fn who_looks_and_panics_harms_nobody_and_is_told() {
    let (test, notes) = (slow(), Notes::default());
    let timing = Arc::new(Timing::new().each(|_: &Event, _: &Receipt, _| panic!("looked")));
    test.bus.middleware("**", Arc::clone(&timing)).unwrap();
    let told = notes.clone();
    let _told = test.bus.on(move |event: &Event<SystemEvent>| told.add(event.data.to_string()));
    assert_eq!(test.bus.publish(Tick(1)).unwrap().delivered(), 1);
    let notes = notes.take();
    assert!(notes.len() == 1 && notes[0].contains("`Timing`") && notes[0].ends_with(": looked"));
    assert_eq!((timing.times().count(), test.bus.stats().middleware.failed), (1, 1));
}

#[test]
fn threads_lose_no_measure() {
    let bus = Bus::new();
    let timing = Arc::new(Timing::new());
    bus.middleware("**", Arc::clone(&timing)).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..5_000).for_each(|tick| drop(bus.publish(Tick(tick)).unwrap())));
        }
    });
    assert_eq!(timing.times().count(), 20_000);
}

//! A part of the events.

use std::collections::BTreeSet;
use std::sync::Arc;

use rem::EventId;
use rem::middleware::Sample;
use rem::prelude::*;
use rem::testing::Recorder;
use uuid::Uuid;

use crate::support::{Tick, bus_with, passes};

/// Which of 10,000 ids pass.
fn chosen(sample: Sample) -> BTreeSet<u64> {
    let bus = bus_with(sample);
    let publish = |number: &u64| {
        let id = EventId::from(Uuid::from_u64_pair(7, *number));
        bus.event(Tick(*number)).id(id).publish().unwrap().stopped().is_none()
    };
    (0..10_000).filter(publish).collect()
}

#[test]
fn so_many_pass_and_the_same_each_time() {
    for ratio in [0.01, 0.25, 0.9] {
        let first = chosen(Sample::ratio(ratio).unwrap());
        let wanted = ratio * 10_000.0;
        let off = (f64::from(u32::try_from(first.len()).unwrap()) - wanted).abs();
        // Six deviations of a fair choice; which events are chosen is the same in each run.
        assert!(off < 6.0 * (wanted * (1.0 - ratio)).sqrt(), "{} of {wanted}", first.len());
        assert_eq!(first, chosen(Sample::ratio(ratio).unwrap()));
    }
    assert!(chosen(Sample::ratio(0.0).unwrap()).is_empty());
    assert_eq!(chosen(Sample::ratio(1.0).unwrap()).len(), 10_000);
}

#[test]
fn a_smaller_sample_is_part_of_a_greater_one_and_another_seed_is_another() {
    let of = |ratio, seed| chosen(Sample::ratio(ratio).unwrap().seed(seed));
    let (small, great) = (of(0.1, 5), of(0.5, 5));
    assert!(small.is_subset(&great));
    assert!(!small.is_subset(&of(0.5, 6)));
}

#[test]
fn what_does_not_pass_is_named_and_counted() {
    let bus = bus_with(Sample::ratio(0.0).unwrap());
    assert_eq!(bus.publish(Tick(1)).unwrap().stopped(), Some("Sample"));
    assert_eq!(bus.stats().middleware.stopped, 1);
}

#[test]
fn stories_pass_as_a_whole() {
    let bus = bus_with(Sample::ratio(0.5).unwrap().by_story());
    let recorder = Recorder::new(&bus);
    let again = bus.clone();
    let _sub = bus.on(move |event: &Event<Tick>| {
        if event.data.0 > 0 {
            again.publish(Tick(event.data.0 - 1)).unwrap();
        }
    });
    let begun = (0..100).filter(|_| passes(&bus, 3)).count();
    assert!((1..100).contains(&begun));
    assert_eq!(recorder.events().len(), 4 * begun, "each story has all four of its events");
}

#[test]
fn events_of_one_key_pass_together_and_a_key_that_panics_refuses_its_event() {
    let bus = bus_with(Sample::ratio(0.5).unwrap().by(|event: &Event| {
        let tick = event.downcast_ref::<Tick>().unwrap().data.0;
        assert!(tick < 1_000, "no key for {tick}");
        tick % 10
    }));
    for key in 0..10 {
        let all: BTreeSet<bool> = (0..20).map(|turn| passes(&bus, key + 10 * turn)).collect();
        assert_eq!(all.len(), 1, "of key {key} some pass");
    }
    let error = bus.publish(Tick(1_000)).unwrap_err();
    assert!(error.to_string().contains("no key for 1000"), "{error}");
}

#[test]
fn all_threads_choose_the_same() {
    let bus = Arc::new(bus_with(
        Sample::ratio(0.5)
            .unwrap()
            .by(|event: &Event| event.downcast_ref::<Tick>().map(|tick| tick.data.0)),
    ));
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let bus = Arc::clone(&bus);
            std::thread::spawn(move || (0..1_000).filter(|&tick| passes(&bus, tick)).collect())
        })
        .collect();
    let all: BTreeSet<Vec<u64>> =
        threads.into_iter().map(|thread| thread.join().unwrap()).collect();
    assert_eq!(all.len(), 1);
}

//! What is bounded, and the numbers that hold unless a program sets others.

use std::sync::{Arc, Mutex};

use rem::prelude::*;
use rem::{PublishError, PublishErrorKind, SystemEvent};

use crate::events::{Notes, Tick};

/// How far a handler gets that publishes until it is refused, and why it is.
fn until_refused(
    bus: &Bus,
    publish: impl Fn(&Bus, u32) -> Result<(), PublishError<Tick>> + Send + Sync + 'static,
) -> (Tick, String) {
    let ends = Arc::new(Mutex::new(Vec::new()));
    let (inner, tell) = (bus.clone(), Arc::clone(&ends));
    let _sub = bus.on(move |event: &Event<Tick>| {
        if let Err(error) = publish(&inner, event.data.0) {
            let kind = match error.kind() {
                PublishErrorKind::TooDeep { chain, limit } => format!("{} of {limit}", chain.len()),
                PublishErrorKind::TooManyDeferred { limit } => limit.to_string(),
                other => format!("{other:?}"),
            };
            tell.lock().unwrap().push((error.into_data(), kind));
        }
    });
    bus.publish(Tick(0)).unwrap();
    let mut ends = ends.lock().unwrap();
    assert_eq!(ends.len(), 1);
    ends.remove(0)
}

#[test]
fn a_chain_of_causes_has_64_events_unless_told() {
    let one_more = |bus: &Bus, number| bus.publish(Tick(number + 1)).map(drop);
    assert_eq!(until_refused(&Bus::new(), one_more), (Tick(64), "65 of 64".into()));
    let bus = Bus::builder().causal_depth(2).build();
    assert_eq!(until_refused(&bus, one_more), (Tick(2), "3 of 2".into()));
    let bus = Bus::builder().causal_depth(0).build();
    assert_eq!(until_refused(&bus, one_more), (Tick(1), "2 of 1".into()), "one, at least");
}

#[test]
fn in_one_thread_65_536_events_wait_unless_told() {
    let many = |bus: &Bus, number| match number {
        0 => (1..100_000).try_for_each(|number| bus.publish(Tick(number)).map(drop)),
        _ => Ok(()),
    };
    assert_eq!(until_refused(&Bus::new(), many), (Tick(65_537), "65536".into()));
    let bus = Bus::builder().deferred(3).build();
    assert_eq!(until_refused(&bus, many), (Tick(4), "3".into()));
}

#[test]
fn system_events_that_wait_have_the_same_bound_and_are_counted_beyond_it() {
    let bus = Bus::builder().deferred(4).build();
    let notes = Notes::default();
    let seen = notes.clone();
    let _told = bus.on(move |_: &Event<SystemEvent>| seen.add("told"));
    let failing = [(); 10].map(|()| {
        let fails = bus.subscription("tick").filter(|_| panic!("no"));
        fails.queue(1, Overflow::DropOldest).stream::<Tick>().unwrap()
    });
    let inner = bus.clone();
    let _sub = bus.subscribe("start", move |_: &Event| inner.publish(Tick(1)).map(drop)).unwrap();
    bus.publish_to("start", Tick(0)).unwrap();
    assert_eq!(notes.take(), ["told"; 4]);
    assert!(failing.iter().all(|stream| stream.subscription().failures() == 1));
}

#[test]
fn of_topics_by_name_16_384_are_kept_unless_told() {
    let kept = |bus: &Bus| {
        let _sub = bus.subscribe("**", |_: &Event| ()).unwrap();
        for number in 0..60_000 {
            assert_eq!(bus.publish_to(format!("a.{number}"), Tick(1)).unwrap().delivered(), 1);
        }
        bus.topology().topics.len()
    };
    assert_eq!(kept(&Bus::new()), 16_384);
    assert_eq!(kept(&Bus::builder().topics(64).build()), 64);
}

#[test]
fn a_queue_has_the_room_it_is_given_and_for_one_at_least() {
    let bus = Bus::new();
    for (asked, room) in [(0, 1), (1, 1), (7, 7)] {
        let stream: EventStream =
            bus.subscription("tick").queue(asked, Overflow::Reject).stream().unwrap();
        assert_eq!(stream.capacity(), room);
        for _ in 0..room {
            bus.publish(Tick(1)).unwrap();
        }
        let error = bus.publish(Tick(1)).unwrap_err();
        let PublishErrorKind::QueueFull { capacity, .. } = error.kind() else { panic!("{error}") };
        assert_eq!((*capacity, stream.len()), (room, room));
    }
}

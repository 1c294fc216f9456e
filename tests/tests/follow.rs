//! `Bus::follow`: a history in the order of its numbers, page by page, and what it says of its end.
#![expect(clippy::unwrap_used, reason = "of a test")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use rem::prelude::*;
use rem::{Follow, Followed, Payload};

#[derive(EventType, Debug)]
#[event(namespace = "step", name = "taken", local)]
struct Taken(u64);

/// A bus with events of these numbers, and who follows it from the first on.
fn followed(events: u64) -> (Bus, Follow<Taken>) {
    let bus = Bus::builder().history(Ring::events(2_048)).build();
    for number in 1..=events {
        bus.publish(Taken(number)).unwrap();
    }
    let follow = bus.follow::<Taken>(0).unwrap();
    (bus, follow)
}

fn values(events: &[Arc<Event<Taken>>]) -> Vec<u64> {
    events.iter().map(|event| event.data.0).collect()
}

#[test]
fn a_number_behind_all_that_there_can_be_is_followed_and_gives_nothing() {
    let (bus, _) = followed(0);
    let mut follow = bus.follow::<dyn Payload>(u64::MAX).unwrap();
    let mut events = Vec::new();
    for number in 1..=2 {
        bus.publish(Taken(number)).unwrap();
        let read = follow.read(u64::MAX, 256, &mut events);
        assert!(matches!(read, Followed::Idle), "{read:?}");
        follow.seek(u64::MAX);
    }
    follow.seek(0);
    assert!(matches!(follow.read(u64::MAX, 256, &mut events), Followed::Idle));
    assert_eq!(events.len(), 2);
}

#[test]
fn no_more_are_read_than_are_asked_for() {
    let (_bus, mut follow) = followed(1_000);
    for most in [1, 255, 256, 488] {
        let mut events = Vec::new();
        let read = follow.read(u64::MAX, most, &mut events);
        assert!(matches!(read, Followed::More), "{read:?}");
        assert_eq!(events.len(), most);
    }
    assert_eq!(follow.position(), 1_000);
    assert!(matches!(follow.read(u64::MAX, 256, &mut Vec::new()), Followed::Idle));
}

#[test]
fn it_has_not_ended_while_one_is_left_above_what_is_asked_for() {
    let (bus, mut follow) = followed(3);
    bus.close(Duration::ZERO);
    let mut events = Vec::new();
    let read = follow.read(2, 256, &mut events);
    assert!(matches!(read, Followed::Idle), "{read:?}");
    assert_eq!(values(&events), [1, 2]);
    let read = follow.read(u64::MAX, 256, &mut events);
    assert!(matches!(read, Followed::Ended), "{read:?}");
    assert_eq!(values(&events), [1, 2, 3]);
}

#[test]
fn it_waits_until_there_is_something_or_the_time_has_come() {
    let (bus, mut follow) = followed(1);
    follow.wait(None); // there is something
    assert!(matches!(follow.read(u64::MAX, 256, &mut Vec::new()), Followed::Idle));
    let until = Instant::now() + Duration::from_millis(20);
    follow.wait(Some(until));
    assert!(Instant::now() >= until, "nothing has come");
    std::thread::scope(|scope| {
        scope.spawn(|| bus.publish(Taken(2)).unwrap());
        follow.wait(None);
    });
    let mut events = Vec::new();
    follow.read(u64::MAX, 256, &mut events);
    assert_eq!(values(&events), [2]);
}

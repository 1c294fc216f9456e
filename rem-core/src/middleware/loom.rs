//! Two who publish one event, under loom.

use std::sync::Arc;
use std::time::Duration;

use loom::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use uuid::Uuid;

use super::{Deduplicate, filter};
use crate::loom::{Tick, model, spawn};
use crate::{Bus, Draft, Event, EventId};

/// Whether an event that is always the same is published.
fn publish(bus: &Bus) -> bool {
    let again = bus.event(Tick).id(EventId::from(Uuid::from_u64_pair(1, 1)));
    again.publish().map_err(drop).unwrap().stopped().is_none()
}

fn deduplicating() -> Bus {
    let bus = Bus::builder().topics(4).build();
    let seen = Deduplicate::within(Duration::from_secs(60)).unwrap();
    bus.middleware("**", seen).unwrap();
    bus
}

#[test]
fn of_two_who_publish_one_event_one_does() {
    model(|| {
        let bus = deduplicating();
        let (count, other) = (Arc::new(AtomicUsize::new(0)), bus.clone());
        let had = Arc::clone(&count);
        bus.on(move |_: &Event<Tick>| {
            had.fetch_add(1, Ordering::Relaxed);
        })
        .detach();
        let publisher = spawn(move || publish(&other));
        let here = publish(&bus);
        assert_ne!(here, publisher.join().unwrap());
        assert_eq!(count.load(Ordering::Relaxed), 1);
    });
}

/// Whoever comes first is stopped behind it, and lets go of what it took while the other comes.
#[test]
fn what_came_to_nothing_leaves_it_to_the_other() {
    model(|| {
        let bus = deduplicating();
        let first = AtomicBool::new(true);
        let gate = filter("gate", move |_: &Draft| !first.swap(false, Ordering::Relaxed));
        bus.middleware("**", gate).unwrap();
        let other = bus.clone();
        let publisher = spawn(move || publish(&other));
        let here = publish(&bus);
        let there = publisher.join().unwrap();
        assert!(!(here && there));
        assert_eq!(publish(&bus), !here && !there, "published once, however often it is tried");
        assert!(!publish(&bus));
    });
}

//! Appends with a condition beside other publishers, under loom.

use std::sync::Arc;

use loom::sync::atomic::{AtomicUsize, Ordering};

use crate::loom::{Tick, model, spawn};
use crate::{AppendRefusal, Bus, Payload, Ring};

fn bus() -> Bus {
    Bus::builder().topics(4).history(Ring::events(4)).build()
}

/// Appends unless a tick has come after `after`; whether it did.
fn append(bus: &Bus, after: u64) -> bool {
    match bus.append([Tick]).unless("tick", after).publish() {
        Ok(_) => true,
        Err(error) => {
            assert!(matches!(error.refusal(), Some(AppendRefusal::Outdated { .. })), "{error}");
            false
        }
    }
}

/// The numbers of what is kept.
fn numbers(bus: &Bus) -> Vec<u64> {
    let events = bus.query("tick").unwrap().iter::<dyn Payload>();
    events.filter_map(|event| event.sequence()).collect()
}

#[test]
fn of_two_appends_by_the_same_state_one_is_refused() {
    model(|| {
        let bus = bus();
        let done = Arc::new(AtomicUsize::new(0));
        let (other, by_other) = (bus.clone(), Arc::clone(&done));
        let writer = spawn(move || {
            by_other.fetch_add(usize::from(append(&other, 0)), Ordering::AcqRel);
        });
        done.fetch_add(usize::from(append(&bus, 0)), Ordering::AcqRel);
        writer.join().unwrap();
        assert_eq!(done.load(Ordering::Acquire), 1);
        assert_eq!(numbers(&bus), [1]);
    });
}

/// Whoever publishes without a condition is seen too: what an append has passed has a higher number.
#[test]
fn what_others_publish_is_seen_or_has_a_higher_number() {
    model(|| {
        let bus = bus();
        let other = bus.clone();
        let publisher =
            spawn(move || other.publish(Tick).map_err(drop).unwrap().sequence().unwrap());
        let appended = bus.append([Tick]).unless("tick", 0).publish();
        let published = publisher.join().unwrap();
        match appended {
            Ok(receipts) => assert!(receipts[0].sequence().unwrap() < published),
            Err(_) => assert_eq!(numbers(&bus), [1]),
        }
    });
}

/// What goes together has numbers in a row, whoever publishes between.
#[test]
fn what_is_appended_together_is_in_a_row() {
    model(|| {
        let bus = bus();
        let other = bus.clone();
        let publisher = spawn(move || other.publish(Tick).map_err(drop).unwrap());
        let receipts = bus.append([Tick, Tick]).publish().map_err(drop).unwrap();
        publisher.join().unwrap();
        let [first, second] = [0, 1].map(|at| receipts[at].sequence().unwrap());
        assert_eq!(second, first + 1);
        assert_eq!(numbers(&bus), [1, 2, 3]);
    });
}

//! Ends: when `unsubscribe` has returned, the ground of a handler may be taken away.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use rem::Unsubscribed;
use rem::prelude::*;

use crate::{Faults, Going, Tick, repeat};

/// Subscriptions made and ended beside publishers who never rest, one by one and two threads at a time, with a past or
/// without.
#[test]
fn nothing_is_called_after_unsubscribe() {
    let bus = Bus::builder().history(Ring::events(64)).build();
    let (going, faults) = (Going::default(), Faults::default());
    thread::scope(|scope| {
        for publisher in 0..2 {
            let (bus, asks) = (&bus, going.asks());
            scope.spawn(move || {
                let mut number = 0;
                while asks.goes_on() {
                    bus.publish(Tick::Of { publisher, number }).unwrap();
                    bus.publish(Tick::By { name: number % 2, publisher, number }).unwrap();
                    number += 1;
                }
            });
        }
        let going = going; // goes with a panic, too
        repeat("nothing_is_called_after_unsubscribe", |_| {
            let end = |turn| end_one(&bus, turn, &faults);
            let called: u64 = thread::scope(|scope| {
                let beside = scope.spawn(|| (0..20).map(|turn| end(2 * turn + 1)).sum::<u64>());
                (0..20).map(|turn| end(2 * turn)).sum::<u64>() + beside.join().unwrap()
            });
            faults.check();
            assert!(called > 0);
            called
        });
        drop(going);
    });
}

/// Subscribes, waits for a call now and then, and unsubscribes; gives the number of calls.
fn end_one(bus: &Bus, turn: u64, faults: &Faults) -> u64 {
    let ground = Arc::new(AtomicBool::new(true));
    let calls = Arc::new(AtomicU64::new(0));
    let (stand, counted, heard) = (Arc::clone(&ground), Arc::clone(&calls), faults.clone());
    let handle = move |event: &Event| {
        heard.unless(stand.load(Ordering::Relaxed), || format!("{event}: called after its end"));
        counted.fetch_add(1, Ordering::Relaxed);
        heard.unless(stand.load(Ordering::Relaxed), || format!("{event}: ended within its call"));
    };
    let pattern = ["tick", "tick.by.*", "tick.of"][usize::try_from(turn % 3).unwrap()];
    let from = if turn.is_multiple_of(4) { Start::Last(4) } else { Start::Latest };
    let sub = bus.subscription(pattern).from(from).inline(handle).unwrap();
    if turn.is_multiple_of(8) {
        while calls.load(Ordering::Relaxed) == 0 {
            thread::yield_now();
        }
    }
    assert_eq!(sub.unsubscribe(), Unsubscribed::Done);
    ground.store(false, Ordering::Relaxed);
    assert_eq!(Arc::strong_count(&ground), 1, "the handler is dropped");
    calls.load(Ordering::Relaxed)
}

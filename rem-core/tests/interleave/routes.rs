//! Subscriptions that come and go while others publish.

use std::sync::Arc;

use rem_core::testing::interleave::spawn;
use rem_core::testing::interleave::sync::atomic::{AtomicU64, Ordering};
use rem_core::{Bus, Unsubscribed};

use crate::{Seen, Tick, bus, join, run};

/// A publish that begins after a subscription was made reaches it; so do all that follow, without a gap, until it ends, and none
/// comes when it has ended.
#[test]
fn who_comes_has_what_begins_then_and_nothing_when_gone() {
    run(|| {
        const EVENTS: u64 = 6;
        let bus = bus(Bus::builder());
        let _every = bus.on(|_: &rem_core::Event<Tick>| ());
        // How many publishes have begun, and ended.
        let (begun, ended) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let (publishing, begins, ends) = (bus.clone(), Arc::clone(&begun), Arc::clone(&ended));
        let publisher = spawn(move || {
            for number in 0..EVENTS {
                begins.store(number + 1, Ordering::SeqCst);
                publishing.publish(Tick::Of { publisher: 0, number }).unwrap();
                ends.store(number + 1, Ordering::SeqCst);
            }
        });
        let comers = ["tick", "tick.of"].map(|pattern| {
            let (bus, begun, ended) = (bus.clone(), Arc::clone(&begun), Arc::clone(&ended));
            spawn(move || {
                for _ in 0..2 {
                    let seen = Seen::default();
                    let sub = bus.subscribe(pattern, seen.keeper()).unwrap();
                    let first = begun.load(Ordering::SeqCst);
                    let last = ended.load(Ordering::SeqCst);
                    assert_eq!(sub.unsubscribe(), Unsubscribed::Done);
                    let all = seen.all();
                    let numbers: Vec<_> = all.iter().map(|(_, tick)| tick.place().1).collect();
                    assert!(
                        numbers.windows(2).all(|pair| pair[0] + 1 == pair[1]),
                        "a gap: {all:?}"
                    );
                    assert!(
                        (first..last).all(|number| numbers.contains(&number)),
                        "{first}..{last}: {all:?}"
                    );
                    spin();
                    assert_eq!(seen.all().len(), all.len(), "called after its end");
                }
            })
        });
        join(comers.into_iter().chain([publisher]));
    });
}

/// Lets the others go on for a while.
fn spin() {
    (0..3).for_each(|_| rem_core::testing::interleave::yield_now());
}

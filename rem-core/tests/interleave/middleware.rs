//! Middleware that several threads pass, and that is added while they publish.

use std::sync::Arc;

use rem_core::middleware::{Deduplicate, filter};
use rem_core::testing::interleave::spawn;
use rem_core::testing::interleave::sync::atomic::{AtomicU64, Ordering};
use rem_core::{Bus, EventId};
use uuid::Uuid;

use crate::{LONG, Seen, Tick, bus, join, run};

/// Of threads that publish one event, one does.
#[test]
fn of_one_event_one_is_published() {
    run(|| {
        let bus = bus(Bus::builder());
        bus.middleware("**", Deduplicate::within(LONG).unwrap()).unwrap();
        let seen = Seen::default();
        let _sub = bus.on(seen.keeper());
        let threads = [(); 3].map(|()| {
            let bus = bus.clone();
            spawn(move || {
                let publish = |publisher| {
                    let id = EventId::from(Uuid::from_u64_pair(1, publisher));
                    let event = bus.event(Tick::Of { publisher, number: 0 }).id(id);
                    event.publish().unwrap().stopped().is_none()
                };
                [1, 2].map(publish)
            })
        });
        let published = threads.map(|thread| thread.join().unwrap());
        for number in [0, 1] {
            assert_eq!(
                published.iter().filter(|passed| passed[number]).count(),
                1,
                "{published:?}"
            );
        }
        assert_eq!(seen.numbers(), [1, 2]);
        assert_eq!(bus.stats().middleware.stopped, 4);
    });
}

/// Middleware is added while two publish: it sees what begins then, and what it stops leaves no trace.
#[test]
fn what_begins_after_it_was_added_passes_it() {
    run(|| {
        let bus = bus(Bus::builder());
        let seen = Seen::default();
        let _sub = bus.on(seen.keeper());
        let (looked, count) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let (adds, looks) = (bus.clone(), Arc::clone(&looked));
        let adder = spawn(move || {
            let look = filter("look", move |_| {
                looks.fetch_add(1, Ordering::SeqCst);
                true
            });
            adds.middleware("tick", look).unwrap();
            adds.middleware("tick", filter("none", |_| false)).unwrap();
            assert_eq!(adds.publish(Tick::Of { publisher: 9, number: 0 }).unwrap().matched(), 0);
        });
        let publishers = [0, 1].map(|publisher| {
            let (bus, count) = (bus.clone(), Arc::clone(&count));
            spawn(move || {
                for number in 0..3 {
                    let receipt = bus.publish(Tick::Of { publisher, number }).unwrap();
                    let passed = receipt.stopped().is_none();
                    assert_eq!(
                        (receipt.delivered(), receipt.sequence().is_some()),
                        (usize::from(passed), passed)
                    );
                    count.fetch_add(u64::from(passed), Ordering::SeqCst);
                }
            })
        });
        join(publishers.into_iter().chain([adder]));
        let passed = count.load(Ordering::SeqCst);
        assert!(seen.numbers().into_iter().eq(1..=passed), "{seen:?}");
        let stopped = bus.stats().middleware.stopped;
        assert_eq!(passed + stopped, 7);
        assert!(looked.load(Ordering::SeqCst) >= stopped, "what is stopped was seen before");
    });
}

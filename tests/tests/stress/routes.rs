//! Routes: subscriptions that come and go while others publish.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use rem::prelude::*;

use crate::{Faults, Going, Tick, repeat};

const PUBLISHERS: u64 = 2;
const EACH: u64 = 400;

/// More than the bus keeps: they lose their places to each other all the time.
const NAMES: u64 = 40;
const KEPT: usize = 16;

/// By type, by a template and by name in turn.
fn publish(bus: &Bus, publisher: u64, number: u64) -> Receipt {
    let name = number % NAMES;
    let result = match number % 3 {
        0 => bus.publish(Tick::Of { publisher, number }),
        1 => bus.publish(Tick::By { name, publisher, number }),
        _ => bus.publish_to(format!("tick.by.{name}"), Tick::Of { publisher, number }),
    };
    let receipt = result.unwrap();
    assert_eq!(receipt.failed(), 0);
    receipt
}

/// Who is there all the time gets every event; who comes gets those that are published after it has come, once each, and
/// none that is published after it has gone.
#[test]
fn subscriptions_come_and_go_while_events_are_published() {
    repeat("subscriptions_come_and_go_while_events_are_published", |_| {
        let bus = Bus::builder().topics(KEPT).build();
        let steady = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&steady);
        let _steady = bus.subscribe("tick", move |_: &Event| {
            count.fetch_add(1, Ordering::Relaxed);
        });
        let (alive, faults) = (Arc::new(()), Faults::default());
        let published: u64 = thread::scope(|scope| {
            let going = Going::default();
            let visitors = [0, 1].map(|visitor| {
                let (bus, asks, alive, faults) = (&bus, going.asks(), &alive, &faults);
                scope.spawn(move || {
                    let mut visits = 0;
                    while asks.goes_on() && visits < 1_000 {
                        visit(bus, PUBLISHERS + visitor, visits, alive, faults);
                        visits += 1;
                    }
                    2 * visits
                })
            });
            let publishers: Vec<_> = (0..PUBLISHERS)
                .map(|publisher| {
                    let bus = &bus;
                    scope.spawn(move || {
                        for number in 0..EACH {
                            assert!(publish(bus, publisher, number).delivered() >= 1);
                        }
                    })
                })
                .collect();
            for publisher in publishers {
                publisher.join().unwrap();
            }
            drop(going);
            let beside: u64 = visitors.into_iter().map(|visitor| visitor.join().unwrap()).sum();
            PUBLISHERS * EACH + beside
        });
        faults.check();
        assert_eq!(steady.load(Ordering::Relaxed), published);
        assert_eq!(Arc::strong_count(&alive), 1, "every handler is dropped");
        published
    });
}

/// Subscribes, publishes, goes, and publishes once more.
fn visit(bus: &Bus, visitor: u64, visits: u64, alive: &Arc<()>, faults: &Faults) {
    let own = Arc::new(AtomicU64::new(0));
    let (count, held, faults) = (Arc::clone(&own), Arc::clone(alive), faults.clone());
    let handle = move |event: &Event<Tick>| {
        faults.unless(Arc::strong_count(&held) > 1, || "called when dropped".to_owned());
        if event.data.publisher() == visitor {
            faults.unless(event.data.number() == visits, || format!("{event} of another visit"));
            count.fetch_add(1, Ordering::Relaxed);
        }
    };
    let name = visits % NAMES;
    let sub = match visits % 4 {
        0 => bus.on(handle),
        1 => bus.subscribe("tick.**", handle).unwrap(),
        2 if visits.is_multiple_of(3) => bus.subscribe("tick.of", handle).unwrap(),
        2 => bus.subscribe(format!("tick.by.{name}"), handle).unwrap(),
        _ => bus.subscribe("tick.of,tick.by.*", handle).unwrap(),
    };
    publish(bus, visitor, visits);
    assert_eq!(own.load(Ordering::Relaxed), 1, "visit {visits}: it came after the subscription");
    drop(sub);
    publish(bus, visitor, visits);
    assert_eq!(own.load(Ordering::Relaxed), 1, "visit {visits}: it came after its end");
}

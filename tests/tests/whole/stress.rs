//! Many threads at once: every event reaches whom it should, once.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::thread;

use rem::prelude::*;

use crate::events::Tick;

const THREADS: u32 = 4;
const EVENTS: u32 = 5_000;

#[test]
fn each_event_once_numbered_once_and_in_each_publishers_order() {
    let bus = Bus::builder().history(Ring::events((THREADS * EVENTS) as usize)).build();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let keep = Arc::clone(&seen);
    let _sub = bus.on(move |event: &Event<Tick>| {
        keep.lock().unwrap().push((event.sequence().unwrap(), event.data.0));
    });
    thread::scope(|scope| {
        for publisher in 0..THREADS {
            let bus = &bus;
            scope.spawn(move || {
                let publish = bus.publisher::<Tick>();
                let mut last = 0;
                for at in 0..EVENTS {
                    let receipt = publish.publish(Tick(publisher * EVENTS + at)).unwrap();
                    assert_eq!(receipt.delivered(), 1);
                    assert!(receipt.sequence().unwrap() > last, "numbers grow in a publisher");
                    last = receipt.sequence().unwrap();
                }
            });
        }
    });
    let seen = seen.lock().unwrap();
    assert_eq!(seen.len(), (THREADS * EVENTS) as usize);
    let numbers: HashSet<_> = seen.iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers.len(), seen.len());
    for publisher in 0..THREADS {
        let own: Vec<_> = seen
            .iter()
            .map(|(_, value)| *value)
            .filter(|value| value / EVENTS == publisher)
            .collect();
        assert!(own.is_sorted() && own.len() == EVENTS as usize);
    }
    let kept = bus.query("**").unwrap().events();
    assert!(kept.iter().zip(1..).all(|(event, number)| event.sequence() == Some(number)));
    assert_eq!(kept.len(), seen.len());
}

#[test]
fn a_small_ring_is_read_while_it_turns() {
    let bus = Bus::builder().history(Ring::events(64)).build();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let publishers: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| (0..20_000).for_each(|at| drop(bus.publish(Tick(at)).unwrap())))
            })
            .collect();
        let readers: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    while !done.load(Ordering::Acquire) {
                        let kept = numbers(&bus);
                        let Some((first, last)) = kept.first().zip(kept.last()) else { continue };
                        assert!(kept.windows(2).all(|pair| pair[0] < pair[1]), "{kept:?}");
                        assert!(last - first < 64, "{kept:?}");
                    }
                })
            })
            .collect();
        for thread in publishers {
            thread.join().unwrap();
        }
        done.store(true, Ordering::Release);
        for thread in readers {
            thread.join().unwrap();
        }
    });
    assert_eq!(numbers(&bus), (39_937..=40_000).collect::<Vec<_>>());
}

fn numbers(bus: &Bus) -> Vec<u64> {
    let events = bus.query("**").unwrap().events();
    events.iter().filter_map(|event| event.sequence()).collect()
}

#[test]
fn subscriptions_come_and_go_while_events_are_published() {
    let bus = Bus::new();
    let steady = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&steady);
    let _steady = bus.on(move |_: &Event<Tick>| {
        count.fetch_add(1, Ordering::Relaxed);
    });
    let start = Barrier::new(4);
    let done = AtomicBool::new(false);
    let alive = Arc::new(());
    thread::scope(|scope| {
        let publishers: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    start.wait();
                    (0..20_000)
                        .for_each(|at| assert!(bus.publish(Tick(at)).unwrap().delivered() >= 1));
                })
            })
            .collect();
        for _ in 0..2 {
            scope.spawn(|| {
                start.wait();
                while !done.load(Ordering::Acquire) {
                    let own = Arc::new(AtomicUsize::new(0));
                    let (count, held) = (Arc::clone(&own), Arc::clone(&alive));
                    let sub = bus.subscribe("tick.*", move |_: &Event| {
                        assert!(Arc::strong_count(&held) > 1, "its handler has not been dropped");
                        count.fetch_add(1, Ordering::Relaxed);
                    });
                    let sub = sub.unwrap();
                    // Our own publish begins after the subscription: it must be seen.
                    bus.publish(Tick(0)).unwrap();
                    assert!(own.load(Ordering::Relaxed) >= 1);
                    drop(sub);
                }
            });
        }
        for thread in publishers {
            thread.join().unwrap();
        }
        done.store(true, Ordering::Release);
    });
    assert!(steady.load(Ordering::Relaxed) >= 40_000);
    assert_eq!(Arc::strong_count(&alive), 1, "every handler is dropped");
}

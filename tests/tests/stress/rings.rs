//! The ring, and its readable end.

use std::collections::HashSet;
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex};
use std::thread;

use rem::prelude::*;
use rem::{Evicted, History};

use crate::{Going, Orders, Tick, repeat};

const PUBLISHERS: u64 = 3;
const EACH: u64 = 300;

/// A ring that is looked at from beside its bus.
#[derive(Debug, Clone)]
struct Shared(Arc<Ring>);

impl Shared {
    fn of(capacity: u64) -> Self {
        Self(Arc::new(Ring::events(usize::try_from(capacity).unwrap())))
    }

    fn read_all(&self) -> Option<(RangeInclusive<u64>, Vec<Arc<Event>>)> {
        let readable = self.readable()?;
        let mut events = Vec::new();
        self.read(readable.clone(), &mut events);
        Some((readable, events))
    }
}

impl History for Shared {
    fn record(&self, event: &Arc<Event>) -> Evicted {
        self.0.record(event)
    }
    fn readable(&self) -> Option<RangeInclusive<u64>> {
        self.0.readable()
    }
    fn read(&self, range: RangeInclusive<u64>, events: &mut Vec<Arc<Event>>) {
        self.0.read(range, events);
    }
}

fn numbers(events: &[Arc<Event>]) -> Vec<u64> {
    events.iter().map(|event| event.sequence().unwrap()).collect()
}

/// Readers beside publishers: up to the readable end there is every event, but for those that made room for one that is
/// known to have been numbered; and the end does not go back.
#[test]
fn a_ring_has_no_hole_before_its_readable_end() {
    repeat("a_ring_has_no_hole_before_its_readable_end", |round| {
        let capacity = [1, 2, 7, 64, 8_192][usize::try_from(round % 5).unwrap()];
        let ring = Shared::of(capacity);
        let bus = Bus::builder().history(ring.clone()).build();
        let total: u64 = thread::scope(|scope| {
            let going = Going::default();
            let readers = [0, 1].map(|reader| {
                let (bus, ring, asks) = (&bus, &ring, going.asks());
                scope.spawn(move || {
                    let (mut published, mut end) = (0, 0);
                    while asks.goes_on() && published < 2_000 {
                        let Some((readable, events)) = ring.read_all() else { continue };
                        assert!(*readable.end() >= end, "the end went back from {end}");
                        end = *readable.end();
                        let tick = Tick::Of { publisher: PUBLISHERS + reader, number: published };
                        let given = bus.publish(tick).unwrap().sequence().unwrap();
                        published += 1;
                        check(readable, &events, capacity, given);
                    }
                    published
                })
            });
            let publishers: Vec<_> = (0..PUBLISHERS)
                .map(|publisher| {
                    let bus = &bus;
                    scope.spawn(move || {
                        for number in 0..EACH {
                            bus.publish(Tick::Of { publisher, number }).unwrap();
                        }
                    })
                })
                .collect();
            for publisher in publishers {
                publisher.join().unwrap();
            }
            drop(going);
            let beside: u64 = readers.into_iter().map(|reader| reader.join().unwrap()).sum();
            PUBLISHERS * EACH + beside
        });
        let (readable, events) = ring.read_all().unwrap();
        assert_eq!(readable, total.saturating_sub(capacity) + 1..=total);
        assert!(numbers(&events).into_iter().eq(readable), "all of them, and no other");
        total
    });
}

/// What was read, before the number `given` was given out.
fn check(readable: RangeInclusive<u64>, events: &[Arc<Event>], capacity: u64, given: u64) {
    let numbers = numbers(events);
    assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
    let kept: HashSet<_> = numbers.iter().copied().collect();
    assert!(kept.iter().all(|number| readable.contains(number)));
    for missing in readable.filter(|number| !kept.contains(number)) {
        assert!(missing + capacity < given, "{missing} is not there, and {given} is the newest");
    }
    let mut orders = Orders::default();
    for event in events {
        orders.see(&event.downcast_ref::<Tick>().unwrap().data);
    }
}

#[test]
fn each_event_once_numbered_once_and_in_each_publishers_order() {
    repeat("each_event_once_numbered_once_and_in_each_publishers_order", |_| {
        let total = PUBLISHERS * EACH;
        let ring = Ring::events(usize::try_from(total).unwrap());
        let bus = Bus::builder().history(ring).build();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let keep = Arc::clone(&seen);
        let _sub = bus.on(move |event: &Event<Tick>| {
            keep.lock().unwrap().push((event.sequence().unwrap(), event.data.clone()));
        });
        thread::scope(|scope| {
            for publisher in 0..PUBLISHERS {
                let publish = bus.publisher::<Tick>();
                scope.spawn(move || {
                    let mut last = 0;
                    for number in 0..EACH {
                        let receipt = publish.publish(Tick::Of { publisher, number }).unwrap();
                        assert_eq!(receipt.delivered(), 1);
                        let sequence = receipt.sequence().unwrap();
                        assert!(sequence > last, "numbers grow in a publisher");
                        last = sequence;
                    }
                });
            }
        });
        let mut seen = seen.lock().unwrap();
        Orders::check(&seen);
        seen.sort_by_key(|(sequence, _)| *sequence);
        assert!(seen.iter().map(|(sequence, _)| *sequence).eq(1..=total));
        let kept = bus.query("tick").unwrap().of::<Tick>();
        assert_eq!(kept.len(), seen.len());
        for (event, (sequence, tick)) in kept.iter().zip(&*seen) {
            assert_eq!((event.sequence(), &event.data), (Some(*sequence), tick));
        }
        total
    });
}

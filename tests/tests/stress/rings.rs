//! The ring, and its readable end.

use std::collections::HashSet;
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use rem::prelude::*;
use rem::{Evicted, History, Lagged, TryRecvError};

use crate::{Going, Orders, Tick, losses, repeat};

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

/// Reads what is there; `false` if nothing is.
fn read_one(
    stream: &mut EventStream<Tick>,
    seen: &mut Vec<(u64, Tick)>,
    lost: &mut Vec<Lagged>,
) -> bool {
    match stream.try_recv() {
        Ok(event) => seen.push((event.sequence().unwrap(), event.data.clone())),
        Err(TryRecvError::Lagged(lagged)) => lost.push(lagged),
        Err(_) => return false,
    }
    true
}

/// Publishers of a chatty topic and of another, in a ring with a quota of the first, and readers from the beginning: whoever
/// selects the other alone has all of it and is told of no loss; whoever selects both has each number, as an event or as
/// a loss, once.
#[test]
fn a_quota_takes_from_its_own_only() {
    repeat("a_quota_takes_from_its_own_only", |round| {
        let (quota, total) = ([0, 1, 16][usize::try_from(round % 3).unwrap()], 2 * EACH);
        let room = usize::try_from(total).unwrap();
        let ring = Ring::events(room + quota).quota("tick.by.*", quota).unwrap();
        let bus = Bus::builder().history(ring).build();
        let stream = |pattern: &str| -> EventStream<Tick> {
            let from = bus.subscription(pattern).from(Start::Sequence(1));
            from.queue(room, Overflow::Reject).stream().unwrap()
        };
        let mut readers = [
            (stream("tick.of"), Vec::new(), Vec::new()),
            (stream("tick.**"), Vec::new(), Vec::new()),
        ];
        thread::scope(|scope| {
            let publishers = [0, 1].map(|publisher| {
                let bus = &bus;
                scope.spawn(move || {
                    for number in 0..EACH {
                        let tick = match publisher {
                            0 => Tick::Of { publisher, number },
                            _ => Tick::By { name: number % 3, publisher, number },
                        };
                        bus.publish(tick).unwrap();
                    }
                })
            });
            while !publishers.iter().all(thread::ScopedJoinHandle::is_finished) {
                for (stream, seen, lost) in &mut readers {
                    let _ = (0..50).try_for_each(|_| read_one(stream, seen, lost).then_some(()));
                }
            }
        });
        bus.close(Duration::ZERO);
        for (mut stream, mut seen, mut lost) in readers {
            while read_one(&mut stream, &mut seen, &mut lost) {}
            Orders::check(&seen);
            if stream.subscription().pattern() == "tick.of" {
                assert_eq!((seen.len() as u64, lost), (EACH, vec![]));
            } else {
                losses::check(1..=total, &losses::numbers(&seen), &lost, 0);
            }
        }
        let report = bus.topology().history.unwrap();
        assert_eq!((report.kept, report.quotas[0].kept), (EACH + quota as u64, quota as u64));
        assert_eq!(report.kept + report.let_go, total);
        total
    });
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

//! The last event of each topic: where things stand, however much is published meanwhile.

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use rem::prelude::*;
use rem::testing::TestBus;
use rem::{Evicted, History, Payload, QueryError, Shape};

use crate::events::{Order, Other, Tick, paid};
use crate::views::{Cache, Deep, Provider};

#[derive(EventType, Debug, Clone, PartialEq)]
#[event(namespace = "tank", local)]
enum Tank {
    #[event(topic = "{name}.level")]
    Level {
        name: u32,
        litres: u64,
    },
    Cleaned,
}

fn level(name: u32, litres: u64) -> Tank {
    Tank::Level { name, litres }
}

fn bus(events: usize) -> Bus {
    Bus::builder().history(Ring::events(events)).build()
}

fn numbers<T: Shape + ?Sized>(events: &[Arc<Event<T>>]) -> Vec<u64> {
    events.iter().map(|event| event.sequence().unwrap()).collect()
}

#[test]
fn each_topic_has_its_last_event_oldest_first() {
    let bus = bus(100);
    assert!(bus.latest::<Tank>("tank").unwrap().is_empty());
    for tank in
        [level(1, 10), level(2, 20), level(1, 30), Tank::Cleaned, level(3, 40), level(2, 50)]
    {
        bus.publish(tank).unwrap();
    }
    bus.publish(paid("7")).unwrap();
    let latest = |pattern: &str| numbers(&bus.latest::<dyn Payload>(pattern).unwrap());
    assert_eq!(latest("**"), [3, 4, 5, 6, 7]);
    assert_eq!(latest("tank.*.level"), [3, 5, 6]);
    assert_eq!(latest("tank.*.level,!tank.2.*"), [3, 5]);
    assert_eq!(latest("=tank.1.level"), [3]);
    assert_eq!(latest("tank.4.level"), [0; 0]);
    assert_eq!(latest("$rem.**"), [0; 0]);
    let levels: Vec<_> = bus
        .latest("tank.*.level")
        .unwrap()
        .iter()
        .map(|event: &Arc<Event<Tank>>| event.data.clone())
        .collect();
    assert_eq!(levels, [level(1, 30), level(3, 40), level(2, 50)]);
    // More topics than a page of the history has events.
    for name in 0..1_000 {
        bus.publish(level(name, 1)).unwrap();
    }
    assert_eq!(latest("**"), (908..=1_007).collect::<Vec<_>>());
}

#[test]
fn what_the_history_let_go_has_no_last_event() {
    let bus = bus(4);
    for tank in [level(1, 10), level(2, 20), level(1, 30), level(3, 40), level(3, 50)] {
        bus.publish(tank).unwrap();
    }
    assert_eq!(numbers(&bus.latest::<Tank>("**").unwrap()), [2, 3, 5]);
    bus.publish(Tank::Cleaned).unwrap();
    assert_eq!(numbers(&bus.latest::<Tank>("**").unwrap()), [3, 5, 6]);
}

#[test]
fn of_events_that_are_not_of_the_type_none_counts() {
    let bus = bus(100);
    bus.publish(Order::Created { id: 1 }).unwrap();
    bus.publish(Other::Created { name: "1".into() }).unwrap();
    assert_eq!(numbers(&bus.latest::<dyn Payload>("order").unwrap()), [2]);
    assert_eq!(numbers(&bus.latest::<Order>("order").unwrap()), [1]);
    assert_eq!(numbers(&bus.latest::<Other>("order").unwrap()), [2]);
    assert_eq!(numbers(&bus.latest::<Tank>("order").unwrap()), [0; 0]);
}

#[test]
fn parts_and_wholes_are_seen_as_elsewhere() {
    let bus = bus(100);
    bus.publish(Provider::Cache(Cache::Deep(Deep::Miss))).unwrap();
    bus.publish(Provider::Second(Cache::Deep(Deep::Miss))).unwrap();
    bus.publish(Provider::Ready).unwrap();
    bus.publish(Deep::Miss).unwrap();
    bus.publish_to("system.provider.cache.deep.miss", Deep::Miss).unwrap();
    let deep = bus.latest::<Deep>("**").unwrap();
    assert_eq!(numbers(&deep), [2, 4, 5]);
    assert!(deep.iter().all(|event| event.data == Deep::Miss));
    let whole = bus.latest::<Provider>("system.provider").unwrap();
    assert_eq!(numbers(&whole), [2, 3, 5]);
    assert_eq!(whole[2].data, Provider::Cache(Cache::Deep(Deep::Miss)));
}

#[test]
fn a_child_has_those_below_its_prefix() {
    let bus = bus(100);
    let eu = bus.child("eu").unwrap();
    bus.publish(level(1, 10)).unwrap();
    eu.publish(level(1, 20)).unwrap();
    eu.publish(level(2, 30)).unwrap();
    bus.publish(level(2, 40)).unwrap();
    bus.publish_to("eu.tank.1.level", level(1, 50)).unwrap();
    bus.publish_to("eu", level(1, 60)).unwrap();
    assert_eq!(numbers(&eu.latest::<Tank>("**").unwrap()), [3, 5]);
    assert_eq!(numbers(&eu.latest::<Tank>("tank.1").unwrap()), [5]);
    assert_eq!(numbers(&bus.latest::<Tank>("**").unwrap()), [1, 3, 4, 5, 6]);
}

#[test]
fn it_can_be_asked_for_more_than_a_pattern() {
    let test = TestBus::with(Bus::builder().history(Ring::events(100)));
    let start = test.clock.now();
    for (name, source) in [(1, "a"), (1, "b"), (2, "a"), (1, "a"), (2, "b")] {
        test.clock.advance(Duration::from_secs(1));
        test.bus.event(level(name, 0)).source(source).publish().unwrap();
    }
    let ask = || test.bus.query("tank").unwrap().last_per_topic();
    assert_eq!(numbers(&ask().events()), [4, 5]);
    assert_eq!(numbers(&ask().source("b").of::<Tank>()), [2, 5]);
    assert_eq!(numbers(&ask().before(4).events()), [2, 3]);
    assert_eq!(numbers(&ask().until(start + Duration::from_secs(2)).events()), [2]);
    assert_eq!(numbers(&ask().after(4).events()), [5]);
    assert_eq!(numbers(&ask().first(1).events()), [1], "what was said last counts");
    assert_eq!(numbers(&ask().last(3).last_per_topic().events()), [4, 5]);
}

#[test]
fn questions_that_cannot_be_asked() {
    let none = Bus::new();
    let error = none.latest::<Tick>("**").unwrap_err();
    assert!(matches!(error, QueryError::NoHistory));
    assert!(error.to_string().contains("history(Ring::events("), "{error}");
    assert!(matches!(bus(1).latest::<Tick>("a..b"), Err(QueryError::Pattern(_))));
    let deep = bus(1).child(["long"; 31].join(".")).unwrap();
    assert!(matches!(deep.latest::<Tick>("a.b"), Err(QueryError::Pattern(_))));
}

/// A history that never has some numbers, and lets go of another, and of all before it soon, when it is read first.
#[derive(Debug)]
struct Holes {
    ring: Ring,
    never: &'static [u64],
    goes: u64,
    read: AtomicBool,
}

impl History for Holes {
    fn record(&self, event: &Arc<Event>) -> Evicted {
        self.ring.record(event)
    }
    fn readable(&self) -> Option<RangeInclusive<u64>> {
        let (oldest, newest) = self.ring.readable()?.into_inner();
        let read = self.read.load(Ordering::Relaxed);
        Some(if read { oldest.max(self.goes + 1) } else { oldest }..=newest)
    }
    fn read(&self, range: RangeInclusive<u64>, events: &mut Vec<Arc<Event>>) {
        self.ring.read(range, events);
        self.read.store(true, Ordering::Relaxed);
        let gone = |number| self.never.contains(&number) || number == self.goes;
        events.retain(|event| !gone(event.sequence().unwrap()));
    }
}

#[test]
fn an_older_event_never_stands_for_one_that_went_meanwhile() {
    for (never, goes, expected) in [
        (&[][..], 0, &[2, 3, 5, 6][..]),
        // Numbers that the history never had say nothing of what is before them.
        (&[4], 0, &[2, 3, 5, 6]),
        (&[3, 4], 0, &[2, 5, 6]),
        // One that went may have been the last of any topic.
        (&[], 3, &[5, 6]),
        (&[5], 3, &[4, 6]),
        (&[], 6, &[]),
        (&[2], 1, &[3, 5, 6]),
    ] {
        let holes = Holes { ring: Ring::events(100), never, goes, read: AtomicBool::new(false) };
        let bus = Bus::builder().history(holes).build();
        for name in [1, 2, 3, 1, 1, 4] {
            bus.publish(level(name, 0)).unwrap();
        }
        let latest = numbers(&bus.latest::<Tank>("**").unwrap());
        assert_eq!(latest, expected, "never {never:?}, goes {goes}");
        // As for a subscription that begins with them.
        let holes = Holes { ring: Ring::events(100), never, goes, read: AtomicBool::new(false) };
        let bus = Bus::builder().history(holes).build();
        for name in [1, 2, 3, 1, 1, 4] {
            bus.publish(level(name, 0)).unwrap();
        }
        let stream: EventStream<Tank> = bus
            .subscription("tank")
            .from(Start::LastPerTopic)
            .queue(8, Overflow::Reject)
            .stream()
            .unwrap();
        assert_eq!(past(stream), expected, "never {never:?}, goes {goes}");
    }
}

fn past(mut stream: EventStream<Tank>) -> Vec<u64> {
    std::iter::from_fn(|| stream.try_recv().ok()).map(|event| event.sequence().unwrap()).collect()
}

/// Publishers at full speed, each of topics of its own, beside who asks: no answer is older than what could be read before,
/// and what is missing is gone.
#[test]
fn at_full_speed_no_topic_goes_back() {
    const PUBLISHERS: u32 = 3;
    const TOPICS: u32 = 5;
    let done = AtomicBool::new(false);
    for capacity in [2, 16, 1_024] {
        done.store(false, Ordering::Relaxed);
        let bus = bus(capacity);
        thread::scope(|scope| {
            for publisher in 0..PUBLISHERS {
                let (bus, done) = (&bus, &done);
                scope.spawn(move || {
                    for litres in 0.. {
                        let topic =
                            publisher * TOPICS + u32::try_from(litres % u64::from(TOPICS)).unwrap();
                        bus.publish(level(topic, litres)).unwrap();
                        if done.load(Ordering::Relaxed) {
                            break;
                        }
                    }
                });
            }
            for _ in 0..400 {
                let mut readable = HashMap::new();
                for event in bus.query("tank").unwrap().events() {
                    readable.insert(event.topic().clone(), event.sequence().unwrap());
                }
                let latest = bus.latest::<Tank>("tank").unwrap();
                let oldest = bus.query("**").unwrap().first(1).events();
                let oldest = oldest.first().map_or(u64::MAX, |event| event.sequence().unwrap());
                assert!(latest.is_sorted_by_key(|event| event.sequence()));
                for event in &latest {
                    let before = readable.remove(event.topic());
                    assert!(before <= event.sequence(), "{before:?} before {event}");
                }
                assert!(readable.values().all(|number| *number < oldest), "{readable:?} {oldest}");
            }
            done.store(true, Ordering::Relaxed);
        });
    }
}

//! A recorder that several fill, take from and wait at: each event is kept for one of those who take or counted as lost, in its
//! publisher's order, and nobody waits for what has come.

use std::thread;

use rem::prelude::*;
use rem::testing::Recorder;

use crate::{Going, LONG, Orders, Tick, repeat};

const PUBLISHERS: u64 = 3;
const EACH: u64 = 40;
const TOTAL: u64 = PUBLISHERS * EACH;

fn publish(bus: &Bus, publisher: u64) {
    for number in 0..EACH {
        bus.publish(Tick::Of { publisher, number }).unwrap();
    }
}

/// Two take while others publish: together they have each event once.
#[test]
fn each_event_is_taken_once() {
    repeat("taken once", |_| {
        let bus = Bus::new();
        let recorder = Recorder::<Tick>::of(&bus, "tick.**").unwrap();
        let mut taken: Vec<(u64, Tick)> = thread::scope(|scope| {
            let going = Going::default();
            let take = || {
                let (asks, recorder) = (going.asks(), &recorder);
                scope.spawn(move || {
                    let (mut taken, mut goes_on) = (Vec::new(), true);
                    while goes_on {
                        // Asked first: what was published until then is taken.
                        goes_on = asks.goes_on();
                        let events = recorder.take();
                        let some: Vec<_> = events.iter().map(|event| seen(event)).collect();
                        Orders::check(&some);
                        taken.extend(some);
                    }
                    taken
                })
            };
            let taking = [take(), take()];
            let publishing: Vec<_> = (0..PUBLISHERS)
                .map(|publisher| {
                    let bus = &bus;
                    scope.spawn(move || publish(bus, publisher))
                })
                .collect();
            for publisher in publishing {
                publisher.join().unwrap();
            }
            drop(going);
            taking.into_iter().flat_map(|taking| taking.join().unwrap()).collect()
        });
        assert_eq!((recorder.lost(), recorder.events().len()), (0, 0));
        taken.sort_unstable_by_key(|(number, _)| *number);
        let numbers: Vec<_> = taken.iter().map(|(number, _)| *number).collect();
        assert!(numbers.iter().copied().eq(1..=TOTAL), "{numbers:?}");
        TOTAL
    });
}

/// With room for some, what is kept and what is lost add up, and what is kept are each publisher's first.
#[test]
fn what_has_no_room_is_counted() {
    repeat("no room", |round| {
        let room = 1 + usize::try_from(round % TOTAL).unwrap();
        let bus = Bus::new();
        let recorder = Recorder::<Tick>::at_most(&bus, "tick.**", room).unwrap();
        thread::scope(|scope| {
            for publisher in 0..PUBLISHERS {
                let bus = &bus;
                scope.spawn(move || publish(bus, publisher));
            }
        });
        let kept: Vec<_> = recorder.events().iter().map(|event| seen(event)).collect();
        assert_eq!((kept.len(), recorder.lost()), (room, TOTAL - room as u64));
        for publisher in 0..PUBLISHERS {
            let of = kept.iter().filter(|(_, tick)| tick.publisher() == publisher);
            let numbers: Vec<_> = of.map(|(_, tick)| tick.number()).collect();
            assert!(numbers.iter().copied().eq(0..numbers.len() as u64), "{numbers:?}");
        }
        TOTAL
    });
}

/// Threads and futures that wait at one recorder, each for all that comes, while others publish; and who waits for more than
/// ever comes is told so when the bus is closed.
#[test]
fn who_waits_is_woken() {
    repeat("woken", |round| {
        let bus = Bus::new();
        let [first, second, third] =
            [(); 3].map(|()| Recorder::<Tick>::of(&bus, "tick.**").unwrap());
        let count = usize::try_from(TOTAL).unwrap();
        thread::scope(|scope| {
            scope.spawn(|| {
                let all = first.wait_for_count("tick.of", count, LONG).unwrap();
                Orders::check(&all.iter().map(|event| seen(event)).collect::<Vec<_>>());
            });
            scope.spawn(|| {
                for _ in 0..count {
                    smol::block_on(second.wait_for_async("tick.of")).unwrap();
                }
                second.assert_nothing_more();
            });
            scope.spawn(|| third.wait_for_count("tick.of", count + 1, LONG).unwrap_err());
            let publishing: Vec<_> = (0..PUBLISHERS)
                .map(|publisher| {
                    let bus = &bus;
                    scope.spawn(move || publish(bus, publisher))
                })
                .collect();
            for publisher in publishing {
                publisher.join().unwrap();
            }
            // Every other round those who wait have had all before it, perhaps.
            if round.is_multiple_of(2) {
                thread::yield_now();
            }
            assert!(bus.close(LONG).is_complete());
        });
        assert_eq!(third.events().len(), count);
        TOTAL
    });
}

fn seen(event: &Event<Tick>) -> (u64, Tick) {
    (event.sequence().unwrap(), event.data.clone())
}

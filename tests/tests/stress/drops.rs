//! Data, and that each value of it is dropped, and once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::thread;

use rem::middleware;
use rem::prelude::*;

use crate::repeat;

const PUBLISHERS: u64 = 3;
const EACH: u64 = 200;
const RING: u64 = 16;
const QUEUE: u64 = 4;

/// Notes when it goes.
#[derive(EventType)]
#[event(name = "thing", local)]
struct Thing {
    number: u64,
    gone: Arc<Gone>,
}

struct Gone {
    each: Vec<AtomicU8>,
    all: AtomicU64,
}

impl std::fmt::Debug for Thing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Thing({})", self.number)
    }
}

impl Drop for Thing {
    fn drop(&mut self) {
        let number = usize::try_from(self.number).unwrap();
        self.gone.each[number].fetch_add(1, Ordering::Relaxed);
        self.gone.all.fetch_add(1, Ordering::Relaxed);
    }
}

/// By way of the history, a queue, a handler, middleware that stops it and a publish that is refused.
#[test]
fn each_value_is_dropped_once_whichever_way_it_went() {
    repeat("each_value_is_dropped_once_whichever_way_it_went", |_| {
        let total = PUBLISHERS * EACH;
        let each = (0..total).map(|_| AtomicU8::new(0)).collect();
        let gone = Arc::new(Gone { each, all: AtomicU64::new(0) });
        let bus = Bus::builder().history(Ring::events(usize::try_from(RING).unwrap())).build();
        let fifths = middleware::filter("no fifths", |draft: &Draft| {
            draft.downcast_ref::<Thing>().is_none_or(|thing| thing.data.number % 5 != 0)
        });
        bus.middleware("thing", fifths).unwrap();
        let handler = bus.on(|event: &Event<Thing>| match event.data.number % 7 {
            0 => Err("this one is not liked"),
            _ => Ok(()),
        });
        let capacity = usize::try_from(QUEUE).unwrap();
        let subscription = bus.subscription("thing").queue(capacity, Overflow::DropOldest);
        let stream: EventStream<Thing> = subscription.stream().unwrap();
        let refused: u64 = thread::scope(|scope| {
            let publishers: Vec<_> = (0..PUBLISHERS)
                .map(|publisher| {
                    let (bus, gone) = (&bus, &gone);
                    scope.spawn(move || {
                        let mut refused = 0;
                        for number in 0..EACH {
                            let number = publisher * EACH + number;
                            let thing = Thing { number, gone: Arc::clone(gone) };
                            if number.is_multiple_of(11) {
                                let error = bus.publish_to("no*topic", thing).unwrap_err();
                                assert_eq!(error.into_data().number, number);
                                refused += 1;
                            } else {
                                bus.publish(thing).unwrap();
                            }
                        }
                        refused
                    })
                })
                .collect();
            publishers.into_iter().map(|publisher| publisher.join().unwrap()).sum()
        });
        assert!(refused > 0);
        let alive = total - gone.all.load(Ordering::Relaxed);
        assert!((RING..=RING + QUEUE).contains(&alive), "{alive} are alive");
        drop(stream);
        let alive = total - gone.all.load(Ordering::Relaxed);
        assert_eq!(alive, RING, "what the history keeps");
        drop((handler, bus));
        for (number, times) in gone.each.iter().enumerate() {
            assert_eq!(times.load(Ordering::Relaxed), 1, "number {number}");
        }
        total
    });
}

//! Terms: a subscription that lasts for so many calls has so many, whoever publishes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use rem::prelude::*;

use crate::{Tick, repeat};

const PUBLISHERS: u64 = 3;
const EACH: u64 = 20;

/// Not one call too many, nor too few, and no receipt tells another number.
#[test]
fn publishers_at_once_share_the_calls() {
    repeat("publishers_at_once_share_the_calls", |_| {
        let bus = Bus::builder().history(Ring::events(16)).build();
        let counts = [(5, None), (3, Some("1"))].map(|(calls, source)| {
            let count = Arc::new(AtomicU64::new(0));
            let counted = Arc::clone(&count);
            let handle = move |_: &Event<Tick>| {
                counted.fetch_add(1, Ordering::Relaxed);
            };
            let all = bus.subscription("tick").take(calls);
            let some = all.filter(move |event| source.is_none() || event.source() == source);
            some.inline(handle).unwrap().detach();
            count
        });
        let delivered: u64 = thread::scope(|scope| {
            let publishers: Vec<_> = (0..PUBLISHERS)
                .map(|publisher| {
                    let bus = &bus;
                    scope.spawn(move || {
                        let publish = |number| {
                            let event = bus.event(Tick::Of { publisher, number });
                            event.source(publisher.to_string()).publish().unwrap()
                        };
                        (0..EACH).map(|number| publish(number).delivered() as u64).sum::<u64>()
                    })
                })
                .collect();
            publishers.into_iter().map(|publisher| publisher.join().unwrap()).sum()
        });
        let calls = counts.each_ref().map(|count| count.load(Ordering::Relaxed));
        assert_eq!((calls, delivered), ([5, 3], 8));
        assert!(counts.iter().all(|count| Arc::strong_count(count) == 1), "the handlers are gone");
        PUBLISHERS * EACH
    });
}

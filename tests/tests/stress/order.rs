//! One order: what `Ordering::Total` adds to all that the other cases hold.

use std::sync::{Arc, Mutex};
use std::thread;

use rem::prelude::*;
use rem::{Ordering, PublishErrorKind};

use crate::{Faults, Going, Orders, Tick, repeat};

const PUBLISHERS: u64 = 3;
const EACH: u64 = 200;

type Seen = Arc<Mutex<Vec<(u64, Tick)>>>;

fn keep(seen: &Seen) -> impl Fn(&Event<Tick>) + Send + Sync + 'static {
    let seen = Arc::clone(seen);
    move |event| seen.lock().unwrap().push((event.sequence().unwrap(), event.data.clone()))
}

/// Publishes until the line has room.
fn publish(bus: &Bus, mut tick: Tick) -> Receipt {
    loop {
        match bus.publish(tick) {
            Ok(receipt) => return receipt,
            Err(error) => {
                let kind = error.kind();
                assert!(matches!(kind, PublishErrorKind::TooManyDeferred { .. }), "{error}");
                tick = error.into_data();
                thread::yield_now();
            }
        }
    }
}

/// Handlers, of which one publishes in turn, and a stream see all numbers, each once and ascending; so do those that come
/// meanwhile and begin in the past. With much room in the line, and with little.
#[test]
fn all_see_one_order_whoever_comes_and_goes() {
    repeat("all_see_one_order_whoever_comes_and_goes", |round| {
        let bus = Bus::builder().ordering(Ordering::Total).history(Ring::events(4_096));
        let bus = bus.deferred(if round % 2 == 0 { 65_536 } else { 4 }).build();
        let (one, other, faults) = (Seen::default(), Seen::default(), Faults::default());
        let (inner, kept, told) = (bus.downgrade(), keep(&one), faults.clone());
        let _one = bus.on(move |event: &Event<Tick>| {
            kept(event);
            if let Tick::Of { publisher, number } = event.data
                && number % 4 == 0
                && let Some(bus) = inner.upgrade()
            {
                match bus.publish(Tick::By { name: 0, publisher: PUBLISHERS + publisher, number }) {
                    Ok(receipt) => {
                        told.unless(receipt.delivered() == 0, || format!("{receipt:?}"));
                    }
                    Err(error) => {
                        let full = matches!(error.kind(), PublishErrorKind::TooManyDeferred { .. });
                        told.unless(full, || format!("{error:?}"));
                    }
                }
            }
        });
        let _other = bus.subscription("tick").priority(1).inline(keep(&other)).unwrap();
        let queue = bus.subscription("tick").queue(4_096, Overflow::Reject);
        let mut stream: EventStream<Tick> = queue.stream().unwrap();
        let going = Going::default();
        let asks = going.asks();
        let came = thread::scope(|scope| {
            let bus = &bus;
            let comers = scope.spawn(move || {
                let mut came: Vec<Seen> = Vec::new();
                while asks.goes_on() && came.len() < 8 {
                    let seen = Seen::default();
                    let from = bus.subscription("tick").from(Start::Earliest);
                    from.inline(keep(&seen)).unwrap().detach();
                    came.push(seen);
                    let passing = Seen::default();
                    let sub = bus.on(keep(&passing));
                    publish(
                        bus,
                        Tick::By { name: 1, publisher: 2 * PUBLISHERS, number: came.len() as u64 },
                    );
                    let _ = sub.unsubscribe();
                    let passing = passing.lock().unwrap();
                    assert!(passing.windows(2).all(|pair| pair[0].0 < pair[1].0), "{passing:?}");
                }
                came
            });
            let publishers: Vec<_> = (0..PUBLISHERS)
                .map(|publisher| {
                    scope.spawn(move || {
                        for number in 0..EACH {
                            publish(bus, Tick::Of { publisher, number });
                        }
                    })
                })
                .collect();
            for publisher in publishers {
                publisher.join().unwrap();
            }
            drop(going);
            comers.join().unwrap()
        });
        faults.check();
        let count = bus.stats().published;
        let one = one.lock().unwrap();
        assert!(one.iter().map(|(sequence, _)| *sequence).eq(1..=count));
        Orders::check(&one);
        assert_eq!(*one, *other.lock().unwrap());
        for seen in &came {
            assert_eq!(*one, *seen.lock().unwrap());
        }
        let read = std::iter::from_fn(|| stream.try_recv().ok());
        let read: Vec<_> =
            read.map(|event| (event.sequence().unwrap(), event.data.clone())).collect();
        assert_eq!(*one, read);
        count
    });
}

//! Settling and closing, with publishers at full speed.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use rem::prelude::*;

use crate::{Faults, Going, LONG, Tick, repeat};

/// Each publish is refused, or handled and read, before `close` returns.
#[test]
fn nothing_comes_after_a_close() {
    repeat("nothing_comes_after_a_close", |round| {
        let bus = Bus::builder().history(Ring::events(64)).build();
        let child = bus.child("eu").unwrap();
        let handled = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&handled);
        bus.on(move |_: &Event<Tick>| {
            counted.fetch_add(1, Ordering::Relaxed);
        })
        .detach();
        let queue = bus.subscription("**").queue(4, Overflow::Block(LONG));
        let mut stream: EventStream<Tick> = queue.stream().unwrap();
        thread::scope(|scope| {
            let publishers = [&bus, &child].map(|bus| {
                scope.spawn(move || {
                    let mut number = 0;
                    while bus.publish(Tick::Of { publisher: 0, number }).is_ok() {
                        number += 1;
                    }
                    number
                })
            });
            let reader = scope.spawn(move || stream.iter().map_while(Result::ok).count() as u64);
            while handled.load(Ordering::Relaxed) < round % 200 {
                thread::yield_now();
            }
            assert!(bus.close(LONG).is_complete());
            let after = handled.load(Ordering::Relaxed);
            let published: u64 =
                publishers.into_iter().map(|publisher| publisher.join().unwrap()).sum();
            assert_eq!(after, published);
            assert_eq!(handled.load(Ordering::Relaxed), after, "nothing came after it");
            assert_eq!(reader.join().unwrap(), published);
            published
        })
    });
}

/// What had begun before `settle` is done when it returns: handled by the last handler, read by the stream, and so are
/// the effects that handlers have published. Publishers do not rest meanwhile.
#[test]
fn what_had_begun_has_arrived_when_settled() {
    repeat("what_had_begun_has_arrived_when_settled", |_| {
        let bus = Bus::new();
        let [begun, handled, effects] = [(); 3].map(|()| Arc::new(AtomicU64::new(0)));
        let queue = bus.subscription("tick").queue(16, Overflow::Block(LONG));
        let mut stream: EventStream<Tick> = queue.stream().unwrap();
        let queue = stream.subscription().id();
        let (faults, first, last) = (Faults::default(), Arc::clone(&begun), Arc::clone(&handled));
        let (cause, told) = (bus.downgrade(), faults.clone());
        let first = move |event: &Event<Tick>| {
            if let (Tick::Of { publisher, number }, Some(bus)) = (&event.data, cause.upgrade()) {
                first.fetch_add(1, Ordering::SeqCst);
                let effect = Tick::By { name: 0, publisher: *publisher, number: *number };
                let published = bus.publish(effect);
                told.unless(published.is_ok(), || format!("{published:?}"));
            }
        };
        let last = move |event: &Event<Tick>| {
            if let Tick::Of { .. } = &event.data {
                last.fetch_add(1, Ordering::SeqCst);
            }
        };
        let effect = Arc::clone(&effects);
        let effect = move |_: &Event<Tick>| {
            effect.fetch_add(1, Ordering::SeqCst);
        };
        bus.subscription("tick").priority(1).inline(first).unwrap().detach();
        bus.subscription("tick").inline(last).unwrap().detach();
        bus.subscription("tick.by.0").inline(effect).unwrap().detach();
        let checked = thread::scope(|scope| {
            let going = Going::default();
            for publisher in 0..2 {
                let (bus, asks) = (&bus, going.asks());
                scope.spawn(move || {
                    let mut number = 0;
                    while asks.goes_on() {
                        bus.publish(Tick::Of { publisher, number }).unwrap();
                        number += 1;
                    }
                });
            }
            let (asks, bus) = (going.asks(), &bus);
            scope.spawn(move || {
                while asks.goes_on() || !stream.is_empty() {
                    let _ = stream.recv_timeout(std::time::Duration::from_millis(5));
                }
                // Publishers that wait for room would wait for long.
                drop(stream);
            });
            let mut checked = 0;
            for _ in 0..20 {
                let before = begun.load(Ordering::SeqCst);
                bus.settle(LONG).unwrap();
                assert!(handled.load(Ordering::SeqCst) >= before, "a publish was under way");
                assert!(effects.load(Ordering::SeqCst) >= before, "an effect was not handled");
                let topology = bus.topology();
                let stats = topology.subscriptions.iter().find(|sub| sub.id == queue).unwrap();
                // The queue gets an event before handlers do.
                assert!(stats.stats.delivered >= before, "an event was not read");
                checked += before;
            }
            checked
        });
        faults.check();
        checked
    });
}

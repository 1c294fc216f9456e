//! Inline publishers in several threads, with a handler that publishes in turn.

use rem_core::{Bus, Event, EventStream, Overflow};

use crate::{Faults, Seen, Tick, bus, join, publishers, run};

/// Two handlers and a queue see every event once, each publisher's in its order; handlers see a cause before its effect, and the
/// effect has the later number, its cause's id and its story.
#[test]
fn each_event_comes_once_in_its_publishers_order_and_after_its_cause() {
    run(|| {
        const PUBLISHERS: u64 = 3;
        const EACH: u64 = 2;
        let bus = bus(Bus::builder());
        let (one, other, faults) = (Seen::default(), Seen::default(), Faults::default());
        let (inner, keep, told) = (bus.downgrade(), one.keeper(), faults.clone());
        let _one = bus.on(move |event: &Event<Tick>| {
            keep(event);
            if event.data.is_effect() {
                let knows = event.causation().is_some_and(|cause| cause == event.correlation());
                told.unless(knows, || format!("{event} does not know its cause"));
            } else if let Some(bus) = inner.upgrade() {
                let result = bus.publish(event.data.effect());
                let waits = result.as_ref().is_ok_and(|receipt| receipt.deferred() == 2);
                told.unless(waits, || format!("{result:?}"));
            }
        });
        let _other = bus.on(other.keeper());
        let queue = bus.subscription("tick").queue(64, Overflow::Reject);
        let mut stream: EventStream<Tick> = queue.stream().unwrap();
        join(publishers(&bus, PUBLISHERS, EACH));
        faults.check();
        let read = Seen::default();
        while let Ok(event) = stream.try_recv() {
            read.keep(&event);
        }
        for seen in [&one, &other, &read] {
            assert!(seen.numbers().into_iter().eq(1..=2 * PUBLISHERS * EACH), "{seen:?}");
        }
        for seen in [one.all(), other.all()] {
            for (at, (sequence, tick)) in
                seen.iter().enumerate().filter(|(_, (_, tick))| tick.is_effect())
            {
                let cause =
                    |(_, before): &&(u64, Tick)| !before.is_effect() && before.effect() == *tick;
                let cause = seen[..at].iter().find(cause);
                assert!(
                    cause.is_some_and(|(before, _)| before < sequence),
                    "{tick:?} before its cause: {seen:?}"
                );
            }
        }
    });
}

/// All receipts add up to what all subscriptions have.
#[test]
fn receipts_add_up() {
    run(|| {
        let bus = bus(Bus::builder());
        let _one = bus.on(|_: &Event<Tick>| ());
        let _other =
            bus.on(
                |event: &Event<Tick>| {
                    if event.data.place().1 == 0 { Err("the first of each") } else { Ok(()) }
                },
            );
        let threads = [0, 1].map(|publisher| {
            let bus = bus.clone();
            rem_core::testing::interleave::spawn(move || {
                let receipts =
                    (0..2).map(|number| bus.publish(Tick::Of { publisher, number }).unwrap());
                receipts.map(|receipt| (receipt.delivered(), receipt.failed())).collect::<Vec<_>>()
            })
        });
        let receipts: Vec<_> =
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
        assert_eq!(receipts, [(1, 1), (2, 0), (1, 1), (2, 0)]);
        let total = bus.stats().total;
        assert_eq!((total.delivered, total.failed, total.matched()), (6, 2, 8));
    });
}

//! Settling and closing beside publishers.

use std::sync::Arc;

use rem_core::testing::interleave::spawn;
use rem_core::testing::interleave::sync::atomic::{AtomicU64, Ordering};
use rem_core::{Bus, Event, EventStream, Overflow, PublishErrorKind};

use crate::{LONG, Tick, bus, run};

fn counter(count: &Arc<AtomicU64>) -> impl Fn(&Event<Tick>) + Send + Sync + 'static {
    let count = Arc::clone(count);
    move |_| {
        count.fetch_add(1, Ordering::SeqCst);
    }
}

/// Publishes until it is refused, or so many; gives how many were not.
fn publish(bus: &Bus, publisher: u64) -> u64 {
    (0..3)
        .take_while(|number| match bus.publish(Tick::Of { publisher, number: *number }) {
            Ok(_) => true,
            Err(error) => {
                assert!(matches!(error.kind(), PublishErrorKind::Closed), "{error}");
                false
            }
        })
        .count() as u64
}

/// Each publish is refused, or handled and read, when `close` has returned; on a child too.
#[test]
fn nothing_comes_after_a_close() {
    run(|| {
        let bus = bus(Bus::builder());
        let child = bus.child("eu").unwrap();
        let handled = Arc::new(AtomicU64::new(0));
        bus.on(counter(&handled)).detach();
        let queue = bus.subscription("**").queue(1, Overflow::Block(LONG));
        let mut stream: EventStream<Tick> = queue.stream().unwrap();
        let publishers = [&bus, &child].map(|bus| {
            let bus = bus.clone();
            spawn(move || publish(&bus, 0))
        });
        let reader = spawn(move || stream.iter().map_while(Result::ok).count() as u64);
        assert!(bus.close(LONG).is_complete());
        let after = handled.load(Ordering::SeqCst);
        let published: u64 =
            publishers.into_iter().map(|publisher| publisher.join().unwrap()).sum();
        assert_eq!((after, handled.load(Ordering::SeqCst)), (published, published));
        assert_eq!(reader.join().unwrap(), published);
    });
}

/// What had begun before `settle` is handled and read when it returns, and so are its effects.
#[test]
fn what_had_begun_has_arrived_when_settled() {
    run(|| {
        let bus = bus(Bus::builder());
        let [begun, handled, effects] = [(); 3].map(|()| Arc::new(AtomicU64::new(0)));
        let (inner, begins) = (bus.downgrade(), Arc::clone(&begun));
        let first = move |event: &Event<Tick>| {
            begins.fetch_add(1, Ordering::SeqCst);
            inner.upgrade().map_or(Ok(()), |bus| bus.publish(event.data.effect()).map(drop))
        };
        let _first = bus.subscription("tick.of").priority(1).inline(first).unwrap();
        let _last = bus.subscription("tick.of").inline(counter(&handled)).unwrap();
        let _effect = bus.subscription("tick.after").inline(counter(&effects)).unwrap();
        let mut stream: EventStream<Tick> =
            bus.subscription("tick.of").queue(2, Overflow::Block(LONG)).stream().unwrap();
        let publishers = [0, 1].map(|publisher| {
            let bus = bus.clone();
            spawn(move || publish(&bus, publisher))
        });
        let reader = spawn(move || {
            let read = stream.iter().map_while(Result::ok).count();
            assert_eq!(read, 6);
        });
        for _ in 0..2 {
            let before = begun.load(Ordering::SeqCst);
            bus.settle(LONG).unwrap();
            assert!(handled.load(Ordering::SeqCst) >= before, "a publish was under way");
            assert!(effects.load(Ordering::SeqCst) >= before, "an effect was not handled");
        }
        for publisher in publishers {
            assert_eq!(publisher.join().unwrap(), 3);
        }
        assert!(bus.close(LONG).is_complete());
        reader.join().unwrap();
        assert_eq!(bus.stats().total.failed, 0);
        assert_eq!((handled.load(Ordering::SeqCst), effects.load(Ordering::SeqCst)), (6, 6));
    });
}

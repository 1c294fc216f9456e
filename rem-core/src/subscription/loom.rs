//! The join of past and live under loom: no gap and no repeat, wherever publishers stand when a reader comes.
//!
//! By streams: the gate is the same for inline handlers; `tests/tests/stress/joins.rs` has both at full speed.

use std::sync::Arc;

use loom::sync::atomic::{AtomicUsize, Ordering};

use super::Unsubscribed;
use crate::loom::{Tick, model, spawn};
use crate::{Bus, Event, EventStream, Overflow, Ring, Start, Token};

/// What a stream has, as numbers, without waiting.
fn drain(stream: &mut EventStream) -> Vec<u64> {
    std::iter::from_fn(|| stream.try_recv().ok()?.sequence()).collect()
}

fn stream(bus: &Bus) -> EventStream {
    let builder = bus.subscription("tick").from(Start::Earliest);
    builder.queue(4, Overflow::DropOldest).stream().unwrap()
}

fn bus() -> Bus {
    Bus::builder().topics(4).history(Ring::events(4)).build()
}

/// A publisher of two events beside a stream that begins with the first.
#[test]
fn a_stream_goes_from_the_past_to_what_is_live() {
    model(|| {
        let bus = bus();
        let other = bus.clone();
        let publisher = spawn(move || {
            for _ in 0..2 {
                assert_eq!(other.publish(Tick).map_err(drop).unwrap().dropped(), 0);
            }
        });
        let mut stream = stream(&bus);
        let mut seen = drain(&mut stream);
        publisher.join().unwrap();
        seen.extend(drain(&mut stream));
        assert_eq!(seen, [1, 2]);
    });
}

/// Two publishers, whose numbers may come to the history in either order.
#[test]
fn nothing_is_missed_between_two_publishers() {
    model(|| {
        let bus = bus();
        let publishers = [0, 1].map(|_| {
            let bus = bus.clone();
            spawn(move || drop(bus.publish(Tick).map_err(drop).unwrap()))
        });
        let mut stream = stream(&bus);
        let mut seen = drain(&mut stream);
        for publisher in publishers {
            publisher.join().unwrap();
        }
        seen.extend(drain(&mut stream));
        seen.sort_unstable();
        assert_eq!(seen, [1, 2]);
    });
}

/// A publish, in whose middle the handler is, beside whoever unsubscribes: afterwards no call runs and none comes.
#[test]
fn nothing_runs_when_unsubscribe_has_returned() {
    model(|| {
        let bus = Bus::builder().topics(4).build();
        let called = Arc::new((AtomicUsize::new(0), AtomicUsize::new(0)));
        let held = Arc::clone(&called);
        let sub = bus.on(move |_: &Event<Tick>| {
            held.0.fetch_add(1, Ordering::Relaxed);
            held.1.fetch_add(1, Ordering::Relaxed);
        });
        let other = bus.clone();
        let publisher = spawn(move || {
            for _ in 0..2 {
                other.publish(Tick).map_err(drop).unwrap();
            }
        });
        assert_eq!(sub.begin().wait(None), Unsubscribed::Done);
        // Read as it is written, for loom does not see the order that the counts of owners give.
        let now = |count: &AtomicUsize| count.fetch_add(0, Ordering::Relaxed);
        let before = now(&called.0);
        assert_eq!(before, now(&called.1));
        assert_eq!(Arc::strong_count(&called), 1);
        publisher.join().unwrap();
        assert_eq!(before, now(&called.0));
    });
}

/// A token that ends beside whoever hangs a subscription on it: it is over, and out of the index.
#[test]
fn nothing_hangs_on_a_token_that_has_ended() {
    model(|| {
        let bus = Bus::builder().topics(4).build();
        let token = Token::new();
        let other = token.clone();
        let ender = spawn(move || other.end());
        let sub = bus.subscription("tick").until(&token).inline(|_: &Event<Tick>| ()).unwrap();
        ender.join().unwrap();
        assert!(!sub.is_active());
        assert_eq!(bus.state().core.router.subscriptions(), 0);
        assert_eq!(bus.publish(Tick).map_err(drop).unwrap().matched(), 0);
    });
}

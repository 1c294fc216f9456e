//! The join of past and live under loom: no gap and no repeat, wherever publishers stand when a reader comes.
//!
//! By streams: what an inline handler does beside hangs on locals of threads, which loom's threads share. The gate is the
//! same; `tests/tests/past_to_live.rs` has both at full speed.

use crate::loom::{Tick, model, spawn};
use crate::{Bus, EventStream, Overflow, Ring, Start};

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

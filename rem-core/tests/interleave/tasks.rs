//! Tasks: async handlers on the bus's own threads, which the seed gives their turns like all others.

use std::time::Duration;

use rem_core::{Bus, Received, Retry, TaskKey};

use crate::{LONG, Seen, Tick, join, publishers, run};

/// One call at a time: each publisher's events in its order, and all handled when the bus has settled.
#[test]
fn a_task_has_each_publishers_order() {
    run(|| {
        let bus = crate::bus(Bus::builder());
        let seen = Seen::default();
        let keep = async |seen: Seen, tick: Received<Tick>| seen.keep(&tick);
        let sub = bus.subscription("tick").task_with(seen.clone(), keep).unwrap();
        join(publishers(&bus, 2, 2));
        bus.settle(LONG).unwrap();
        assert_eq!(seen.numbers(), [1, 2, 3, 4]);
        sub.unsubscribe();
    });
}

/// Two calls at a time keep the order of a key.
#[test]
fn workers_keep_the_order_of_a_key() {
    run(|| {
        let bus = crate::bus(Bus::builder());
        let seen = Seen::default();
        let key = TaskKey::of(|event| {
            let tick = event.downcast_ref::<Tick>();
            tick.map(|tick| tick.data.place().0.1.to_string().into())
        });
        let keep = async |seen: Seen, tick: Received<Tick>| seen.keep(&tick);
        let task = bus.subscription("tick").concurrency(2).by_key(key);
        task.task_with(seen.clone(), keep).unwrap().detach();
        join(publishers(&bus, 2, 2));
        assert!(bus.close(LONG).is_complete());
        assert_eq!(seen.numbers(), [1, 2, 3, 4]);
    });
}

/// An event that fails is tried again before the next; the time between takes none.
#[test]
fn a_retry_keeps_its_events_turn() {
    run(|| {
        let bus = Bus::new(); // whose clock is that of the system, or of shuttle's threads
        let seen = Seen::default();
        let wait = if cfg!(rem_shuttle) { LONG } else { Duration::from_millis(1) };
        let keep = async |seen: Seen, tick: Received<Tick>| {
            if tick.attempt() == 1 {
                return Err("not yet");
            }
            seen.keep(&tick);
            Ok(())
        };
        let task =
            bus.subscription("tick").retry(Retry::times(1).backoff(wait, 1.0, wait).jitter(false));
        task.task_with(seen.clone(), keep).unwrap().detach();
        join(publishers(&bus, 1, 2));
        assert!(bus.close(100 * LONG).is_complete());
        assert_eq!(seen.numbers(), [1, 2]);
        assert_eq!(bus.stats().total.failed, 0);
    });
}

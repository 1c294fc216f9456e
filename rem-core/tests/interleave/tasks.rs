//! Tasks: async handlers on the bus's own threads, which the seed gives their turns like all others.

use std::sync::Arc;
use std::time::Duration;

use rem_core::testing::interleave::sync::atomic::{AtomicU64, Ordering};
use rem_core::{Bus, Received, Retry, Ring, Start, TaskFuture, TaskKey};

use crate::{LONG, Seen, Tick, Workers, join, publishers, run};

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

/// Workers that come before the task begins wait for its past, and have it whole, and then what is live.
#[test]
fn the_past_that_was_held_is_read_once_the_task_begins() {
    run(|| {
        let (workers, seen) = (Workers::default(), Seen::default());
        let spawner = workers.clone();
        let builder = Bus::builder().spawner(move |task: TaskFuture| spawner.run(task));
        let bus = crate::bus(builder.history(Ring::events(16)));
        let publishing = publishers(&bus, 2, 2);
        let keep = async |seen: Seen, tick: Received<Tick>| seen.keep(&tick);
        let task = bus.subscription("tick").from(Start::Earliest).concurrency(2);
        task.task_with(seen.clone(), keep).unwrap().detach();
        join(publishing);
        bus.close(LONG);
        workers.join();
        let mut numbers: Vec<_> = seen.all().into_iter().map(|(number, _)| number).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, [1, 2, 3, 4]);
    });
}

/// A task one of whose workers cannot be started, while others publish: it is handed nothing, live or past, and the worker
/// that was started ends.
#[test]
fn a_task_that_is_refused_beside_publishers_handles_nothing() {
    run(|| {
        let (workers, seen) = (Workers::default(), Seen::default());
        let (spawner, asked) = (workers.clone(), Arc::new(AtomicU64::new(0)));
        let builder = Bus::builder().spawner(move |task: TaskFuture| {
            assert!(asked.fetch_add(1, Ordering::SeqCst) % 2 == 0, "no thread is left");
            spawner.run(task);
        });
        let bus = crate::bus(builder.history(Ring::events(16)));
        let publishing = publishers(&bus, 1, 2);
        let keep = async |seen: Seen, tick: Received<Tick>| seen.keep(&tick);
        for start in [Start::Earliest, Start::Latest] {
            let task = bus.subscription("tick").from(start).concurrency(2);
            assert!(task.task_with(seen.clone(), keep).is_err());
        }
        workers.join();
        join(publishing);
        assert!(seen.all().is_empty(), "{seen:?}");
        assert!(bus.topology().subscriptions.is_empty(), "{}", bus.topology());
        assert_eq!(bus.stats().published, 2);
    });
}

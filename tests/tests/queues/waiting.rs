//! Publishers that wait for room, or are refused.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use rem::prelude::*;
use rem::{PublishErrorKind, TryRecvError};

use crate::{Job, LONG, added, drain, number, queue};

#[test]
fn a_thread_reads_what_another_publishes_until_the_bus_is_closed() {
    let bus = Bus::new();
    let mut stream = queue(&bus, 4, Overflow::Block(LONG));
    let reader = thread::spawn(move || {
        let numbers: Vec<u64> = stream.iter().map(|event| number(&event.unwrap().data)).collect();
        (numbers, stream.try_recv().unwrap_err())
    });
    let receipts = added(&bus, 0..1_000);
    bus.close(Duration::ZERO);
    assert!(receipts.iter().all(|receipt| receipt.delivered() == 1 && receipt.matched() == 1));
    assert_eq!(reader.join().unwrap(), ((0..1_000).collect(), TryRecvError::Ended));
}

#[test]
fn a_refused_event_leaves_no_trace() {
    let bus = Bus::builder().history(Ring::events(10)).build();
    let seen = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&seen);
    let _inline = bus.on(move |_: &Event<Job>| {
        counted.fetch_add(1, Ordering::Relaxed);
    });
    let mut roomy = queue(&bus, 10, Overflow::Block(LONG));
    let mut full = queue(&bus, 1, Overflow::Reject);
    added(&bus, [1]);
    let error = bus.publish(Job::Added(2)).unwrap_err();
    let PublishErrorKind::QueueFull { subscription, pattern, place, capacity, limit } =
        error.kind()
    else {
        panic!("{error:?}");
    };
    assert_eq!(*subscription, full.subscription().id());
    assert_eq!((&**pattern, *capacity, *limit), ("job", 1, Duration::ZERO));
    assert!(place.file().ends_with("main.rs"));
    assert_eq!(
        error.to_string(),
        format!(
            "`job.added` was not published: the queue of {subscription} to `job` ({place}) is full with 1 events; \
             publish again when its reader has read, give it more capacity, or an `Overflow` that drops"
        )
    );
    assert_eq!(error.into_data(), Job::Added(2));
    assert_eq!(drain(&mut roomy), [Ok(1)]);
    assert_eq!(drain(&mut full), [Ok(1)]);
    assert_eq!(seen.load(Ordering::Relaxed), 1);
    assert_eq!(bus.query("**").unwrap().events().len(), 1);
    assert_eq!(added(&bus, [3])[0].sequence(), Some(2), "no number was used up");
    assert_eq!((drain(&mut roomy), drain(&mut full)), (vec![Ok(3)], vec![Ok(3)]));
}

#[test]
fn a_publisher_waits_until_its_limit() {
    let bus = Bus::new();
    let limit = Duration::from_millis(20);
    let _full = queue(&bus, 1, Overflow::Block(limit));
    added(&bus, [1]);
    let error = bus.publish(Job::Added(2)).unwrap_err();
    assert!(
        matches!(error.kind(), PublishErrorKind::QueueFull { limit: waited, .. } if *waited == limit),
        "{error}"
    );
    assert!(error.to_string().contains("had no room for 20ms"), "{error}");
}

#[test]
fn a_reader_that_publishes_into_its_own_full_queue_is_told_at_once() {
    let bus = Bus::new();
    let mut stream = queue(&bus, 2, Overflow::Block(LONG));
    added(&bus, 1..=2);
    let other = bus.clone();
    let mut events = stream.iter();
    let next = number(&events.next().unwrap().unwrap().data) + 10;
    added(&other, [next]); // there is room for the one that was taken
    let error = other.publish(Job::Added(0)).unwrap_err();
    assert!(matches!(error.kind(), PublishErrorKind::WouldDeadlock { .. }), "{error:?}");
    assert!(error.to_string().contains("room in it waits for this thread"), "{error}");
}

#[test]
fn two_readers_that_wait_for_one_another_are_told() {
    let bus = Bus::new();
    let mut streams = ["a", "b"].map(|name| {
        let topic = format!("job.of.{name}");
        bus.subscription(&*topic).queue(1, Overflow::Block(LONG)).stream::<Job>().unwrap()
    });
    let publish = |bus: &Bus, name| bus.publish(Job::Of { name, value: 0 });
    for name in ["a", "b"] {
        publish(&bus, name).unwrap();
    }
    let both = Barrier::new(2);
    // Each holds an event, finds the other's queue full, and would wait for the other to read.
    let results: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = streams
            .iter_mut()
            .zip(["b", "a"])
            .map(|(stream, to)| {
                let (bus, both) = (bus.clone(), &both);
                scope.spawn(move || {
                    let mut events = stream.iter();
                    both.wait();
                    let result = publish(&bus, to);
                    let read = events.next();
                    drop(events);
                    (result, read.is_some())
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let deadlocks = results.iter().filter(|(result, _)| {
        matches!(
            result.as_ref().map_err(rem::PublishError::kind),
            Err(PublishErrorKind::WouldDeadlock { .. })
        )
    });
    assert_eq!(deadlocks.count(), 1, "{results:?}");
    assert!(results.iter().all(|(_, read)| *read));
}

#[test]
fn who_has_waited_hangs_nobody() {
    let bus = Bus::new();
    let limit = Duration::from_millis(1);
    let [mut a, mut b] = ["a", "b"].map(|name| {
        let topic = format!("job.of.{name}");
        bus.subscription(&*topic).queue(1, Overflow::Block(limit)).stream::<Job>().unwrap()
    });
    let publish = |name| bus.publish(Job::Of { name, value: 0 });
    let is_full = |name| {
        let refused = publish(name).unwrap_err();
        assert!(matches!(refused.kind(), PublishErrorKind::QueueFull { .. }), "{refused}");
    };
    for name in ["a", "b"] {
        publish(name).unwrap();
    }
    let both = Barrier::new(2);
    thread::scope(|scope| {
        let (both, publish, is_full) = (&both, &publish, &is_full);
        scope.spawn(move || {
            let mut events = b.iter();
            assert!(events.next().is_some_and(|event| event.is_ok()));
            publish("b").unwrap();
            both.wait();
            is_full("a"); // which the other reads, and for which this thread has waited
            both.wait();
            both.wait();
            drop(events);
        });
        let mut events = a.iter();
        assert!(events.next().is_some_and(|event| event.is_ok()));
        publish("a").unwrap();
        both.wait();
        both.wait();
        is_full("b"); // which the other reads, and waits for nobody
        both.wait();
    });
}

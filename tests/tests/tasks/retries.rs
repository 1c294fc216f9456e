//! Trying again, and time limits, by a clock that is turned by hand.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rem::prelude::*;
use rem::testing::TestBus;

use crate::{Door, Job, LONG, Notes, SECOND, Told, added, number};

fn retry(times: usize) -> Retry {
    Retry::times(times).backoff(SECOND, 2.0, 3 * SECOND).jitter(false)
}

#[test]
fn an_event_is_tried_again_when_its_time_has_come() {
    let test = TestBus::new();
    let bus = &test.bus;
    let notes = Notes::new();
    let sub = bus
        .subscription("job")
        .retry(retry(3))
        .task_with(notes.clone(), async |notes, job: Received<Job>| {
            notes.note((number(&job), job.attempt()));
            if number(&job) == 1 && job.attempt() < 4 { Err("not yet") } else { Ok(()) }
        })
        .unwrap();
    added(bus, 1);
    added(bus, 2);
    for (wait, tried) in [(1, 1), (2, 2), (3, 3)] {
        assert!(test.clock.wait_for_timers(1, LONG));
        assert_eq!(notes.all().len(), tried, "a retry keeps its event's turn");
        test.clock.advance((wait * SECOND).saturating_sub(Duration::from_nanos(1)));
        assert_eq!(test.clock.timers(), 1, "it is not time yet");
        test.clock.advance(Duration::from_nanos(1));
    }
    bus.settle(LONG).unwrap();
    assert_eq!(notes.all(), [(1, 1), (1, 2), (1, 3), (1, 4), (2, 1)]);
    assert_eq!(sub.failures(), 0, "it was handled in the end");
    assert_eq!(bus.stats().total.delivered, 2);
    assert!(bus.topology().to_string().contains("retries 3"), "{}", bus.topology());
}

#[test]
fn after_the_last_attempt_it_has_failed_and_is_told() {
    let test = TestBus::new();
    let bus = &test.bus;
    let told = Notes::new();
    let notes = told.clone();
    let _failed = bus
        .subscribe("$rem.handler.failed", move |event: &Event| notes.note(event.to_string()))
        .unwrap();
    let sub = bus
        .subscription("job")
        .retry(Retry::times(1).seed(1))
        .task(async |job: Received<Job>| Err::<(), _>(format!("attempt {}", job.attempt())))
        .unwrap();
    added(bus, 1);
    assert!(test.clock.wait_for_timers(1, LONG));
    assert_eq!(sub.failures(), 0);
    test.clock.advance(SECOND);
    bus.settle(LONG).unwrap();
    assert_eq!(sub.failures(), 1);
    let report = &bus.topology().subscriptions[1];
    assert_eq!(report.last_error.as_deref(), Some("attempt 2"));
    let stats = report.stats;
    assert_eq!((stats.delivered, stats.failed, stats.matched()), (0, 1, 1));
    assert_eq!(told.all().len(), 1, "{:?}", told.all());
}

#[test]
fn a_call_that_passes_its_time_limit_is_dropped_and_has_failed() {
    struct Dropped(Told<&'static str>);
    impl Drop for Dropped {
        fn drop(&mut self) {
            self.0.tell("dropped");
        }
    }
    let test = TestBus::new();
    let bus = &test.bus;
    let (told, dropped) = Told::new();
    let sub = bus
        .subscription("job")
        .retry(retry(1))
        .time_limit(5 * SECOND)
        .task_with(told, async |told, job: Received<Job>| {
            let _dropped = Dropped(told);
            if number(&job) == 1 {
                std::future::pending::<()>().await;
            }
        })
        .unwrap();
    added(bus, 1);
    assert!(test.clock.wait_for_timers(1, LONG));
    assert!(dropped.try_recv().is_err());
    test.clock.advance(5 * SECOND);
    assert_eq!(dropped.recv_timeout(LONG).unwrap(), "dropped");
    // Its retry, and then the limit of that.
    assert!(test.clock.wait_for_timers(1, LONG));
    test.clock.advance(SECOND);
    assert!(test.clock.wait_for_timers(1, LONG));
    test.clock.advance(5 * SECOND);
    assert_eq!(dropped.recv_timeout(LONG).unwrap(), "dropped");
    bus.settle(LONG).unwrap();
    assert_eq!(sub.failures(), 1);
    let error = bus.topology().subscriptions[0].last_error.clone();
    assert_eq!(error.as_deref(), Some("it was not finished within 5s"));
    added(bus, 2);
    bus.settle(LONG).unwrap();
    assert_eq!(sub.failures(), 1, "the next is handled");
    assert_eq!(test.clock.timers(), 0, "nobody waits for what is over");
}

#[test]
fn a_call_that_is_ready_at_once_waits_for_no_clock() {
    let test = TestBus::new();
    let clock = test.clock.clone();
    let _sub = test
        .bus
        .subscription("job")
        .time_limit(SECOND)
        .task_with(clock, async |clock, _: Received<Job>| assert_eq!(clock.timers(), 0))
        .unwrap();
    (0..100).for_each(|value| drop(added(&test.bus, value)));
    test.bus.settle(LONG).unwrap();
    assert_eq!(test.bus.stats().total.delivered, 100);
}

#[test]
fn calls_that_end_in_time_leave_no_timer() {
    let test = TestBus::new();
    let door = Door::default();
    let _sub = test
        .bus
        .subscription("job")
        .concurrency(4)
        .time_limit(SECOND)
        .task_with(door.clone(), async |door, _: Received<Job>| door.pass().await)
        .unwrap();
    (0..4).for_each(|value| drop(added(&test.bus, value)));
    assert!(test.clock.wait_for_timers(4, LONG));
    door.open();
    test.bus.settle(LONG).unwrap();
    assert_eq!((test.clock.timers(), test.bus.stats().total.failed), (0, 0));
}

/// The system's clock, and the bus's own thread for it.
#[test]
fn by_the_systems_clock_it_is_tried_again_too() {
    let count = Arc::new(AtomicUsize::new(0));
    let bus = Bus::new();
    let short = Retry::times(50).backoff(Duration::from_micros(10), 1.0, Duration::from_micros(10));
    let _sub = bus
        .subscription("job")
        .concurrency(4)
        .retry(short)
        .time_limit(LONG)
        .task_with(Arc::clone(&count), async |count, job: Received<Job>| {
            smol::future::yield_now().await;
            count.fetch_add(1, Ordering::Relaxed);
            if job.attempt() <= 50 { Err("again") } else { Ok(()) }
        })
        .unwrap();
    (0..8).for_each(|value| drop(added(&bus, value)));
    bus.settle(LONG).unwrap();
    assert_eq!(count.load(Ordering::Relaxed), 8 * 51);
    assert_eq!(bus.stats().total.failed, 0);
}

#[test]
fn a_time_limit_by_the_systems_clock_is_kept() {
    let bus = Bus::new();
    let sub = bus
        .subscription("job")
        .time_limit(Duration::from_millis(1))
        .task(async |_: Received<Job>| std::future::pending::<()>().await)
        .unwrap();
    added(&bus, 1);
    bus.settle(LONG).unwrap();
    assert_eq!(sub.failures(), 1);
}

/// With the clock of a test; with that of the system, what waits goes by a time that nobody sets.
#[test]
fn a_clock_that_is_set_back_puts_off_a_retry_and_loses_none() {
    let test = TestBus::new();
    let bus = &test.bus;
    let notes = Notes::new();
    let _sub = bus
        .subscription("job")
        .retry(retry(1))
        .task_with(notes.clone(), async |notes, job: Received<Job>| {
            notes.note(job.attempt());
            if job.attempt() == 1 { Err("not yet") } else { Ok(()) }
        })
        .unwrap();
    test.clock.advance(100 * SECOND);
    let begun = test.clock.now();
    added(bus, 1);
    assert!(test.clock.wait_for_timers(1, LONG));
    test.clock.set(begun - 50 * SECOND);
    test.clock.advance(50 * SECOND);
    assert_eq!((test.clock.timers(), notes.all()), (1, vec![1]), "its time has not come");
    test.clock.advance(SECOND);
    bus.settle(LONG).unwrap();
    assert_eq!(notes.all(), [1, 2]);
}

//! Whatever panics, fails or goes: it ends there, is counted and told, and the others go on.

use std::future::{Future, poll_fn};
use std::panic::panic_any;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use rem::prelude::*;
use rem::{PublishErrorKind, SystemEvent, TaskFuture, TaskKey};

use crate::{Door, Job, LONG, Notes, Told, added, number, of};

/// A future that panics where it is told to.
struct Bomb(&'static str);

impl Future for Bomb {
    type Output = Result<(), Panicky>;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        match self.0 {
            "poll" => panic!("in its poll"),
            "display" => Poll::Ready(Err(Panicky)),
            _ => Poll::Ready(Ok(())),
        }
    }
}

impl Drop for Bomb {
    fn drop(&mut self) {
        if self.0 == "drop" {
            panic_any(7);
        }
    }
}

struct Panicky;
impl std::fmt::Display for Panicky {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        panic!("as its error is shown")
    }
}

#[test]
fn a_handler_may_panic_wherever_it_runs() {
    let bus = Bus::new();
    let told = Notes::new();
    let notes = told.clone();
    let _failed = bus
        .subscribe("$rem.handler.failed", move |event: &Event<SystemEvent>| {
            if let SystemEvent::HandlerFailed { error, panicked: true, .. } = &event.data {
                notes.note(error.to_string());
            }
        })
        .unwrap();
    let sub = bus
        .subscription("job.of.*")
        .keep_dead_letters(8)
        .task(|job: Received<Job>| {
            let Job::Of { name, .. } = job.data else { return Bomb("") };
            assert!(name != "make", "as its future is made");
            Bomb(name)
        })
        .unwrap();
    for name in ["make", "poll", "display", "drop", "none"] {
        of(&bus, name, 1);
    }
    bus.settle(LONG).unwrap();
    assert_eq!(
        told.all(),
        [
            "as its future is made",
            "in its poll",
            "as its error is shown",
            "a panic whose payload is not text"
        ]
    );
    let stats = bus.stats().total;
    assert_eq!((sub.failures(), sub.dead_letters().len()), (4, 4));
    assert_eq!(stats.failed, 4);
    assert!(sub.dead_letters().list().iter().all(|letter| letter.panicked));
}

#[test]
fn a_panicking_future_that_passes_its_limit_is_dropped_all_the_same() {
    struct Never(#[expect(dead_code, reason = "it is dropped with it")] Bomb);
    impl Future for Never {
        type Output = ();
        fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
            Poll::Pending
        }
    }
    let test = rem::testing::TestBus::new();
    let sub = test
        .bus
        .subscription("job")
        .time_limit(crate::SECOND)
        .task(|_: Received<Job>| Never(Bomb("drop")))
        .unwrap();
    added(&test.bus, 1);
    assert!(test.clock.wait_for_timers(1, LONG));
    test.clock.advance(crate::SECOND);
    test.bus.settle(LONG).unwrap();
    let error = test.bus.topology().subscriptions[0].last_error.clone().unwrap();
    assert_eq!(
        &*error,
        "it was not finished within 1s; and it panicked as it was dropped: a panic whose payload is not text"
    );
    assert_eq!(sub.failures(), 1);
}

#[test]
fn a_key_that_panics_fails_its_event_and_no_other() {
    let bus = Bus::new();
    let notes = Notes::new();
    let sub = bus
        .subscription("job")
        .concurrency(2)
        .by_key(TaskKey::of(|event| {
            assert!(event.downcast_ref::<Job>().is_none_or(|job| number(job) != 2), "poisoned");
            Some("one".into())
        }))
        .keep_dead_letters(8)
        .task_with(notes.clone(), async |notes, job: Received<Job>| notes.note(number(&job)))
        .unwrap();
    (1..=3).for_each(|value| drop(added(&bus, value)));
    bus.settle(LONG).unwrap();
    assert_eq!(notes.all(), [1, 3]);
    let letters = sub.dead_letters().list();
    assert_eq!((letters.len(), letters[0].attempts), (1, 0));
    assert_eq!(&*letters[0].error, "the key could not be told: poisoned");
}

#[test]
fn a_filter_that_panics_is_counted_as_for_all_subscriptions() {
    let bus = Bus::new();
    let notes = Notes::new();
    let sub = bus
        .subscription("job")
        .filter(|event| {
            assert!(event.downcast_ref::<Job>().is_none_or(|job| number(job) != 2), "poisoned");
            true
        })
        .task_with(notes.clone(), async |notes, job: Received<Job>| notes.note(number(&job)))
        .unwrap();
    assert_eq!((1..=3).map(|value| added(&bus, value).failed()).sum::<usize>(), 1);
    bus.settle(LONG).unwrap();
    assert_eq!((notes.all(), sub.failures()), (vec![1, 3], 1));
    let stats = bus.stats().total;
    assert_eq!((stats.delivered, stats.failed), (2, 1));
}

#[test]
fn a_spawner_that_panics_is_an_error() {
    let bus = Bus::builder().spawner(|_: TaskFuture| panic!("no runtime")).build();
    let error = bus.subscription("job").task(async |_: Received| ()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the task was not started: the spawner panicked: no runtime; give the bus another spawner with \
         `Bus::builder().spawner(…)`"
    );
    assert!(bus.topology().subscriptions.is_empty(), "nothing is left of it");
    assert_eq!(added(&bus, 1).delivered(), 0);
}

/// A runtime that shuts down with work in hand: nothing hangs, and what is lost is counted and told.
#[test]
fn a_spawner_that_drops_its_futures_ends_the_task() {
    let (told, lost) = Told::new();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    let bus = Bus::builder().spawner(runtime.handle().clone()).build();
    let _told = bus
        .subscribe("$rem.**", move |event: &Event<SystemEvent>| told.tell(event.data.to_string()))
        .unwrap();
    let (begun, has_begun) = Told::new();
    let sub = bus
        .subscription("job")
        .queue(2, Overflow::Block(LONG))
        .task_with(begun, async |begun, _: Received<Job>| {
            begun.tell(());
            std::future::pending::<()>().await;
        })
        .unwrap();
    added(&bus, 1);
    has_begun.recv_timeout(LONG).unwrap();
    added(&bus, 2);
    runtime.shutdown_background();
    let all: Vec<_> = (0..2).map(|_| lost.recv_timeout(LONG).unwrap()).collect();
    assert!(all[0].contains("its spawner dropped it before its end"), "{all:?}");
    assert!(all[1].contains("lost 1 event: the spawner dropped the task"), "{all:?}");
    assert!(!sub.is_active());
    bus.settle(LONG).unwrap();
    assert_eq!(added(&bus, 3).delivered(), 0, "nobody is waited for");
}

/// Alone, it would wait for itself: that is known at once.
#[test]
fn a_handler_that_would_wait_for_its_own_queue_is_refused() {
    let bus = Bus::new();
    let (told, said) = Told::new();
    let _sub = bus
        .subscription("job")
        .queue(1, Overflow::Block(LONG))
        .task_with((bus.downgrade(), told), async |(bus, told), job: Received<Job>| {
            if number(&job) == 1 {
                let bus = bus.upgrade().unwrap();
                bus.publish(Job::Added(2)).unwrap();
                let error = bus.publish(Job::Added(3)).unwrap_err();
                told.tell(matches!(error.kind(), PublishErrorKind::WouldDeadlock { .. }));
            }
        })
        .unwrap();
    added(&bus, 1);
    assert!(said.recv_timeout(LONG).unwrap());
    bus.settle(LONG).unwrap();
}

#[test]
fn an_owner_that_goes_ends_its_task() {
    let bus = Bus::new();
    let owner = Arc::new(());
    let weak = Arc::downgrade(&owner);
    let count = Arc::new(AtomicUsize::new(0));
    bus.subscription("job")
        .until(move || weak.strong_count() == 0)
        .task_with(Arc::clone(&count), async |count, _: Received<Job>| {
            count.fetch_add(1, Ordering::SeqCst);
        })
        .unwrap()
        .detach();
    added(&bus, 1);
    bus.settle(LONG).unwrap();
    drop(owner);
    added(&bus, 2);
    bus.settle(LONG).unwrap();
    assert_eq!(count.load(Ordering::SeqCst), 1);
    assert!(bus.topology().subscriptions.is_empty());
}

#[test]
fn a_handler_may_be_woken_again_and_again() {
    let bus = Bus::new();
    let door = Door::default();
    let _sub = bus
        .subscription("job")
        .task_with(door.clone(), async |door, _: Received<Job>| {
            let mut pass = Box::pin(door.pass());
            let mut wakes = 0;
            poll_fn(|cx| {
                wakes += 1;
                if wakes < 1_000 {
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                pass.as_mut().poll(cx)
            })
            .await;
        })
        .unwrap();
    added(&bus, 1);
    door.open();
    bus.settle(LONG).unwrap();
    assert_eq!(bus.stats().total.delivered, 1);
}

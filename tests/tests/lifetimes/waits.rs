//! Waiting for one event, for those who listen, and holding a bus weakly.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::Duration;

use rem::prelude::*;
use rem::{ReadyErrorKind, Token, Wait, WaitErrorKind};

use crate::{Job, LONG, added};

fn publish_of(bus: &Bus, name: &'static str, value: u64) -> Receipt {
    bus.publish(Job::Of { name, value }).unwrap()
}

#[test]
fn the_next_event_is_waited_for() {
    let bus = Bus::new();
    let typed: Wait<Job> = bus.wait_for_async("job.of.{name}").unwrap();
    let any: Wait = bus.wait_for_async("job").unwrap();
    let mut stream =
        bus.subscription("job.added").queue(8, Overflow::DropOldest).stream::<Job>().unwrap();
    let matched = [added(&bus, 1).matched(), publish_of(&bus, "a", 2).matched()];
    assert_eq!(matched, [2, 1], "the second of them is for the first wait alone");
    assert_eq!(publish_of(&bus, "b", 3).matched(), 0, "one is enough, read or not");
    let event = typed.within(LONG).unwrap();
    assert_eq!(
        (&event.data, event.capture("name").as_deref()),
        (&Job::Of { name: "a", value: 2 }, Some("a"))
    );
    assert_eq!(any.within(LONG).unwrap().sequence(), Some(1));
    assert_eq!(stream.try_recv().unwrap().sequence(), Some(1));
}

#[test]
fn a_thread_waits_until_the_event_or_the_limit() {
    let bus = Bus::new();
    thread::scope(|scope| {
        let waiter = scope.spawn(|| bus.wait_for::<Job>("job.added", LONG).unwrap());
        bus.ready("job.added", 1, LONG).unwrap();
        added(&bus, 7);
        assert_eq!(waiter.join().unwrap().data, Job::Added(7));
    });
    let error = bus.wait_for::<Job>("job", Duration::from_millis(2)).unwrap_err();
    assert_eq!(error.kind(), WaitErrorKind::Late);
    assert_eq!(
        error.to_string(),
        "no event of `job` came within 2ms; wait before it is published, or longer"
    );
    let error = bus.wait_for::<Job>("job..added", LONG).unwrap_err();
    assert_eq!(error.kind(), WaitErrorKind::Subscribe);
    assert!(std::error::Error::source(&error).is_some());
    assert_eq!(added(&bus, 8).matched(), 0, "who waits no longer is gone");
}

#[test]
fn a_wait_ends_with_its_bus_or_its_token() {
    let bus = Bus::builder().history(Ring::events(4)).build();
    let token = Token::new();
    let [by_token, by_close] = [bus.subscription("job").until(&token), bus.subscription("job")]
        .map(|wait| wait.wait::<Job>().unwrap());
    token.end();
    assert_eq!(by_token.within(LONG).unwrap_err().kind(), WaitErrorKind::Ended);
    thread::scope(|scope| {
        let waiter = scope.spawn(|| by_close.within(LONG).unwrap_err());
        bus.close(Duration::ZERO);
        assert_eq!(waiter.join().unwrap().kind(), WaitErrorKind::Ended);
    });
    let bus = Bus::new();
    let gone = bus.wait_for_async::<Job>("job").unwrap();
    drop(bus);
    assert_eq!(smol::block_on(gone).unwrap_err().kind(), WaitErrorKind::Ended);
}

#[test]
fn a_wait_may_begin_in_the_past_and_be_particular() {
    let bus = Bus::builder().history(Ring::events(8)).build();
    (1..=4).for_each(|number| drop(added(&bus, number)));
    let wait = |start, above| {
        let wait = bus.subscription("job").from(start);
        let number = move |event: &Event| {
            event
                .downcast_ref::<Job>()
                .is_some_and(|event| matches!(event.data, Job::Added(n) if n > above))
        };
        wait.filter(number).wait::<Job>().unwrap()
    };
    let event = wait(Start::Earliest, 2).within(LONG).unwrap();
    assert_eq!((event.sequence(), event.is_replay()), (Some(3), true));
    let later = wait(Start::Earliest, 5);
    (5..=6).for_each(|number| drop(added(&bus, number)));
    assert_eq!(later.within(LONG).unwrap().sequence(), Some(6));
}

/// Counts how often it is woken.
struct Woken(AtomicU64);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn in_async_code_an_event_is_awaited_under_any_runtime() {
    let bus = Bus::new();
    let woken = Arc::new(Woken(AtomicU64::new(0)));
    let waker = Waker::from(Arc::clone(&woken));
    let mut cx = Context::from_waker(&waker);
    let mut wait = pin!(bus.wait_for_async::<Job>("job").unwrap());
    assert!(wait.as_mut().poll(&mut cx).is_pending());
    added(&bus, 1);
    assert_eq!(woken.0.load(Ordering::Relaxed), 1);
    assert!(matches!(wait.as_mut().poll(&mut cx), Poll::Ready(Ok(_))));

    let publish = |bus: &Bus| drop(added(bus, 2));
    let wait = bus.wait_for_async::<Job>("job").unwrap();
    publish(&bus);
    assert_eq!(smol::block_on(wait).unwrap().data, Job::Added(2));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let wait = bus.wait_for_async::<Job>("job").unwrap();
        let other = bus.clone();
        tokio::spawn(async move { publish(&other) });
        assert!(wait.await.is_ok());
        let wait = bus.wait_for_async::<Job>("job").unwrap();
        assert!(tokio::time::timeout(Duration::from_millis(1), wait).await.is_err());
    });
    assert_eq!(added(&bus, 3).matched(), 0, "dropped with its timeout");
}

#[test]
fn a_publisher_waits_for_those_who_listen() {
    let bus = Bus::new();
    let eu = bus.child("eu").unwrap();
    eu.ready("job", 0, Duration::ZERO).unwrap();
    let error = eu.ready("job.*", 1, Duration::from_millis(1)).unwrap_err();
    assert_eq!(error.kind(), ReadyErrorKind::Late);
    assert_eq!(
        error.to_string(),
        "fewer than 1 subscriptions to `eu.job.*` were there within 1ms: none; let those who listen subscribe first, or \
         wait longer"
    );
    // What counts, and what does not, for `job.*` on the child.
    let not = [
        bus.subscribe("job.added", |_: &Event| ()).unwrap(),
        bus.subscribe("us.**", |_: &Event| ()).unwrap(),
        eu.subscribe("task.*", |_: &Event| ()).unwrap(),
        bus.child("us").unwrap().on(|_: &Event<Job>| ()),
    ];
    assert!(eu.ready("job.*", 1, Duration::ZERO).is_err());
    let counts = [
        bus.subscribe("eu.job", |_: &Event| ()).unwrap(),
        bus.on(|_: &Event<Job>| ()),
        eu.on(|_: &Event<Job>| ()),
        eu.subscribe("*.added", |_: &Event| ()).unwrap(),
    ];
    eu.ready("job.*", 4, Duration::ZERO).unwrap();
    let error = eu.ready("job.*", 5, Duration::ZERO).unwrap_err();
    // The child is told of its own.
    let found: Vec<_> = error.found().iter().map(|found| found.id).collect();
    let mut own = [counts[2].id(), counts[3].id()];
    own.sort_unstable();
    assert!(found.len() == 2 && own.iter().all(|id| found.contains(id)), "{error}");
    assert_eq!(not.len() + counts.len(), 8);
    thread::scope(|scope| {
        let publisher = scope.spawn(|| eu.ready("job.*", 6, LONG));
        let _fifth = eu.on(|_: &Event<Job>| ());
        let _sixth = eu.wait_for_async::<Job>("job").unwrap();
        publisher.join().unwrap().unwrap();
    });
}

#[test]
fn nobody_waits_for_those_who_cannot_come() {
    let bus = Bus::new();
    let bad = bus.ready("a..b", 1, LONG).unwrap_err();
    assert_eq!(bad.kind(), ReadyErrorKind::Pattern);
    thread::scope(|scope| {
        let waiter = scope.spawn(|| bus.ready("job", 1, LONG).unwrap_err());
        bus.close(Duration::ZERO);
        assert_eq!(waiter.join().unwrap().kind(), ReadyErrorKind::Closed);
    });
}

#[test]
fn in_async_code_those_who_listen_are_awaited() {
    let bus = Bus::new();
    let woken = Arc::new(Woken(AtomicU64::new(0)));
    let waker = Waker::from(Arc::clone(&woken));
    let mut cx = Context::from_waker(&waker);
    let mut ready = bus.ready_async("job", 1);
    assert!(pin!(&mut ready).poll(&mut cx).is_pending());
    let _other = bus.subscribe("task", |_: &Event| ()).unwrap();
    assert_eq!(woken.0.load(Ordering::Relaxed), 1);
    assert!(pin!(&mut ready).poll(&mut cx).is_pending());
    let _sub = bus.on(|_: &Event<Job>| ());
    assert_eq!(woken.0.load(Ordering::Relaxed), 2);
    assert!(matches!(pin!(&mut ready).poll(&mut cx), Poll::Ready(Ok(()))));
    let mut dropped = bus.ready_async("task.never", 9);
    assert!(pin!(&mut dropped).poll(&mut cx).is_pending());
    drop((ready, dropped));
    drop(waker);
    assert_eq!(Arc::strong_count(&woken), 1, "no waker stays behind");
}

#[test]
fn a_bus_that_is_held_weakly_goes_with_its_last_handle() {
    let bus = Bus::new();
    let eu = bus.child("eu").unwrap();
    let (weak, weak_eu) = (bus.downgrade(), eu.downgrade());
    assert_eq!((weak.upgrade(), weak_eu.upgrade()), (Some(bus.clone()), Some(eu.clone())));
    let own = weak.clone();
    let _sub = bus.on(move |event: &Event<Job>| match event.data {
        Job::Added(number) => drop(own.upgrade().map(|bus| publish_of(&bus, "a", number))),
        Job::Of { .. } => {}
    });
    assert_eq!(added(&bus, 1).delivered(), 1);
    drop(bus);
    assert!(weak.upgrade().is_some(), "a child keeps its parent");
    drop(eu);
    assert!(weak.upgrade().is_none() && weak_eu.upgrade().is_none());
    assert_eq!(format!("{weak:?}"), "WeakBus { gone: true }");
}

//! Ends: of subscriptions, of what is in flight, of the bus, while events stand in the line.

use std::pin::pin;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use std::future::Future;

use rem::prelude::*;
use rem::{InFlight, PublishErrorKind, SystemEvent, Unsubscribed};

use crate::{Held, Job, LONG, Notes, added, total};

#[test]
fn what_stands_in_the_line_does_not_reach_who_has_left() {
    let bus = total().build();
    let held = Held::on(&bus);
    let notes = Notes::default();
    let leaves = bus.on(notes.each("leaves"));
    let stays = bus.on(notes.each("stays"));
    let mut stream =
        bus.subscription("job").queue(4, Overflow::Block(LONG)).stream::<Job>().unwrap();
    let queued = bus.subscription("job").queue(4, Overflow::Block(LONG)).stream::<Job>().unwrap();
    thread::scope(|scope| {
        scope.spawn(|| added(&bus, 1));
        held.has(1);
        assert_eq!(added(&bus, 2).deferred(), 5);
        drop((leaves, queued));
        held.go(2);
    });
    assert_eq!(notes.take(), ["stays Added(1)", "stays Added(2)"]);
    assert_eq!(std::iter::from_fn(|| stream.try_recv().ok()).count(), 2);
    drop(stays);
}

#[test]
fn unsubscribe_waits_for_the_thread_that_has_the_turn() {
    let bus = total().build();
    let held = Held::on(&bus);
    let alive = Arc::new(());
    let own = Arc::clone(&alive);
    let sub = bus.on(move |_: &Event<Job>| assert!(Arc::strong_count(&own) > 1));
    thread::scope(|scope| {
        scope.spawn(|| added(&bus, 1));
        held.has(1);
        added(&bus, 2);
        let mut ending = pin!(sub.unsubscribe_async());
        let mut cx = Context::from_waker(Waker::noop());
        assert_eq!(ending.as_mut().poll(&mut cx), Poll::Pending, "it may be called still");
        held.go(1);
        held.has(2);
        assert_eq!(ending.as_mut().poll(&mut cx), Poll::Pending, "it was in the line");
        assert_eq!(bus.stats().total.failed, 0);
        held.go(1);
        assert_eq!(smol::block_on(ending), Unsubscribed::Done);
        assert_eq!(Arc::strong_count(&alive), 1, "what it held is dropped");
    });
}

#[test]
fn a_handler_in_turn_may_end_itself_and_others() {
    let bus = total().build();
    let notes = Notes::default();
    let ends: Arc<Mutex<Vec<Subscription>>> = Arc::default();
    let (taken, seen, inner) = (Arc::clone(&ends), notes.clone(), bus.clone());
    let own = bus.on(move |event: &Event<Job>| {
        seen.add(format!("own {:?}", event.data));
        inner.publish(Job::Done(1)).unwrap();
        for sub in std::mem::take(&mut *taken.lock().unwrap()) {
            seen.add(format!("{:?}", sub.unsubscribe()));
        }
    });
    let other = bus.on(notes.each("other"));
    let _last = bus.on(notes.each("last"));
    ends.lock().unwrap().extend([own, other]);
    added(&bus, 0);
    assert_eq!(
        notes.take(),
        ["own Added(0)", "Running", "Running", "last Added(0)", "last Done(1)"]
    );
}

/// Settling waits for the effects of what is in flight, though the publish that put them there is long over.
#[test]
fn a_bus_has_settled_when_effects_are_handled_too() {
    let bus = total().build();
    let held = Held::on(&bus);
    let (begun, has_begun) = channel();
    let (go, may_go) = channel::<()>();
    let (inner, may_go) = (bus.clone(), Mutex::new(may_go));
    let _cause = bus.subscribe("job.added", move |event: &Event<Job>| {
        if event.data == Job::Added(2) {
            inner.publish(Job::Done(2)).unwrap();
            return Err("fails");
        }
        Ok(())
    });
    let (tell, wait) = (Mutex::new(begun.clone()), may_go);
    let wait = Arc::new(wait);
    let own = Arc::clone(&wait);
    let _effect = bus.subscribe("job.done", move |_: &Event<Job>| {
        tell.lock().unwrap().send("effect").unwrap();
        let _ = own.lock().unwrap().recv();
    });
    let tell = Mutex::new(begun);
    let _told = bus.subscribe("$rem.**", move |_: &Event<SystemEvent>| {
        tell.lock().unwrap().send("told").unwrap();
        let _ = wait.lock().unwrap().recv();
    });
    thread::scope(|scope| {
        scope.spawn(|| added(&bus, 1));
        held.has(1);
        added(&bus, 2);
        let mut settling = pin!(bus.settle_async());
        let mut cx = Context::from_waker(Waker::noop());
        assert!(settling.as_mut().poll(&mut cx).is_pending());
        held.go(2);
        for what in ["effect", "told"] {
            assert_eq!(has_begun.recv_timeout(LONG).unwrap(), what);
            assert!(settling.as_mut().poll(&mut cx).is_pending(), "{what} is not handled yet");
            go.send(()).unwrap();
        }
        smol::block_on(settling).unwrap();
    });
    bus.settle(Duration::ZERO).unwrap();
}

#[test]
fn a_bus_that_does_not_settle_names_what_stands_in_the_line() {
    let bus = total().build();
    let held = Held::on(&bus);
    let sub = bus.subscribe("job.done", |_: &Event<Job>| ()).unwrap();
    thread::scope(|scope| {
        scope.spawn(|| added(&bus, 1));
        held.has(1);
        bus.publish(Job::Done(2)).unwrap();
        let error = bus.settle(Duration::from_millis(1)).unwrap_err();
        let waits = error.in_flight().iter().any(|in_flight| {
            matches!(in_flight, InFlight::Publish { topic, subscriptions, .. }
                if topic.as_str() == "job.done" && subscriptions[0].id == sub.id())
        });
        assert!(waits, "{error}");
        held.go(1);
        bus.settle(LONG).unwrap();
    });
}

#[test]
fn what_stands_in_the_line_is_delivered_before_a_bus_is_closed() {
    let bus = total().build();
    let held = Held::on(&bus);
    let notes = Notes::default();
    let _sub = bus.on(notes.each("seen"));
    let mut stream = bus.subscription("job").queue(4, Overflow::Reject).stream::<Job>().unwrap();
    thread::scope(|scope| {
        scope.spawn(|| added(&bus, 1));
        held.has(1);
        added(&bus, 2);
        let report = bus.close(Duration::ZERO);
        assert!(!report.is_complete(), "{report}");
        let error = bus.publish(Job::Added(3)).unwrap_err();
        assert!(matches!(error.kind(), PublishErrorKind::Closed));
        held.go(2);
        // What was published before the bus was closed is handled, though its stream ended at the limit.
        assert_eq!(
            stream.iter().map(|event| event.unwrap().sequence()).collect::<Vec<_>>(),
            [Some(1)]
        );
        assert!(bus.close(LONG).is_complete());
    });
    assert_eq!(notes.take(), ["seen Added(1)", "seen Added(2)"]);

    let bus = total().build();
    let held = Held::on(&bus);
    let mut stream = bus.subscription("job").queue(4, Overflow::Reject).stream::<Job>().unwrap();
    thread::scope(|scope| {
        scope.spawn(|| added(&bus, 1));
        held.has(1);
        added(&bus, 2);
        let mut closing = pin!(bus.close_async());
        let mut cx = Context::from_waker(Waker::noop());
        assert!(closing.as_mut().poll(&mut cx).is_pending());
        held.go(2);
        let reader = scope.spawn(move || stream.iter().flatten().count());
        assert!(smol::block_on(closing).is_complete());
        assert_eq!(reader.join().unwrap(), 2, "both came before the stream ended");
    });
}

#[test]
fn a_handler_in_turn_may_close_the_bus() {
    let bus = total().build();
    let notes = Notes::default();
    let (inner, seen) = (bus.clone(), notes.clone());
    let _sub = bus.on(move |event: &Event<Job>| {
        seen.add(format!("{:?}", event.data));
        if event.data == Job::Added(0) {
            added(&inner, 1);
            assert!(!inner.close(LONG).is_complete(), "it does not wait for itself");
            assert!(inner.publish(Job::Added(2)).is_err());
        }
    });
    assert_eq!(added(&bus, 0).failed(), 0);
    assert_eq!(notes.take(), ["Added(0)", "Added(1)"]);
    assert!(bus.close(LONG).is_complete());
}

/// Subscriptions that end by themselves take no more than they asked for, wherever events wait.
#[test]
fn so_many_and_no_more() {
    let bus = total().build();
    let held = Held::on(&bus);
    let notes = Notes::default();
    let _two = bus.subscription("job").take(2).inline(notes.each("two")).unwrap();
    thread::scope(|scope| {
        scope.spawn(|| added(&bus, 1));
        held.has(1);
        (2..=4).for_each(|number| drop(added(&bus, number)));
        held.go(4);
    });
    assert_eq!(notes.take(), ["two Added(1)", "two Added(2)"]);
}

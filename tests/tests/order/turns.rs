//! Whose turn it is: who delivers, what a publisher is told, what a handler sees.

use std::thread;

use rem::prelude::*;
use rem::testing::Recorder;
use rem::{PublishErrorKind, SystemEvent};

use crate::{Held, Job, LONG, Notes, Other, added, stats, total};

#[test]
fn in_one_thread_it_is_as_ever() {
    let bus = total().build();
    let notes = Notes::default();
    let (inner, seen) = (bus.clone(), notes.clone());
    let first = bus.subscription("job").priority(1).inline(move |event: &Event<Job>| {
        seen.add(format!("first {:?}", event.data));
        if event.data == Job::Added(0) {
            for next in [1, 2] {
                let receipt = added(&inner, next);
                assert_eq!((receipt.deferred(), receipt.matched()), (3, 3));
                assert_eq!(receipt.sequence(), Some(next + 1), "recorded at once");
            }
            seen.add("first published");
        }
    });
    let first = first.unwrap();
    let second = bus.on(notes.each("second"));
    let mut stream = bus.subscription("job").queue(8, Overflow::Reject).stream::<Job>().unwrap();
    let receipt = added(&bus, 0);
    assert_eq!((receipt.delivered(), receipt.matched(), receipt.sequence()), (3, 3, Some(1)));
    let expected = [
        "first Added(0)",
        "first published",
        "second Added(0)",
        "first Added(1)",
        "second Added(1)",
        "first Added(2)",
        "second Added(2)",
    ];
    assert_eq!(notes.take(), expected);
    let read: Vec<_> = std::iter::from_fn(|| stream.try_recv().ok()?.sequence()).collect();
    assert_eq!(read, [1, 2, 3]);
    for sub in [&first, &second, stream.subscription()] {
        let stats = stats(&bus, sub);
        assert_eq!((stats.delivered, stats.matched()), (3, 3));
    }
}

/// Nobody waits for the handlers of another, and the receipt says who will have it.
#[test]
fn who_finds_another_at_it_leaves_its_event_and_goes_on() {
    let bus = total().build();
    let notes = Notes::default();
    let held = Held::on(&bus);
    let plain = bus.on(notes.each("plain"));
    let picky = bus.subscription("job").filter(|event| event.topic().as_str() == "job.done");
    let picky = picky.inline(notes.each("picky")).unwrap();
    let faulty = bus.subscription("job").filter(|_| panic!("faulty")).inline(notes.each("faulty"));
    let faulty = faulty.unwrap();
    let other = bus.subscribe("job", |_: &Event<Other>| ()).unwrap();
    let mut roomy = bus.subscription("job").queue(8, Overflow::Reject).stream::<Job>().unwrap();
    let full = bus.subscription("job").queue(1, Overflow::DropNewest).stream::<Job>().unwrap();
    thread::scope(|scope| {
        scope.spawn(|| added(&bus, 1));
        held.has(1);
        let receipt = added(&bus, 2);
        assert_eq!(receipt.sequence(), Some(2));
        assert_eq!((receipt.delivered(), receipt.dropped(), receipt.failed()), (0, 0, 1));
        assert_eq!((receipt.deferred(), receipt.matched()), (4, 5), "{receipt}");
        let receipt = bus.publish(Job::Done(3)).unwrap();
        assert_eq!((receipt.deferred(), receipt.failed()), (4, 1), "{receipt}");
        assert_eq!(notes.take(), [""; 0], "the one that has the turn is not done");
        assert_eq!(stats(&bus, &plain).deferred, 2);
        held.go(2);
    });
    let expected =
        ["plain Added(1)", "plain Added(2)", "plain Done(3)", "picky Done(3)"].map(str::to_owned);
    assert_eq!(notes.take(), expected);
    let counts = |sub: &Subscription| {
        let stats = stats(&bus, sub);
        assert_eq!(
            stats.matched(),
            stats.delivered + stats.deferred + stats.dropped + stats.failed
        );
        (stats.delivered, stats.deferred, stats.dropped, stats.failed, stats.mismatched)
    };
    assert_eq!(counts(&plain), (3, 0, 0, 0, 0));
    assert_eq!(counts(&picky), (1, 0, 0, 0, 0));
    assert_eq!(counts(&faulty), (0, 0, 0, 3, 0));
    assert_eq!(counts(&other), (0, 0, 0, 0, 3));
    assert_eq!(counts(full.subscription()), (0, 1, 2, 0, 0));
    let read: Vec<_> = std::iter::from_fn(|| Some(roomy.try_recv().ok()?.data.clone())).collect();
    assert_eq!(read, [Job::Added(1), Job::Added(2), Job::Done(3)]);
    assert_eq!(counts(roomy.subscription()), (3, 0, 0, 0, 0));
}

/// Who publishes from within a handler of another bus delivers when that has returned.
#[test]
fn a_handler_of_another_bus_returns_first() {
    for other in [Bus::new(), total().build()] {
        let bus = total().build();
        let notes = Notes::default();
        let _on = bus.on(notes.each("one"));
        let (inner, seen, back) = (bus.clone(), notes.clone(), other.clone());
        let _sub = other.on(move |event: &Event<Job>| {
            seen.add(format!("other {:?}", event.data));
            if event.data == Job::Added(0) {
                assert_eq!(added(&inner, 1).deferred(), 1);
                assert_eq!(added(&back, 2).deferred(), 1);
                assert_eq!(added(&inner, 3).deferred(), 1);
            }
            seen.add("returns");
        });
        added(&other, 0);
        let expected = [
            "other Added(0)",
            "returns",
            "one Added(1)",
            "other Added(2)",
            "returns",
            "one Added(3)",
        ];
        assert_eq!(notes.take(), expected);
        assert_eq!(added(&bus, 4).delivered(), 1, "the turn is free");
    }
}

#[test]
fn what_the_thread_in_turn_calls_knows_its_cause() {
    let bus = total().build();
    let held = Held::on(&bus);
    let recorder = Recorder::new(&bus);
    let inner = bus.clone();
    let _effects = bus.subscribe("job.added", move |event: &Event<Job>| {
        if event.data == Job::Added(2) {
            inner.publish(Job::Done(2)).unwrap();
        }
    });
    thread::scope(|scope| {
        scope.spawn(|| added(&bus, 1));
        held.has(1);
        added(&bus, 2);
        held.go(2);
    });
    let events = recorder.take();
    let causes: Vec<_> = events.iter().map(|event| event.causation()).collect();
    assert_eq!(causes, [None, None, Some(events[1].id())]);
}

/// A chain that goes from one thread to another is as long as one that does not.
#[test]
fn an_endless_loop_ends_wherever_it_runs() {
    let bus = total().causal_depth(5).build();
    let notes = Notes::default();
    let held = Held::on(&bus);
    let (inner, seen) = (bus.clone(), notes.clone());
    let _sub = bus.subscribe("ping,pong", move |event: &Event<Job>| {
        let next = if event.topic().as_str() == "ping" { "pong" } else { "ping" };
        if let Err(error) = inner.publish_to(next, event.data.clone()) {
            let PublishErrorKind::TooDeep { chain, limit: 5 } = error.kind() else {
                panic!("{error:?}")
            };
            seen.add(format!("{} {:?}", chain.len(), error.data()));
        }
    });
    thread::scope(|scope| {
        scope.spawn(|| added(&bus, 1));
        held.has(1);
        bus.publish_to("ping", Job::Done(7)).unwrap();
        held.go(1);
    });
    assert_eq!(notes.take(), ["6 Done(7)"]);
}

#[test]
fn a_filter_that_publishes_does_not_recurse() {
    let bus = total().build();
    let notes = Notes::default();
    let inner = bus.clone();
    let filtered = bus.subscription("job.added").filter(move |_| {
        let receipt = inner.publish(Job::Done(9)).unwrap();
        assert_eq!(receipt.deferred(), 1);
        true
    });
    let _sub = filtered.inline(notes.each("filtered")).unwrap();
    let _all = bus.on(notes.each("all"));
    added(&bus, 1);
    assert_eq!(notes.take(), ["filtered Added(1)", "all Added(1)", "all Done(9)"]);
}

/// System events stand in the same line: each after what it tells of, before what is published after it.
#[test]
fn what_the_bus_tells_has_its_turn_too() {
    let bus = total().build();
    let notes = Notes::default();
    let seen = notes.clone();
    let _told = bus.subscribe("$rem.handler.failed", move |event: &Event<SystemEvent>| {
        let SystemEvent::HandlerFailed { error, .. } = &event.data else { panic!("{event}") };
        seen.add(format!("told {error}"));
    });
    let held = Held::on(&bus);
    let inner = bus.clone();
    let _fails = bus.subscribe("job.added", move |event: &Event<Job>| {
        let error = format!("no {:?}", event.data);
        if event.data == Job::Added(2) {
            inner.publish(Job::Done(2)).unwrap();
        }
        Err::<(), _>(error)
    });
    let _last = bus.on(notes.each("last"));
    thread::scope(|scope| {
        scope.spawn(|| assert_eq!(added(&bus, 1).failed(), 1));
        held.has(1);
        added(&bus, 2);
        held.go(2);
    });
    let expected =
        ["last Added(1)", "last Added(2)", "told no Added(1)", "last Done(2)", "told no Added(2)"];
    assert_eq!(notes.take(), expected);
}

#[test]
fn a_child_bus_has_the_order_of_its_root() {
    let bus = total().history(Ring::events(8)).build();
    let child = bus.child("eu").unwrap();
    let notes = Notes::default();
    let held = Held::on(&bus);
    let _all = bus.subscribe("**", notes.each("root"));
    let _below = child.subscribe("**", notes.each("child"));
    thread::scope(|scope| {
        scope.spawn(|| added(&bus, 1));
        held.has(1);
        let receipt = added(&child, 2);
        assert_eq!((receipt.deferred(), receipt.sequence()), (2, Some(2)));
        assert_eq!(bus.publish_to("eu.job.done", Job::Done(3)).unwrap().deferred(), 2);
        assert_eq!(notes.take(), [""; 0]);
        held.go(1);
    });
    let expected =
        ["root Added(1)", "root Added(2)", "child Added(2)", "root Done(3)", "child Done(3)"];
    assert_eq!(notes.take(), expected);
    let kept: Vec<_> =
        bus.query("**").unwrap().events().iter().filter_map(|event| event.sequence()).collect();
    assert_eq!(kept, [1, 2, 3], "in the history with the number");
}

#[test]
fn with_nobody_there_nothing_is_done() {
    let bus = total().build();
    assert_eq!(added(&bus, 1), Receipt::default());
    let bus = total().history(Ring::events(2)).build();
    assert_eq!((added(&bus, 1).matched(), added(&bus, 2).sequence()), (0, Some(2)));
}

#[test]
fn who_waits_for_an_event_has_it_from_whoever_has_the_turn() {
    let bus = total().build();
    let held = Held::on(&bus);
    thread::scope(|scope| {
        scope.spawn(|| added(&bus, 1));
        held.has(1);
        let waiting = bus.wait_for_async::<Job>("job.done").unwrap();
        bus.publish(Job::Done(2)).unwrap();
        held.go(1);
        assert_eq!(waiting.within(LONG).unwrap().data, Job::Done(2));
    });
}

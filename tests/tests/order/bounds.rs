//! What must not grow: the line, and what it holds on to.

use std::sync::Arc;
use std::thread;

use rem::prelude::*;
use rem::{PublishErrorKind, SystemEvent};

use crate::{Held, Job, Notes, added, stats, total};

#[test]
fn a_full_line_gives_the_event_back_and_no_number() {
    let bus = total().deferred(2).history(Ring::events(8)).build();
    let held = Held::on(&bus);
    let notes = Notes::default();
    let sub = bus.on(notes.each("seen"));
    let mut stream = bus.subscription("job").queue(4, Overflow::Reject).stream::<Job>().unwrap();
    thread::scope(|scope| {
        scope.spawn(|| added(&bus, 1));
        held.has(1);
        added(&bus, 2);
        added(&bus, 3);
        let error = bus.publish(Job::Added(4)).unwrap_err();
        assert!(matches!(error.kind(), PublishErrorKind::TooManyDeferred { limit: 2 }), "{error}");
        assert_eq!(
            error.to_string(),
            "`job.added` was not published: 2 events wait already for handlers that are running; publish fewer at a \
             time, or raise `deferred` of the bus's builder"
        );
        assert_eq!(error.into_data(), Job::Added(4));
        assert_eq!(bus.publish_to("elsewhere", Job::Added(5)).unwrap().sequence(), Some(4));
        held.go(3);
    });
    assert_eq!(notes.take(), ["seen Added(1)", "seen Added(2)", "seen Added(3)"]);
    assert_eq!((stats(&bus, &sub).delivered, stats(&bus, &sub).deferred), (3, 0));
    let receipt = {
        held.go(1);
        added(&bus, 6)
    };
    assert_eq!((receipt.sequence(), receipt.delivered()), (Some(5), 3), "the seat was given back");
    let read: Vec<_> = std::iter::from_fn(|| stream.try_recv().ok()?.sequence()).collect();
    assert_eq!(read, [1, 2, 3, 5]);
}

#[test]
fn a_handler_cannot_queue_without_bound() {
    let bus = total().deferred(100).build();
    let (inner, notes) = (bus.clone(), Notes::default());
    let seen = notes.clone();
    let _sub = bus.on(move |event: &Event<Job>| {
        if event.data == Job::Added(0) {
            let refused: Vec<_> =
                (1..=150).filter_map(|at| inner.publish(Job::Done(at)).err()).collect();
            seen.add(format!("{} {:?}", refused.len(), refused[0].data()));
        }
    });
    added(&bus, 0);
    assert_eq!(notes.take(), ["50 Done(101)"]);
}

/// What is told of failures takes no more room than events do; what is not told is counted.
#[test]
fn failures_do_not_fill_the_line() {
    let bus = total().deferred(10).build();
    let notes = Notes::default();
    let seen = notes.clone();
    let _told = bus.subscribe("$rem.**", move |_: &Event<SystemEvent>| seen.add("told"));
    let failing: Vec<_> = (0..30).map(|_| bus.on(|_: &Event<Job>| Err::<(), _>("no"))).collect();
    assert_eq!(added(&bus, 1).failed(), 30);
    assert_eq!(notes.take().len(), 10);
    assert!(failing.iter().all(|sub| sub.failures() == 1));
}

#[test]
fn when_the_line_is_empty_it_holds_nothing() {
    let bus = total().build();
    let alive = Arc::new(());
    let held = Held::on(&bus);
    let own = Arc::clone(&alive);
    let sub = bus.on(move |_: &Event<Job>| assert!(Arc::strong_count(&own) > 1));
    let stream = bus.subscription("job").queue(4, Overflow::Block(crate::LONG));
    let stream = stream.stream::<Job>().unwrap();
    thread::scope(|scope| {
        scope.spawn(|| added(&bus, 1));
        held.has(1);
        added(&bus, 2);
        held.go(2);
    });
    assert_eq!(sub.failures(), 0);
    drop((sub, stream));
    assert_eq!(Arc::strong_count(&alive), 1, "the handler is dropped");
    let weak = bus.downgrade();
    drop((bus, held));
    assert!(weak.upgrade().is_none());
}

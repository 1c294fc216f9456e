//! Publishers that wait for room in a queue, while events in the line have its seats.

use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::thread;

use rem::prelude::*;
use rem::{Key, PublishErrorKind};

use crate::{Job, LONG, added, number, total};

fn queue(bus: &Bus, pattern: &str, capacity: usize) -> EventStream<Job> {
    bus.subscription(pattern).queue(capacity, Overflow::Block(LONG)).stream().unwrap()
}

fn assert_would_deadlock(result: Result<Receipt, rem::PublishError<Job>>, of: &EventStream<Job>) {
    let error = result.unwrap_err();
    let PublishErrorKind::WouldDeadlock { subscription, .. } = error.kind() else {
        panic!("{error}")
    };
    assert_eq!(*subscription, of.subscription().id());
    assert!(error.to_string().contains("waits for this thread"), "{error}");
}

/// The seats of a queue are held by events that wait for this very thread: whoever has the turn is told at once.
#[test]
fn who_has_the_turn_does_not_wait_for_what_it_has_to_deliver() {
    let bus = total().build();
    let mut stream = queue(&bus, "job.done", 2);
    let (begun, has_begun) = channel();
    let (go, may_go) = channel::<()>();
    let (inner, may_go) = (bus.clone(), Mutex::new(may_go));
    let (tell, told) = channel();
    let _sub = bus.subscribe("job.added", move |_: &Event<Job>| {
        begun.send(()).unwrap();
        may_go.lock().unwrap().recv().unwrap();
        tell.send(inner.publish(Job::Done(9))).unwrap();
    });
    thread::scope(|scope| {
        scope.spawn(|| added(&bus, 1));
        has_begun.recv().unwrap();
        for number in [1, 2] {
            assert_eq!(bus.publish(Job::Done(number)).unwrap().deferred(), 1);
        }
        go.send(()).unwrap();
        assert_would_deadlock(told.recv_timeout(LONG).unwrap(), &stream);
    });
    let read: Vec<_> = std::iter::from_fn(|| Some(number(&stream.try_recv().ok()?.data))).collect();
    assert_eq!(read, [1, 2], "nothing else is lost");
}

/// As long as there is something to be read, room will come, and it waits.
#[test]
fn who_has_the_turn_waits_for_a_reader() {
    let bus = total().build();
    let mut stream = queue(&bus, "job.done", 2);
    bus.publish(Job::Done(0)).unwrap();
    let (begun, has_begun) = channel();
    let (go, may_go) = channel::<()>();
    let (inner, may_go) = (bus.clone(), Mutex::new(may_go));
    let _sub = bus.subscribe("job.added", move |_: &Event<Job>| {
        begun.send(()).unwrap();
        may_go.lock().unwrap().recv().unwrap();
        assert_eq!(inner.publish(Job::Done(2)).unwrap().deferred(), 1);
    });
    let read: Vec<_> = thread::scope(|scope| {
        let publisher = scope.spawn(|| added(&bus, 1));
        has_begun.recv().unwrap();
        bus.publish(Job::Done(1)).unwrap();
        go.send(()).unwrap();
        let read = (0..3).map(|_| number(&stream.recv_timeout(LONG).unwrap().data)).collect();
        assert_eq!(publisher.join().unwrap().failed(), 0);
        read
    });
    assert_eq!(read, [0, 1, 2]);
}

/// A seat that another has, and is about to leave in the line: who waits for it is told when it is left there.
#[test]
fn who_waits_is_told_when_another_closes_the_circle() {
    let bus = total().build();
    let stream = queue(&bus, "job.done", 1);
    let (asked, was_asked) = channel();
    let (say, may_say) = channel::<()>();
    let may_say = Mutex::new(may_say);
    let slow = bus.subscription("job.done").filter(move |_| {
        asked.send(()).unwrap();
        may_say.lock().unwrap().recv().is_ok()
    });
    let _slow = slow.inline(|_: &Event<Job>| ()).unwrap();
    let (begun, has_begun) = channel();
    let (go, may_go) = channel::<()>();
    let (inner, may_go) = (bus.clone(), Mutex::new(may_go));
    let (tell, told) = channel();
    let _sub = bus.subscribe("job.added", move |_: &Event<Job>| {
        begun.send(()).unwrap();
        may_go.lock().unwrap().recv().unwrap();
        tell.send(inner.publish(Job::Done(9))).unwrap();
    });
    thread::scope(|scope| {
        scope.spawn(|| added(&bus, 1));
        has_begun.recv().unwrap();
        let other = scope.spawn(|| bus.publish(Job::Done(1)).unwrap());
        was_asked.recv().unwrap(); // it has its seat
        go.send(()).unwrap();
        say.send(()).unwrap();
        assert_would_deadlock(told.recv_timeout(LONG).unwrap(), &stream);
        assert_eq!(other.join().unwrap().deferred(), 2);
    });
}

/// The same where nobody had the turn before: who is calling handlers of another bus has it too.
#[test]
fn a_handler_of_another_bus_does_not_wait_for_itself() {
    let (bus, other) = (total().build(), Bus::new());
    let mut stream = queue(&bus, "job", 1);
    let (tell, told) = channel();
    let inner = bus.clone();
    let _sub = other.on(move |_: &Event<Job>| {
        assert_eq!(added(&inner, 1).deferred(), 1);
        tell.send(inner.publish(Job::Added(2))).unwrap();
    });
    added(&other, 0);
    assert_would_deadlock(told.recv().unwrap(), &stream);
    assert_eq!(number(&stream.try_recv().unwrap().data), 1);
    assert_eq!(added(&bus, 3).delivered(), 1);
}

/// A key is asked for within the turn, while the event has its seats still.
#[test]
fn a_key_that_publishes_does_not_wait_for_its_own_event() {
    let bus = total().build();
    let (tell, told) = channel();
    let inner = bus.clone();
    let key = Key::of(move |_| {
        tell.send(inner.publish(Job::Added(2))).unwrap();
        "one".into()
    });
    let keyed = bus.subscription("job").priority(1).queue(4, Overflow::Conflate(key));
    let _keyed = keyed.stream::<Job>().unwrap();
    let stream = queue(&bus, "job", 1);
    assert_eq!(added(&bus, 1).delivered(), 2);
    assert_would_deadlock(told.recv().unwrap(), &stream);
}

/// Who has the turn waits for a reader, which waits for what stands in the line: one of the two is told.
#[test]
fn a_circle_over_the_turn_and_a_reader_is_seen() {
    let bus = total().build();
    let mut read_here = queue(&bus, "job.added", 1);
    let mut seated = queue(&bus, "job.done", 1);
    added(&bus, 1); // `read_here` is full
    let (begun, has_begun) = channel();
    let (go, may_go) = channel::<()>();
    let (inner, begun, may_go) = (bus.clone(), Mutex::new(begun), Mutex::new(may_go));
    let _sub = bus.subscribe("start", move |_: &Event<Job>| {
        begun.lock().unwrap().send(None).unwrap();
        may_go.lock().unwrap().recv().unwrap();
        begun.lock().unwrap().send(Some(inner.publish(Job::Added(2)).map(drop))).unwrap();
    });
    thread::scope(|scope| {
        scope.spawn(|| bus.publish_to("start", Job::Done(0)).unwrap());
        assert!(has_begun.recv().unwrap().is_none());
        bus.publish(Job::Done(1)).unwrap(); // has the seat
        let reader = scope.spawn(move || number(&seated.recv_timeout(LONG).unwrap().data));
        let mut mine = read_here.iter();
        go.send(()).unwrap();
        let here = bus.publish(Job::Done(2)).map(drop);
        assert_eq!(number(&mine.next().unwrap().unwrap().data), 1);
        let there = has_begun.recv_timeout(LONG).unwrap().unwrap();
        assert!(here.is_ok() != there.is_ok(), "one gives way: {here:?} {there:?}");
        let error = here.err().or(there.err()).unwrap();
        assert!(matches!(error.kind(), PublishErrorKind::WouldDeadlock { .. }), "{error}");
        assert_eq!(reader.join().unwrap(), 1);
    });
}

/// Publishers in async code beside those in threads, for a queue with little room.
#[test]
fn publish_async_waits_for_room_without_a_loss() {
    const EACH: u64 = 500;
    let bus = total().build();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let keep = Arc::clone(&seen);
    let _inline =
        bus.on(move |event: &Event<Job>| keep.lock().unwrap().push(event.sequence().unwrap()));
    let mut stream = queue(&bus, "job", 2);
    let mut read = Vec::new();
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                smol::block_on(async {
                    for number in 0..EACH {
                        bus.publish_async(Job::Added(number)).await.unwrap();
                    }
                });
            });
        }
        scope.spawn(|| (0..EACH).for_each(|number| drop(added(&bus, number))));
        while read.len() < 3 * 500 {
            read.push(stream.recv_timeout(LONG).unwrap().sequence().unwrap());
        }
    });
    assert!(read.iter().copied().eq(1..=3 * EACH), "{read:?}");
    assert_eq!(*seen.lock().unwrap(), read);
}

//! Subscriptions that begin in the past, while events stand in the line.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use rem::PublishErrorKind;
use rem::prelude::*;

use crate::{Held, Job, LONG, Notes, added, total};

/// Events in the line are in the history already: who comes then has each once, from there or from the line.
#[test]
fn who_comes_while_events_stand_in_the_line_has_each_once() {
    let bus = total().history(Ring::events(8)).build();
    let held = Held::on(&bus);
    let notes = Notes::default();
    let _sub = bus.on(notes.each("live"));
    thread::scope(|scope| {
        scope.spawn(|| added(&bus, 1));
        held.has(1);
        added(&bus, 2);
        let inline = bus.subscription("job").from(Start::Earliest).inline(notes.each("past"));
        assert_eq!(notes.take(), ["past Added(1)", "past Added(2)"], "the past is read here");
        let queue = bus.subscription("job").from(Start::Earliest).queue(8, Overflow::Reject);
        let mut stream = queue.stream::<Job>().unwrap();
        assert_eq!(stream.try_recv().unwrap().sequence(), Some(1));
        added(&bus, 3);
        held.go(3);
        let read: Vec<_> =
            (0..2).map(|_| stream.recv_timeout(LONG).unwrap().sequence().unwrap()).collect();
        assert_eq!(read, [2, 3]);
        bus.settle(LONG).unwrap();
        assert!(stream.try_recv().is_err());
        drop(inline);
    });
    let expected = ["live Added(1)", "live Added(2)", "live Added(3)", "past Added(3)"];
    assert_eq!(notes.take(), expected);
}

/// Whoever comes, by a thread or as a stream, has all from the first to the last: no gap, no repeat, in order.
#[test]
fn past_to_live_while_several_publish() {
    const PUBLISHERS: u64 = 3;
    const EACH: u64 = 1_500;
    const ALL: u64 = PUBLISHERS * EACH;
    const KEPT: usize = 10_000;
    let bus = total().history(Ring::events(KEPT)).build();
    let done = AtomicBool::new(false);
    let inner = bus.clone();
    let _effects = bus.subscribe("job.added", move |event: &Event<Job>| {
        if let Job::Added(number) = event.data
            && number.is_multiple_of(10)
            && let Err(error) = inner.publish(Job::Done(number))
        {
            assert!(matches!(error.kind(), PublishErrorKind::WouldDeadlock { .. }), "{error}");
        }
    });
    let seen: Vec<Arc<Mutex<Vec<u64>>>> = thread::scope(|scope| {
        let publishers: Vec<_> = (0..PUBLISHERS)
            .map(|publisher| {
                let bus = &bus;
                scope.spawn(move || {
                    for number in 0..EACH {
                        added(bus, publisher * EACH + number);
                    }
                })
            })
            .collect();
        let inline = scope.spawn(|| {
            let mut all = Vec::new();
            while !done.load(Ordering::Acquire) && all.len() < 20 {
                let seen = Arc::new(Mutex::new(Vec::new()));
                let keep = Arc::clone(&seen);
                let sub = bus.subscription("job").from(Start::Earliest);
                let sub = sub.inline(move |event: &Event<Job>| {
                    keep.lock().unwrap().push(event.sequence().unwrap());
                });
                sub.unwrap().detach();
                all.push(seen);
                thread::yield_now();
            }
            all
        });
        let streams: Vec<_> = (0..3)
            .map(|_| {
                let queue = bus.subscription("job").from(Start::Earliest);
                let queue = queue.queue(16, Overflow::Block(LONG));
                let mut stream = queue.stream::<Job>().unwrap();
                scope.spawn(move || {
                    let read = stream.iter().map(|event| event.unwrap().sequence().unwrap());
                    let read = read.collect();
                    Arc::new(Mutex::new(read))
                })
            })
            .collect();
        for publisher in publishers {
            publisher.join().unwrap();
        }
        done.store(true, Ordering::Release);
        let mut seen = inline.join().unwrap();
        assert!(bus.close(LONG).is_complete());
        seen.extend(streams.into_iter().map(|stream| stream.join().unwrap()));
        seen
    });
    assert_eq!(bus.stats().total.failed, 0);
    let last = bus.stats().published;
    assert!(seen.len() > 3 && last >= ALL);
    for seen in &seen {
        let seen = seen.lock().unwrap();
        assert!(seen.iter().copied().eq(1..=last), "{} of {last}", seen.len());
    }
}

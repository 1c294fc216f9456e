//! Closing: nothing new, and an account of what is not finished.

use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use rem::prelude::*;
use rem::{CloseReport, InFlight, PublishErrorKind, TryRecvError};

use crate::{Job, LONG, added, held};

#[test]
fn a_bus_with_nothing_in_flight_is_closed_at_once() {
    let bus = Bus::new();
    let report = bus.close(Duration::ZERO);
    assert!(report.is_complete());
    assert_eq!(report.to_string(), "closed, with nothing left unfinished");
    assert!(bus.close(LONG).is_complete(), "closing again says the same");
    assert!(matches!(bus.publish(Job::Added(1)).unwrap_err().kind(), PublishErrorKind::Closed));
}

#[test]
fn close_waits_for_what_is_in_flight_and_queued() {
    let bus = Bus::new();
    let (handle, has_begun, go) = held();
    let _sub = bus.on(handle);
    let mut stream =
        bus.subscription("job").queue(8, Overflow::DropOldest).stream::<Job>().unwrap();
    thread::scope(|scope| {
        let publisher = scope.spawn(|| added(&bus, 1));
        has_begun.recv().unwrap();
        let closer = scope.spawn(|| bus.close(LONG));
        while !bus.is_closed() {
            thread::yield_now();
        }
        assert!(bus.publish(Job::Added(2)).is_err());
        assert_eq!(stream.iter().next().map(|event| event.is_ok()), Some(true));
        assert_eq!(stream.try_recv().unwrap_err(), TryRecvError::Empty, "more may come");
        go.send(()).unwrap();
        assert_eq!(publisher.join().unwrap().delivered(), 2);
        assert!(closer.join().unwrap().is_complete());
        assert_eq!(stream.try_recv().unwrap_err(), TryRecvError::Ended);
    });
}

#[test]
fn what_is_not_finished_is_reported_and_goes_on() {
    let bus = Bus::new();
    let (handle, has_begun, go) = held();
    let sub = bus.on(handle);
    let mut stream =
        bus.subscription("job").queue(8, Overflow::DropOldest).stream::<Job>().unwrap();
    thread::scope(|scope| {
        let publisher = scope.spawn(|| added(&bus, 1));
        has_begun.recv().unwrap();
        let report = bus.close(Duration::from_millis(1));
        assert!(!report.is_complete());
        assert_eq!(
            report.to_string(),
            format!(
                "closed, but not finished: `job.added` is being published, to {sub}; 1 event not read from the queue \
                 of {}",
                stream.subscription()
            )
        );
        go.send(()).unwrap();
        assert_eq!(publisher.join().unwrap().delivered(), 2);
        assert!(stream.try_recv().is_ok());
        assert_eq!(stream.try_recv().unwrap_err(), TryRecvError::Ended);
        assert!(bus.close(LONG).is_complete());
    });
}

#[test]
fn a_handler_may_close_its_bus() {
    let bus = Bus::new();
    let report = Arc::new(Mutex::new(None::<CloseReport>));
    let (own, tell) = (bus.clone(), Arc::clone(&report));
    bus.on(move |_: &Event<Job>| *tell.lock().unwrap() = Some(own.close(LONG))).detach();
    assert_eq!(added(&bus, 1).delivered(), 1);
    let report = report.lock().unwrap().take().unwrap();
    assert!(matches!(report.in_flight(), [InFlight::Publish { .. }]), "its own: {report}");
}

#[test]
fn a_reader_may_close_its_bus() {
    let bus = Bus::new();
    let mut stream =
        bus.subscription("job").queue(8, Overflow::DropOldest).stream::<Job>().unwrap();
    for number in 1..=3 {
        added(&bus, number);
    }
    let mut events = stream.iter();
    events.next();
    let report = bus.close(LONG);
    assert!(matches!(report.in_flight(), [InFlight::Queued { events: 2, .. }]), "{report}");
    assert_eq!(events.count(), 2, "the rest is read");
}

#[test]
fn children_close_with_their_parent_and_alone() {
    let bus = Bus::new();
    let (eu, us) = (bus.child("eu").unwrap(), bus.child("us").unwrap());
    let north = eu.child("north").unwrap();
    let mut streams = [&bus, &eu, &north, &us]
        .map(|bus| bus.subscription("job").queue(8, Overflow::DropOldest).stream::<Job>().unwrap());
    assert!(eu.close(LONG).is_complete());
    let closed = [&bus, &eu, &north, &us].map(Bus::is_closed);
    assert_eq!(closed, [false, true, true, false]);
    let ended = streams.each_mut().map(|stream| stream.try_recv().unwrap_err());
    let (ended_now, open) = (TryRecvError::Ended, TryRecvError::Empty);
    assert_eq!(ended, [open, ended_now, ended_now, open]);
    assert!(bus.close(LONG).is_complete());
    assert!(us.is_closed() && us.publish(Job::Added(1)).is_err());
    assert!(streams.iter_mut().all(|stream| stream.try_recv().unwrap_err() == TryRecvError::Ended));
}

#[test]
fn a_publisher_that_waits_for_room_is_let_go_at_the_limit() {
    let bus = Bus::new();
    let stream = bus.subscription("job").queue(1, Overflow::Block(Duration::MAX)).stream::<Job>();
    added(&bus, 1);
    thread::scope(|scope| {
        let publisher = scope.spawn(|| bus.publish(Job::Added(2)));
        while !bus.settle(Duration::ZERO).unwrap_err().to_string().contains("waits for room") {
            thread::yield_now();
        }
        let report = bus.close(Duration::from_millis(1));
        assert!(!report.is_complete());
        // It was there before the bus was closed, and its event has nobody to go to.
        assert_eq!(publisher.join().unwrap().unwrap().matched(), 0);
    });
    drop(stream);
}

#[test]
fn in_async_code_closing_is_awaited() {
    let bus = Bus::new();
    let mut stream =
        bus.subscription("job").queue(8, Overflow::DropOldest).stream::<Job>().unwrap();
    added(&bus, 1);
    let closing = bus.close_async();
    assert!(bus.is_closed(), "whether it is awaited or not");
    smol::block_on(async {
        let read = async {
            let mut read = 0;
            while stream.recv().await.is_some() {
                read += 1;
            }
            read
        };
        let (report, read) = smol::future::zip(closing, read).await;
        assert!(report.is_complete());
        assert_eq!(read, 1);
    });
    let bus = Bus::new();
    let mut stream =
        bus.subscription("job").queue(8, Overflow::DropOldest).stream::<Job>().unwrap();
    drop(bus.close_async());
    assert_eq!(stream.try_recv().unwrap_err(), TryRecvError::Ended, "dropping it ends the streams");
}

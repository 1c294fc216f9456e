//! Settling: until what is in flight has arrived, by count.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use rem::prelude::*;
use rem::{InFlight, SettleErrorKind};

use crate::{Job, LONG, added, held};

fn queue(bus: &Bus, overflow: Overflow) -> EventStream<Job> {
    bus.subscription("job").queue(8, overflow).stream().unwrap()
}

#[test]
fn a_quiet_bus_is_settled() {
    let bus = Bus::builder().history(Ring::events(8)).build();
    bus.settle(Duration::ZERO).unwrap();
    let _sub = bus.on(|_: &Event<Job>| ());
    added(&bus, 1);
    bus.settle(Duration::ZERO).unwrap();
    assert_eq!(added(&bus, 2).delivered(), 1, "it goes on as before");
}

#[test]
fn what_is_in_flight_is_named_when_the_limit_comes() {
    let bus = Bus::new();
    let (handle, has_begun, go) = held();
    let sub = bus.on(handle);
    let mut stream = queue(&bus, Overflow::DropOldest);
    thread::scope(|scope| {
        scope.spawn(|| added(&bus, 1));
        has_begun.recv().unwrap();
        let error = bus.settle(Duration::from_millis(1)).unwrap_err();
        assert_eq!(error.kind(), SettleErrorKind::Late);
        assert_eq!(
            error.to_string(),
            format!(
                "the bus has not settled within 1ms: `job.added` is being published, to {sub}; 1 event not read from \
                 the queue of {}; let them finish, or wait longer",
                stream.subscription()
            )
        );
        let [InFlight::Publish { topic, subscriptions, .. }, InFlight::Queued { events: 1, .. }] =
            error.in_flight()
        else {
            panic!("{error:?}");
        };
        assert_eq!((topic.as_str(), subscriptions[0].id), ("job.added", sub.id()));
        go.send(()).unwrap();
        // Now the queue alone is waited for; reading it is enough.
        scope.spawn(|| bus.settle(LONG).unwrap());
        stream.recv_timeout(LONG).unwrap();
        bus.settle(LONG).unwrap();
    });
}

#[test]
fn what_handlers_publish_is_in_flight_too() {
    let bus = Bus::new();
    let again = bus.clone();
    let _first = bus.subscribe("job.added", move |event: &Event<Job>| match &event.data {
        Job::Added(0) => Ok(()),
        _ => again.publish(Job::Of { name: "a", value: 1 }).map(drop),
    });
    let (handle, has_begun, go) = held();
    let _second = bus.subscribe("job.of.a", handle).unwrap();
    thread::scope(|scope| {
        scope.spawn(|| added(&bus, 1));
        has_begun.recv().unwrap();
        let error = bus.settle(Duration::ZERO).unwrap_err();
        let topics: Vec<_> = error.in_flight().iter().map(ToString::to_string).collect();
        assert!(topics.iter().any(|text| text.contains("`job.of.a` is being")), "{topics:?}");
        go.send(()).unwrap();
        bus.settle(LONG).unwrap();
    });
}

/// A topic that has lost its place among those that are kept is in flight all the same.
#[test]
fn a_topic_that_is_kept_no_longer_is_waited_for() {
    let bus = Bus::builder().topics(4).build();
    let (handle, has_begun, go) = held();
    let _sub = bus.subscribe("held", handle).unwrap();
    let _all = bus.subscribe("**", |_: &Event| ()).unwrap();
    thread::scope(|scope| {
        scope.spawn(|| bus.publish_to("held", Job::Added(1)).unwrap());
        has_begun.recv().unwrap();
        for number in 0..100 {
            bus.publish_to(format!("other.{number}"), Job::Added(1)).unwrap();
        }
        let error = bus.settle(Duration::ZERO).unwrap_err();
        assert!(error.to_string().contains("`held` is being published"), "{error}");
        go.send(()).unwrap();
        bus.settle(LONG).unwrap();
    });
}

#[test]
fn a_bus_that_is_never_quiet_settles() {
    let bus = Bus::new();
    let (begun, done) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    for (priority, count) in [(1, &begun), (0, &done)] {
        let counted = Arc::clone(count);
        let count = move |_: &Event<Job>| {
            counted.fetch_add(1, Ordering::Relaxed);
        };
        bus.subscription("job").priority(priority).inline(count).unwrap().detach();
    }
    let mut stream = queue(&bus, Overflow::Block(LONG));
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while bus.publish(Job::Added(1)).is_ok() {} // until the bus is closed
            });
        }
        scope.spawn(|| stream.iter().count());
        for _ in 0..300 {
            let before = begun.load(Ordering::Relaxed);
            bus.settle(LONG).unwrap();
            assert!(done.load(Ordering::Relaxed) >= before);
        }
        bus.close(Duration::ZERO);
    });
}

#[test]
fn waiting_for_oneself_is_told_at_once() {
    let bus = Bus::new();
    let own = bus.clone();
    let said = Arc::new(Mutex::new(None));
    let tell = Arc::clone(&said);
    let sub = bus.on(move |_: &Event<Job>| *tell.lock().unwrap() = Some(own.settle(LONG)));
    added(&bus, 1);
    drop(sub);
    let error = said.lock().unwrap().take().unwrap().unwrap_err();
    assert_eq!(error.kind(), SettleErrorKind::Within);
    assert!(error.to_string().contains("within a publish"), "{error}");

    let mut stream = queue(&bus, Overflow::DropOldest);
    for number in 1..=3 {
        added(&bus, number);
    }
    let mut events = stream.iter();
    events.next();
    let error = bus.settle(LONG).unwrap_err();
    assert_eq!(error.kind(), SettleErrorKind::OwnQueue);
    assert!(error.to_string().contains("this thread that reads the queue of"), "{error}");
    events.next();
    events.next();
    bus.settle(LONG).unwrap();
}

#[test]
fn a_child_waits_for_what_is_below_its_prefix_alone() {
    let bus = Bus::new();
    let (eu, us) = (bus.child("eu").unwrap(), bus.child("us").unwrap());
    let (handle, has_begun, go) = held();
    let _above = bus.subscribe("us", handle).unwrap();
    let mut stream = queue(&eu, Overflow::DropOldest);
    let mut root = bus.subscription("eu").queue(8, Overflow::DropOldest).stream::<Job>().unwrap();
    thread::scope(|scope| {
        scope.spawn(|| added(&us, 1));
        has_begun.recv().unwrap();
        eu.settle(Duration::ZERO).unwrap();
        let error = us.settle(Duration::ZERO).unwrap_err();
        // Its parent's handler is waited for, and not told.
        assert!(
            matches!(error.in_flight(), [InFlight::Publish { subscriptions, .. }] if subscriptions.is_empty()),
            "{error}"
        );
        added(&eu, 1);
        let error = eu.settle(Duration::ZERO).unwrap_err();
        assert!(matches!(error.in_flight(), [InFlight::Queued { events: 1, .. }]), "{error}");
        stream.try_recv().unwrap();
        // What its parent has not read is its parent's.
        eu.settle(Duration::ZERO).unwrap();
        go.send(()).unwrap();
        assert!(bus.settle(Duration::from_millis(1)).is_err());
        root.try_recv().unwrap();
        bus.settle(LONG).unwrap();
    });
}

/// However a queue loses an event, nobody waits for it any longer; what comes meanwhile does not count.
#[test]
fn a_queue_is_drained_of_what_it_held() {
    let conflate = Overflow::Conflate(rem::Key::of(|_| "one".into()));
    let newer = [Overflow::DropOldest, conflate];
    for overflow in newer {
        let bus = Bus::new();
        let stream = bus.subscription("job").queue(1, overflow.clone()).stream::<Job>().unwrap();
        added(&bus, 1);
        thread::scope(|scope| {
            let settler = scope.spawn(|| bus.settle(LONG));
            while !settler.is_finished() {
                added(&bus, 2);
            }
            settler.join().unwrap().unwrap();
        });
        drop(stream);
    }
    let bus = Bus::new();
    let mut stream = queue(&bus, Overflow::DropNewest);
    for number in 0..20 {
        added(&bus, number);
    }
    assert!(bus.settle(Duration::ZERO).is_err(), "what came last is lost, not what waits");
    thread::scope(|scope| {
        let settler = scope.spawn(|| bus.settle(LONG));
        while stream.try_recv().is_ok() {}
        settler.join().unwrap().unwrap();
    });
    drop(stream);
    let stream = queue(&bus, Overflow::DropOldest);
    added(&bus, 1);
    thread::scope(|scope| {
        let settler = scope.spawn(|| bus.settle(LONG));
        drop(stream);
        settler.join().unwrap().unwrap();
    });
}

#[test]
fn a_publisher_that_waits_for_room_is_in_flight() {
    let bus = Bus::new();
    let mut stream =
        bus.subscription("job").queue(1, Overflow::Block(LONG)).stream::<Job>().unwrap();
    added(&bus, 1);
    thread::scope(|scope| {
        scope.spawn(|| added(&bus, 2));
        // Until the publisher waits, the queue alone is told; and one may begin between the look at publishes and that at queues.
        loop {
            let told = bus.settle(Duration::ZERO).unwrap_err().to_string();
            if told.contains("a publisher waits for room there")
                && told.contains("`job.added` is being published")
            {
                break;
            }
            thread::yield_now();
        }
        scope.spawn(|| bus.settle(LONG).unwrap());
        for _ in 0..2 {
            stream.recv_timeout(LONG).unwrap();
        }
    });
}

#[test]
fn in_async_code_settling_is_awaited() {
    let bus = Bus::new();
    let mut stream = queue(&bus, Overflow::DropOldest);
    added(&bus, 1);
    smol::block_on(async {
        let read = async { stream.recv().await.unwrap().unwrap() };
        let (settled, _) = smol::future::zip(bus.settle_async(), read).await;
        settled.unwrap();
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        added(&bus, 2);
        let settled = tokio::time::timeout(Duration::from_millis(1), bus.settle_async()).await;
        assert!(settled.is_err(), "nobody reads");
    });
}

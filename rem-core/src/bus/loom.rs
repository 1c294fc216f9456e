//! Settling and closing beside publishes, under loom: by what stands behind `settle` and `close`, without a limit.

use std::sync::Arc;
use std::time::Duration;

use loom::sync::atomic::{AtomicUsize, Ordering};

use super::close::Closing;
use super::unfinished::{Unfinished, wait};
use crate::loom::{Tick, beside, model, outcomes, spawn};
use crate::{Bus, Event, Overflow, Ring};

/// Read as it is written, for loom does not see the order that the counts of owners give.
fn now(count: &AtomicUsize) -> usize {
    count.fetch_add(0, Ordering::Relaxed)
}

/// A bus with a handler that counts when it begins and when it ends.
fn counted(bus: &Bus) -> Arc<[AtomicUsize; 2]> {
    let counts = Arc::new([AtomicUsize::new(0), AtomicUsize::new(0)]);
    let counted = Arc::clone(&counts);
    bus.on(move |_: &Event<Tick>| {
        counted[0].fetch_add(1, Ordering::Relaxed);
        counted[1].fetch_add(1, Ordering::Relaxed);
    })
    .detach();
    counts
}

fn settle(bus: &Bus) {
    let mut unfinished = Unfinished::of(bus.state_arc());
    wait(None, |waker| unfinished.poll_publishes(waker));
    unfinished.look_at_queues();
    wait(None, |waker| unfinished.poll_queues(waker));
}

#[test]
fn what_was_in_flight_has_arrived_when_a_bus_has_settled() {
    model(|| {
        let bus = Bus::builder().topics(4).build();
        let counts = counted(&bus);
        let other = bus.clone();
        let publisher = spawn(move || {
            for _ in 0..2 {
                other.publish(Tick).map_err(drop).unwrap();
            }
        });
        let begun = now(&counts[0]);
        settle(&bus);
        assert!(now(&counts[1]) >= begun);
        publisher.join().unwrap();
    });
}

/// The topic's route is resolved, and resolved again, while somebody waits until it is gone.
#[test]
fn two_settle_beside_a_publish() {
    model(|| {
        let bus = Bus::builder().topics(4).history(Ring::events(2)).build();
        let counts = counted(&bus);
        let other = bus.clone();
        let publisher = spawn(move || drop(other.publish(Tick).map_err(drop).unwrap()));
        let other = bus.clone();
        let settler = spawn(move || settle(&other));
        let begun = now(&counts[0]);
        settle(&bus);
        assert!(now(&counts[1]) >= begun);
        settler.join().unwrap();
        publisher.join().unwrap();
    });
}

#[test]
fn nothing_is_published_when_a_bus_is_closed() {
    model(|| {
        let bus = Bus::builder().topics(4).history(Ring::events(4)).build();
        let counts = counted(&bus);
        let other = bus.clone();
        let publisher = spawn(move || (0..2).filter(|_| other.publish(Tick).is_ok()).count());
        let mut closing = Closing::begin(bus.state_arc());
        wait(None, |waker| closing.poll_publishes(waker));
        closing.finish_queues();
        wait(None, |waker| closing.poll_queues(waker));
        let handled = now(&counts[1]);
        assert_eq!(publisher.join().unwrap(), handled, "each is refused or handled");
        let kept = bus.query("**").unwrap().events().len();
        assert_eq!((now(&counts[0]), kept), (handled, handled), "nothing came after it");
    });
}

#[test]
fn a_queue_has_all_that_was_published_before_its_bus_was_closed() {
    model(|| {
        let bus = Bus::builder().topics(4).build();
        let mut stream = bus.subscription("tick").queue(4, Overflow::DropOldest).stream::<Tick>();
        let other = bus.clone();
        let publisher = spawn(move || (0..2).filter(|_| other.publish(Tick).is_ok()).count());
        let other = bus.clone();
        let closer = spawn(move || {
            let mut closing = Closing::begin(other.state_arc());
            wait(None, |waker| closing.poll_publishes(waker));
            closing.finish_queues();
            wait(None, |waker| closing.poll_queues(waker));
            closing.is_complete()
        });
        let read = stream.as_mut().unwrap().iter().map_while(Result::ok).count();
        assert_eq!(publisher.join().unwrap(), read, "each is refused or read");
        assert!(closer.join().unwrap());
        assert!(bus.close(Duration::ZERO).is_complete());
    });
}

/// A bus that is closed without waiting, while an event may be on its way to a queue: the report says so.
#[test]
fn what_found_a_queue_at_its_end_was_told_as_in_flight() {
    let seen = outcomes(|| {
        let bus = Bus::builder().topics(4).build();
        let queue = bus.subscription("tick").queue(4, Overflow::DropOldest);
        let mut stream = queue.stream::<Tick>().unwrap();
        let other = bus.clone();
        let publisher = spawn(move || usize::from(other.publish(Tick).is_ok()));
        let (is_complete, read) = beside(move || {
            let mut closing = Closing::begin(bus.state_arc());
            closing.finish_queues();
            let read = stream.iter().map_while(Result::ok).count();
            (closing.is_complete(), read)
        });
        let published = publisher.join().unwrap();
        assert!(!is_complete || published == read, "complete, with {read} of {published} read");
        (is_complete, read, published)
    });
    let incomplete = [(false, 0, 0), (false, 0, 1), (false, 1, 1)];
    assert_eq!(Vec::from_iter(seen), [&incomplete[..], &[(true, 0, 0), (true, 1, 1)]].concat());
}

/// An event that one publisher has left to another is in flight, though its publish is over.
#[test]
fn what_stands_in_a_line_has_arrived_when_its_bus_is_closed() {
    model(|| {
        let bus = Bus::builder().topics(4).ordering(crate::Ordering::Total).build();
        let queue = bus.subscription("tick").queue(4, Overflow::DropOldest);
        let mut stream = queue.stream::<Tick>().unwrap();
        let publishers = [0, 1].map(|_| {
            let bus = bus.clone();
            spawn(move || usize::from(bus.publish(Tick).is_ok()))
        });
        let mut closing = Closing::begin(bus.state_arc());
        wait(None, |waker| closing.poll_publishes(waker));
        closing.finish_queues();
        let read = stream.iter().map_while(Result::ok).count();
        let published: usize = publishers.map(|publisher| publisher.join().unwrap()).iter().sum();
        assert_eq!(published, read, "each is refused or has arrived");
    });
}

/// The same, and the reader goes then: that nobody is there any more does not hide from a publisher that the bus is closed.
#[test]
fn who_finds_nobody_on_a_bus_that_is_closed_is_refused() {
    model(|| {
        let bus = Bus::builder().topics(4).build();
        let mut stream =
            bus.subscription("tick").queue(4, Overflow::DropOldest).stream::<Tick>().unwrap();
        let publishers = [0, 1].map(|_| {
            let bus = bus.clone();
            spawn(move || usize::from(bus.publish(Tick).is_ok()))
        });
        let read = beside(move || {
            let mut closing = Closing::begin(bus.state_arc());
            wait(None, |waker| closing.poll_publishes(waker));
            closing.finish_queues();
            stream.iter().map_while(Result::ok).count()
        });
        let published: usize = publishers.map(|publisher| publisher.join().unwrap()).iter().sum();
        assert_eq!(published, read, "each is refused or has arrived");
    });
}

/// A subscription beside whoever waits for it.
#[test]
fn who_waits_for_a_subscription_sees_it_come() {
    model(|| {
        let bus = Bus::builder().topics(4).build();
        let other = bus.clone();
        let subscriber = spawn(move || other.on(|_: &Event<Tick>| ()).detach());
        bus.ready("tick", 1, Duration::MAX).unwrap();
        subscriber.join().unwrap();
    });
}

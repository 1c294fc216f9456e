//! One order for all, under loom: whoever leaves an event in the line has it delivered, once and in order.

use std::sync::Arc;
use std::time::Duration;

use loom::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::loom::{Tick, model, spawn};
use crate::{
    Bus, BusBuilder, Event, EventStream, Overflow, PublishErrorKind, Receipt, Ring, Start,
};

fn total() -> BusBuilder {
    Bus::builder().topics(4).ordering(crate::Ordering::Total)
}

fn publish(bus: &Bus) -> Receipt {
    bus.publish(Tick).map_err(drop).unwrap()
}

fn stream(bus: &Bus) -> EventStream {
    bus.subscription("tick").queue(4, Overflow::DropNewest).stream().unwrap()
}

/// What a stream has, as numbers, without waiting.
fn drain(stream: &mut EventStream) -> Vec<u64> {
    std::iter::from_fn(|| stream.try_recv().ok()?.sequence()).collect()
}

/// Two publishers: whoever finds the other at it leaves its event to it, and nothing is left when both have returned.
#[test]
fn two_subscribers_see_two_publishers_in_one_order() {
    model(|| {
        let bus = total().build();
        let mut streams = [stream(&bus), stream(&bus)];
        let other = bus.clone();
        let publisher = spawn(move || {
            let receipt = publish(&other);
            assert_eq!(receipt.delivered() + receipt.deferred(), 2);
        });
        let receipt = publish(&bus);
        assert_eq!(receipt.delivered() + receipt.deferred(), 2);
        publisher.join().unwrap();
        for stream in &mut streams {
            assert_eq!(drain(stream), [1, 2]);
        }
        assert_eq!(publish(&bus).delivered(), 2, "the turn is free");
    });
}

/// The same, and one of the events has an effect: a handler publishes it, in whichever thread has the turn.
#[test]
fn an_effect_has_its_turn_beside_another_publisher() {
    model(|| {
        let bus = total().build();
        // Their digits. Each call sees what those before it have done, in whatever thread, and none runs beside it.
        let seen = Arc::new(AtomicU64::new(0));
        let (inner, keep) = (bus.downgrade(), Arc::clone(&seen));
        let first = AtomicBool::new(true);
        let _sub = bus.on(move |event: &Event<Tick>| {
            let before = keep.load(Ordering::Relaxed);
            keep.store(before * 10 + event.sequence().unwrap(), Ordering::Relaxed);
            if first.swap(false, Ordering::Relaxed) {
                assert_eq!(publish(&inner.upgrade().unwrap()).deferred(), 2);
            }
        });
        let mut stream = stream(&bus);
        let other = bus.clone();
        let publisher = spawn(move || drop(publish(&other)));
        publish(&bus);
        publisher.join().unwrap();
        assert_eq!(seen.load(Ordering::Relaxed), 123);
        assert_eq!(bus.stats().total.failed, 0, "what a handler asserts is caught by the bus");
        assert_eq!(drain(&mut stream), [1, 2, 3]);
    });
}

/// A thread that calls handlers of another bus has the turn, and comes to it when they have returned.
#[test]
fn who_comes_back_to_a_line_finds_what_others_left_there() {
    model(|| {
        let (bus, other) = (total().build(), Bus::builder().topics(4).build());
        let mut stream = stream(&bus);
        let inner = bus.clone();
        let _sub = other.on(move |_: &Event<Tick>| assert_eq!(publish(&inner).deferred(), 1));
        let beside = bus.clone();
        let publisher = spawn(move || drop(publish(&beside)));
        publish(&other);
        publisher.join().unwrap();
        assert_eq!(drain(&mut stream), [1, 2]);
        assert_eq!(publish(&bus).delivered(), 1, "the turn is free");
        assert_eq!(other.stats().total.failed, 0);
    });
}

/// Who reads the past meets what stands in the line, or is about to: its publisher may have found its route before.
#[test]
fn a_stream_goes_from_the_past_to_a_line() {
    model(|| {
        let bus = total().history(Ring::events(4)).build();
        let mut there = stream(&bus); // so that there is something to be done in the turn
        let publishers = [0, 1].map(|_| {
            let bus = bus.clone();
            spawn(move || drop(publish(&bus)))
        });
        let builder = bus.subscription("tick").from(Start::Earliest);
        let mut stream = builder.queue(4, Overflow::DropNewest).stream().unwrap();
        let mut seen = drain(&mut stream);
        for publisher in publishers {
            publisher.join().unwrap();
        }
        seen.extend(drain(&mut stream));
        assert_eq!((seen, drain(&mut there)), (vec![1, 2], vec![1, 2]));
    });
}

/// Whoever has the turn wants a seat that another has, which is about to leave it in the line: it is told or has one, and
/// nothing hangs, whoever comes first.
#[test]
fn who_has_the_turn_does_not_wait_for_the_line() {
    model(|| {
        let bus = total().build();
        let inner = bus.downgrade();
        let _sub = bus.subscribe("tick", move |_: &Event<Tick>| {
            if let Err(error) = inner.upgrade().unwrap().publish_to("seated", Tick) {
                assert!(matches!(error.kind(), PublishErrorKind::WouldDeadlock { .. }), "{error}");
            }
        });
        let seated = bus.subscription("seated").queue(1, Overflow::Block(Duration::MAX));
        let mut seated = seated.stream::<Tick>().unwrap();
        let other = bus.clone();
        let publisher = spawn(move || {
            other.publish_to("seated", Tick).map_err(drop).unwrap();
        });
        let other = bus.clone();
        let in_turn = spawn(move || drop(publish(&other)));
        // Reads what may be all there is, so that whoever waits for it goes on.
        let first = seated.recv_timeout(Duration::MAX).unwrap().sequence();
        publisher.join().unwrap();
        in_turn.join().unwrap();
        assert_eq!(bus.stats().total.failed, 0);
        assert!(seated.try_recv().is_ok_and(|event| first < event.sequence()) || first.is_some());
    });
}

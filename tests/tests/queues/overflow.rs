//! What a full queue does, and what is asked before it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rem::prelude::*;
use rem::{Key, SystemEvent, TryRecvError};

use crate::{Job, LONG, Other, added, drain, number, queue, range};

#[test]
fn a_stream_ends_with_the_last_handle_to_its_bus() {
    let bus = Bus::new();
    let mut stream = queue(&bus, 4, Overflow::Reject);
    added(&bus, [1]);
    drop(bus);
    assert_eq!(drain(&mut stream), [Ok(1)]);
    assert_eq!(stream.try_recv().unwrap_err(), TryRecvError::Ended);
}

#[test]
fn the_oldest_make_room_and_the_reader_is_told() {
    let bus = Bus::new();
    let mut stream = queue(&bus, 3, Overflow::DropOldest);
    let receipts = added(&bus, 1..=10);
    assert!(receipts.iter().all(|receipt| receipt.delivered() == 1 && receipt.dropped() == 0));
    assert_eq!(drain(&mut stream), [Err((7, 1, 7)), Ok(8), Ok(9), Ok(10)]);
    added(&bus, 11..=12);
    assert_eq!(drain(&mut stream), [Ok(11), Ok(12)]);
    let stats = stream.stats();
    assert_eq!((stats.delivered, stats.dropped, stats.waiting), (5, 7, 0));
}

#[test]
fn the_newest_are_lost_in_their_place() {
    let bus = Bus::new();
    let mut stream = queue(&bus, 3, Overflow::DropNewest);
    let receipts = added(&bus, 1..=5);
    let dropped: Vec<usize> = receipts.iter().map(Receipt::dropped).collect();
    assert_eq!(dropped, [0, 0, 0, 1, 1]);
    assert!(receipts.iter().all(|receipt| receipt.matched() == 1));
    assert_eq!(number(&stream.try_recv().unwrap().data), 1);
    added(&bus, 6..=7);
    assert_eq!(drain(&mut stream), [Ok(2), Ok(3), Err((2, 4, 5)), Ok(6), Err((1, 7, 7))]);
}

#[test]
fn a_stream_that_has_given_its_last_event_tells_of_no_loss() {
    let bus = Bus::new();
    let queue = bus.subscription("job").take(1).queue(1, Overflow::DropNewest);
    let mut stream: EventStream<Job> = queue.stream().unwrap();
    added(&bus, 1..=3);
    assert_eq!(drain(&mut stream), [Ok(1)]);
    assert_eq!(stream.try_recv().unwrap_err(), TryRecvError::Ended);
}

#[test]
fn events_of_other_topics_are_no_loss() {
    let bus = Bus::new();
    let _all = bus.subscribe("**", |_: &Event| ()).unwrap();
    let mut stream = queue(&bus, 1, Overflow::DropOldest);
    for number in 1..=3 {
        added(&bus, [number]);
        bus.publish_to("elsewhere", Other).unwrap();
    }
    assert_eq!(drain(&mut stream), [Err((2, 1, 3)), Ok(3)]);
}

#[test]
fn the_last_of_each_key_is_kept_in_the_turn_of_the_first() {
    let bus = Bus::new();
    let mut stream = queue(&bus, 2, Overflow::Conflate(Key::topic()));
    let of = |name, value| bus.publish(Job::Of { name, value }).unwrap();
    for (name, value) in [("a", 1), ("b", 2), ("a", 3), ("a", 4), ("b", 5)] {
        assert_eq!(of(name, value).delivered(), 1);
    }
    assert_eq!(drain(&mut stream), [Ok(4), Ok(5)]);
    assert_eq!(stream.stats().replaced, 3);
    // More keys than room: the oldest event goes.
    for (name, value) in [("a", 6), ("b", 7), ("a", 8), ("c", 9)] {
        of(name, value);
    }
    assert_eq!(drain(&mut stream), [Ok(8), Err((1, 7, 7)), Ok(9)]);
}

#[test]
fn what_was_lost_is_read_again_from_the_history() {
    let bus = Bus::builder().history(Ring::events(6)).build();
    let mut stream = queue(&bus, 2, Overflow::DropOldest);
    for number in 1..=8 {
        added(&bus, [number]);
        bus.publish_to("elsewhere", Other).unwrap();
    }
    let Err(TryRecvError::Lagged(lagged)) = stream.try_recv() else { panic!("{stream:?}") };
    assert_eq!(range(&lagged), (6, 1, 11));
    let again = stream.recover(&lagged).unwrap();
    let numbers: Vec<u64> = again.events.iter().map(|event| number(&event.data)).collect();
    assert_eq!((numbers, again.gone), (vec![6], 5));
    assert_eq!(drain(&mut stream), [Ok(7), Ok(8)]);
    drop(bus);
    assert!(stream.recover(&lagged).is_err());
}

#[test]
fn filters_and_types_decide_before_the_queue() {
    for overflow in [Overflow::Block(LONG), Overflow::DropOldest] {
        let bus = Bus::new();
        let mut stream: EventStream<Job> = bus
            .subscription("job.**")
            .filter(|event| event.source() != Some("noise"))
            .queue(1, overflow)
            .stream()
            .unwrap();
        let told = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&told);
        let _system = bus
            .subscribe("$rem.event.mismatched", move |_: &Event<SystemEvent>| {
                counted.fetch_add(1, Ordering::Relaxed);
            })
            .unwrap();
        let noise = bus.event(Job::Added(1)).source("noise").publish().unwrap();
        assert_eq!(noise.matched(), 0);
        assert_eq!(bus.publish(Other).unwrap().matched(), 0);
        assert_eq!(stream.subscription().mismatches(), 1);
        assert_eq!(told.load(Ordering::Relaxed), 1);
        added(&bus, [2]);
        assert_eq!(drain(&mut stream), [Ok(2)]);
    }
}

#[test]
fn a_filter_or_key_that_panics_harms_nobody() {
    let bus = Bus::new();
    let mut failing = [
        bus.subscription("job")
            .filter(|_| panic!("no"))
            .queue(1, Overflow::Reject)
            .stream::<Job>()
            .unwrap(),
        queue(&bus, 1, Overflow::Conflate(Key::of(|_| panic!("no")))),
    ];
    let mut other = queue(&bus, 1, Overflow::Reject);
    let receipt = &added(&bus, [1])[0];
    assert_eq!((receipt.failed(), receipt.delivered()), (2, 1));
    for stream in &mut failing {
        assert_eq!(drain(stream), []);
        assert_eq!(stream.subscription().failures(), 1);
    }
    assert_eq!(drain(&mut other), [Ok(1)]);
}

#[test]
fn a_child_bus_reads_what_lies_below_it() {
    let bus = Bus::new();
    let eu = bus.child("eu").unwrap();
    let mut stream: EventStream<Job> =
        eu.subscription("job.{*what}").queue(8, Overflow::Reject).stream().unwrap();
    added(&bus, [1]);
    added(&eu, [2]);
    let event = stream.try_recv().unwrap();
    assert_eq!(event.topic().as_str(), "eu.job.added");
    assert_eq!(event.capture("what").as_deref(), Some("added"));
    assert_eq!(event.subscription(), stream.subscription().id());
    bus.close(Duration::ZERO);
    assert_eq!(stream.try_recv().unwrap_err(), TryRecvError::Ended);
}

#[test]
fn system_events_are_queued_and_their_losses_counted() {
    let bus = Bus::new();
    let mut system: EventStream<SystemEvent> =
        bus.subscription("$rem.**").queue(2, Overflow::Block(LONG)).stream().unwrap();
    let _failing = bus.on(|_: &Event<Job>| Err::<(), _>("no"));
    added(&bus, 1..=5);
    for _ in 0..2 {
        let event = system.try_recv().unwrap();
        assert!(matches!(event.data, SystemEvent::HandlerFailed { .. }));
    }
    let Err(TryRecvError::Lagged(lagged)) = system.try_recv() else { panic!("{system:?}") };
    assert_eq!(range(&lagged), (3, 0, 0));
}

#[test]
fn a_handler_fills_queues_at_once() {
    let bus = Bus::new();
    let stream = queue(&bus, 8, Overflow::Block(LONG));
    let nested = bus.clone();
    let _sub = bus.on(move |event: &Event<Job>| {
        if event.data == Job::Added(1) {
            let receipt = nested.publish(Job::Added(2)).unwrap();
            assert_eq!((receipt.delivered(), receipt.deferred()), (1, 1));
        }
    });
    let receipt = &added(&bus, [1])[0];
    assert_eq!((receipt.delivered(), receipt.failed()), (2, 0));
    assert_eq!((stream.len(), stream.is_empty()), (2, false));
}

/// Data whose `Drop` goes to the very queue that lets go of it.
#[derive(EventType, Debug)]
#[event(name = "bomb", local)]
struct Bomb(Option<Bus>);

impl Drop for Bomb {
    fn drop(&mut self) {
        if let Some(bus) = self.0.take() {
            let _ = bus.publish(Bomb(None));
        }
    }
}

#[test]
fn what_goes_is_dropped_under_no_lock() {
    let bus = Bus::new();
    for overflow in [Overflow::DropOldest, Overflow::DropNewest, Overflow::Conflate(Key::topic())] {
        let stream: EventStream = bus.subscription("bomb").queue(1, overflow).stream().unwrap();
        for _ in 0..3 {
            bus.publish(Bomb(Some(bus.clone()))).unwrap();
        }
        assert_eq!(stream.len(), 1);
        drop(stream);
    }
}

#[derive(EventType, Debug)]
#[event(name = "level", local)]
struct Level {
    #[event(key)]
    tank: u8,
    litres: u64,
}

#[test]
fn the_last_of_each_key_of_the_data() {
    let bus = Bus::new();
    let mut stream: EventStream<Level> =
        bus.subscription("level").queue(8, Overflow::Conflate(Key::event())).stream().unwrap();
    for (tank, litres) in [(1, 10), (2, 20), (1, 30)] {
        bus.publish(Level { tank, litres }).unwrap();
    }
    let levels: Vec<u64> =
        std::iter::from_fn(|| stream.try_recv().ok()).map(|event| event.data.litres).collect();
    assert_eq!(levels, [30, 20]);
}

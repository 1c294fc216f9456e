//! What a recorder has, it has before any queue and any handler.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use rem::prelude::*;
use rem::testing::{Recorder, TestBus};
use rem::{BusBuilder, Key, Ordering, Payload};

#[derive(EventType, Debug, Clone, PartialEq)]
#[event(namespace = "chain", local)]
enum Chain {
    Cause(u32),
    Effect(u32),
}

/// Each order of delivery; how a queue asks is another where it has seats and where an event stands in a line.
fn buses() -> [(&'static str, BusBuilder); 3] {
    [
        ("per publisher", Bus::builder()),
        ("total", Bus::builder().ordering(Ordering::Total)),
        ("kept", Bus::builder().history(Ring::events(64))),
    ]
}

/// A queue that asks for its events' keys does so when it is about to have one: by then the recorder has it, though the queue
/// is older, and of the highest priority.
#[test]
fn queues_come_after_it() {
    for (order, builder) in buses() {
        let bus = builder.build();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let recorder = Arc::new(Mutex::new(None::<Recorder>));
        let (looked, at) = (Arc::clone(&seen), Arc::clone(&recorder));
        let key = move |event: &Event| {
            let topics = at.lock().unwrap().as_ref().map(Recorder::topics);
            looked.lock().unwrap().push((event.topic().to_string(), topics.unwrap()));
            Box::from("one")
        };
        let older = bus.subscription("chain.**").priority(i32::MAX);
        let mut queue: EventStream<Chain> =
            older.queue(4, Overflow::Conflate(Key::of(key))).stream().unwrap();
        let _full =
            bus.subscription("chain.**").queue(4, Overflow::Reject).stream::<Chain>().unwrap();
        *recorder.lock().unwrap() = Some(Recorder::new(&bus));
        let own = bus.downgrade();
        let _effects = bus
            .subscribe("chain.cause", move |cause: &Event<Chain>| {
                if let Chain::Cause(number) = &cause.data {
                    own.upgrade().unwrap().publish(Chain::Effect(*number)).unwrap();
                }
            })
            .unwrap();

        let receipt = bus.publish(Chain::Cause(1)).unwrap();
        assert_eq!(
            (receipt.matched(), receipt.delivered(), receipt.failed()),
            (4, 4, 0),
            "{order}"
        );
        let both = ["chain.cause", "chain.effect"].map(str::to_owned);
        let expected = [(both[0].clone(), both[..1].to_vec()), (both[1].clone(), both.to_vec())];
        assert_eq!(*seen.lock().unwrap(), expected, "{order}");
        assert_eq!(queue.try_recv().unwrap().data, Chain::Effect(1), "{order}");
        let recorder = recorder.lock().unwrap().take().unwrap();
        recorder.assert_topics(&["chain.cause", "chain.effect"]);
    }
}

/// What a task makes of an event stands behind it, however fast the task's thread is.
#[test]
fn what_other_threads_make_of_an_event_stands_behind_it() {
    const TIMES: u32 = 2_000;
    for (order, builder) in buses() {
        let test = TestBus::with(builder);
        let recorder = Recorder::<Chain>::of(&test.bus, "chain.**").unwrap();
        let own = test.bus.downgrade();
        let _task = test
            .bus
            .subscription("chain.cause")
            .task(move |cause: Received<Chain>| {
                let bus = own.upgrade();
                async move {
                    let Chain::Cause(number) = cause.data else { return Ok(()) };
                    bus.map_or(Ok(()), |bus| bus.publish(Chain::Effect(number)).map(drop))
                }
            })
            .unwrap();
        for number in 0..TIMES {
            test.bus.publish(Chain::Cause(number)).unwrap();
            let limit = Duration::from_secs(30);
            recorder.expect().equal(Chain::Effect(number)).within(limit).among_others();
        }
        let events = recorder.events();
        assert_eq!(events.len(), 2 * TIMES as usize, "{order}");
        for (number, pair) in (0..TIMES).zip(events.chunks(2)) {
            let found = [&pair[0].data, &pair[1].data];
            assert_eq!(found, [&Chain::Cause(number), &Chain::Effect(number)], "{order}");
        }
    }
}

/// It is counted as others are, and what it has no room for is its own matter.
#[test]
fn it_is_counted_as_a_handler() {
    let bus = Bus::new();
    let recorder = Recorder::<dyn Payload>::at_most(&bus, "chain.**", 2).unwrap();
    for number in 0..3 {
        let receipt = bus.publish(Chain::Cause(number)).unwrap();
        assert_eq!((receipt.matched(), receipt.delivered()), (1, 1));
    }
    assert_eq!((recorder.events().len(), recorder.lost()), (2, 1));
    let topology = bus.topology();
    let [found] = &topology.subscriptions[..] else { panic!("{topology:?}") };
    assert_eq!(found.stats.delivered, 3);
}

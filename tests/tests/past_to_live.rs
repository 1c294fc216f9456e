//! Subscriptions that begin in the past and go on to what is published: no gap, no repeat.
#![expect(clippy::unwrap_used, reason = "what fails in a test should end it")]

use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rem::prelude::*;
use rem::testing::TestBus;
use rem::{Evicted, History, Lagged, Payload, PublishErrorKind, SubscribeError, TryRecvError};

#[derive(EventType, Debug, Clone, PartialEq)]
#[event(namespace = "step", local)]
enum Step {
    Taken(u64),
    #[event(topic = "of.{name}")]
    Of {
        name: &'static str,
        value: u64,
    },
}

#[derive(EventType, Debug)]
#[event(name = "other", local)]
struct Other;

fn bus(capacity: usize) -> Bus {
    Bus::builder().history(Ring::events(capacity)).build()
}

fn take(bus: &Bus, numbers: RangeInclusive<u64>) {
    for number in numbers {
        bus.publish(Step::Taken(number)).unwrap();
    }
}

fn stream(bus: &Bus, start: Start) -> EventStream<Step> {
    bus.subscription("step").from(start).queue(1_024, Overflow::DropOldest).stream().unwrap()
}

fn value(step: &Step) -> u64 {
    match step {
        Step::Taken(value) | Step::Of { value, .. } => *value,
    }
}

/// What a stream has now: values, and whether they are of the past.
fn drain(stream: &mut EventStream<Step>) -> Vec<(u64, bool)> {
    let mut all = Vec::new();
    loop {
        match stream.try_recv() {
            Ok(event) => all.push((value(&event.data), event.is_replay())),
            Err(TryRecvError::Empty) => return all,
            Err(other) => panic!("{other}"),
        }
    }
}

fn values(of: &[(u64, bool)]) -> Vec<u64> {
    of.iter().map(|(value, _)| *value).collect()
}

#[test]
fn a_stream_begins_where_it_is_told() {
    for (start, expected) in [
        (Start::Latest, &[][..]),
        (Start::Earliest, &[1, 2, 3, 4, 5]),
        (Start::Sequence(0), &[1, 2, 3, 4, 5]),
        (Start::Sequence(2), &[2, 3, 4, 5]),
        (Start::Last(0), &[]),
        (Start::Last(2), &[4, 5]),
        (Start::Last(1_000), &[1, 2, 3, 4, 5]),
        (Start::LastPerTopic, &[5]),
    ] {
        let bus = bus(100);
        take(&bus, 1..=5);
        let mut stream = stream(&bus, start);
        // These come before the stream is read, and are past or live: nobody can tell, but by `is_replay`.
        take(&bus, 6..=7);
        let past = drain(&mut stream);
        assert_eq!(values(&past), [expected, &[6, 7]].concat(), "{start:?}");
        take(&bus, 8..=9);
        assert_eq!(drain(&mut stream), [(8, false), (9, false)], "{start:?}");
    }
}

#[test]
fn a_number_that_is_still_to_come_is_waited_for() {
    let bus = bus(100);
    take(&bus, 1..=2);
    let mut stream = stream(&bus, Start::Sequence(5));
    assert_eq!(drain(&mut stream), []);
    take(&bus, 3..=6);
    assert_eq!(drain(&mut stream), [(5, false), (6, false)]);
}

#[test]
fn a_time_is_a_place_to_begin() {
    let test = TestBus::with(Bus::builder().history(Ring::events(100)));
    let mut times = Vec::new();
    for number in 1..=4 {
        times.push(test.clock.now());
        take(&test.bus, number..=number);
        test.clock.advance(Duration::from_secs(1));
    }
    let mut third = stream(&test.bus, Start::Time(times[2]));
    assert_eq!(values(&drain(&mut third)), [3, 4]);
    let mut never = stream(&test.bus, Start::Time(test.clock.now()));
    assert_eq!(drain(&mut never), []);
    take(&test.bus, 5..=5);
    assert_eq!(drain(&mut never), [(5, false)]);
}

#[test]
fn the_last_of_each_topic() {
    let bus = bus(100);
    for (name, value) in [("a", 1), ("b", 2), ("a", 3), ("c", 4), ("b", 5)] {
        bus.publish(Step::Of { name, value }).unwrap();
    }
    let mut stream = stream(&bus, Start::LastPerTopic);
    assert_eq!(values(&drain(&mut stream)), [3, 4, 5]);
    bus.publish(Step::Of { name: "a", value: 6 }).unwrap();
    assert_eq!(drain(&mut stream), [(6, false)]);
}

#[test]
fn what_went_before_it_was_read_is_a_loss() {
    let bus = bus(4);
    take(&bus, 1..=6);
    let mut earliest = stream(&bus, Start::Earliest);
    let mut first = stream(&bus, Start::Sequence(1));
    take(&bus, 7..=8);
    for (stream, missed, from) in [(&mut earliest, 2, 3), (&mut first, 4, 1)] {
        let Err(TryRecvError::Lagged(lagged)) = stream.try_recv() else { panic!("{stream:?}") };
        let range = |lagged: &Lagged| (lagged.missed(), lagged.from(), lagged.to());
        assert_eq!(range(&lagged), (missed, from, 4));
        assert_eq!(stream.subscription().missed(), missed);
        assert_eq!(values(&drain(stream)), [5, 6, 7, 8]);
    }
}

/// A history that lets events go while it is read, wherever they stand.
#[derive(Debug)]
struct Forgetful(Ring, &'static [u64]);

impl History for Forgetful {
    fn record(&self, event: &Arc<Event>) -> Evicted {
        self.0.record(event)
    }
    fn readable(&self) -> Option<RangeInclusive<u64>> {
        self.0.readable()
    }
    fn read(&self, range: RangeInclusive<u64>, events: &mut Vec<Arc<Event>>) {
        self.0.read(range, events);
        events.retain(|event| !self.1.contains(&event.sequence().unwrap()));
    }
}

#[test]
fn what_goes_while_it_is_read_is_a_loss_wherever_it_stands() {
    for (gone, expected) in [
        (&[][..], &[][..]),
        (&[1], &[(1, 1)]),
        (&[3, 4, 6], &[(3, 4), (6, 6)]),
        (&[7, 8], &[(7, 8)]),
        (&[1, 2, 3, 4, 5, 6, 7, 8], &[(1, 8)]),
    ] {
        let bus = Bus::builder().history(Forgetful(Ring::events(100), gone)).build();
        take(&bus, 1..=8);
        let mut stream = stream(&bus, Start::Earliest);
        let (mut read, mut lost) = (Vec::new(), Vec::new());
        loop {
            match stream.try_recv() {
                Ok(event) => read.push(event.sequence().unwrap()),
                Err(TryRecvError::Lagged(lagged)) => {
                    assert_eq!(lagged.missed(), lagged.to() - lagged.from() + 1);
                    lost.push((lagged.from(), lagged.to()));
                }
                Err(TryRecvError::Empty) => break,
                Err(other) => panic!("{other}"),
            }
        }
        let kept: Vec<u64> = (1..=8).filter(|number| !gone.contains(number)).collect();
        assert_eq!((read, &lost[..]), (kept, expected), "{gone:?}");
        take(&bus, 9..=9);
        assert_eq!(drain(&mut stream), [(9, false)]);
    }
}

#[test]
fn what_is_wrong_with_the_past_is_told_as_of_what_is_live() {
    let bus = bus(100);
    take(&bus, 1..=2);
    bus.publish_to("step.other", Other).unwrap();
    let told = Arc::new(Mutex::new(Vec::new()));
    let held = Arc::clone(&told);
    let _system = bus
        .subscribe("$rem.**", move |event: &Event| {
            held.lock().unwrap().push(event.topic().to_string());
        })
        .unwrap();
    let mut stream: EventStream<Step> = bus
        .subscription("step")
        .from(Start::Earliest)
        .filter(|event| event.sequence() != Some(1) || panic!("not this one"))
        .queue(8, Overflow::Reject)
        .stream()
        .unwrap();
    assert_eq!(drain(&mut stream), [(2, true)]);
    let sub = stream.subscription();
    assert_eq!((sub.failures(), sub.mismatches()), (1, 1));
    assert_eq!(*told.lock().unwrap(), ["$rem.handler.failed", "$rem.event.mismatched"]);
}

#[test]
fn a_stream_that_catches_up_holds_nobody_up() {
    let bus = bus(100);
    take(&bus, 1..=3);
    let mut stream: EventStream<Step> = bus
        .subscription("step")
        .from(Start::Earliest)
        .queue(1, Overflow::Block(Duration::from_secs(60)))
        .stream()
        .unwrap();
    // The queue has one place, and stays empty.
    take(&bus, 4..=50);
    assert_eq!((stream.len(), values(&drain(&mut stream))), (0, (1..=50).collect()));
    take(&bus, 51..=51);
    assert_eq!(stream.len(), 1);
    assert_eq!(drain(&mut stream), [(51, false)]);
}

#[test]
fn filters_types_and_children_hold_for_the_past() {
    let bus = bus(100);
    let eu = bus.child("eu").unwrap();
    bus.event(Step::Taken(1)).source("noise").publish().unwrap();
    bus.event(Step::Taken(2)).publish().unwrap();
    eu.publish(Step::Taken(3)).unwrap();
    let mut here: EventStream<Step> = bus
        .subscription("step")
        .from(Start::Earliest)
        .source("noise")
        .queue(8, Overflow::Reject)
        .stream()
        .unwrap();
    assert_eq!(drain(&mut here), [(1, true)]);
    let mut below: EventStream<Step> =
        eu.subscription("**").from(Start::Earliest).queue(8, Overflow::Reject).stream().unwrap();
    assert_eq!(drain(&mut below), [(3, true)]);
}

#[test]
fn a_handler_is_called_with_the_past_and_then_with_what_is_live() {
    let bus = bus(100);
    take(&bus, 1..=3);
    let seen = Arc::new(Mutex::new(Vec::new()));
    let (held, nested) = (Arc::clone(&seen), bus.clone());
    let sub = bus
        .subscription("step")
        .from(Start::Sequence(2))
        .inline_received(move |received: Received<Step>| {
            held.lock().unwrap().push((value(&received.data), received.is_replay()));
            if received.data == Step::Taken(3) {
                nested.publish(Step::Taken(4)).unwrap();
            }
        })
        .unwrap();
    take(&bus, 5..=5);
    assert_eq!(*seen.lock().unwrap(), [(2, true), (3, true), (4, true), (5, false)]);
    drop(sub);
    take(&bus, 6..=6);
    assert_eq!(seen.lock().unwrap().len(), 4);
}

#[test]
fn the_past_cannot_be_had_everywhere() {
    let without = Bus::new();
    let builder = without.subscription("a").from(Start::Earliest);
    let error = builder.inline(|_: &Event| ()).unwrap_err();
    assert!(matches!(error, SubscribeError::NoHistory));
    assert!(error.to_string().contains("Ring::events"), "{error}");

    let bus = bus(10);
    let (nested, told) = (bus.clone(), Arc::new(Mutex::new(None)));
    let tell = Arc::clone(&told);
    let sub = bus.on(move |_: &Event<Step>| {
        let builder = nested.subscription("step").from(Start::Earliest);
        *tell.lock().unwrap() = builder.inline(|_: &Event| ()).err();
    });
    take(&bus, 1..=1);
    let error = told.lock().unwrap().take().unwrap();
    assert!(matches!(error, SubscribeError::WithinHandler { .. }));
    assert!(error.to_string().contains("past_to_live.rs"), "{error}");

    // There need not be a past for that.
    let (nested, told) =
        (Bus::builder().history(Ring::events(1)).build(), Arc::new(Mutex::new(None)));
    let tell = Arc::clone(&told);
    let _other = bus.on(move |_: &Event<Other>| {
        let builder = nested.subscription("none").from(Start::Earliest);
        *tell.lock().unwrap() = builder.inline(|_: &Event| ()).err();
    });
    bus.publish(Other).unwrap();
    assert!(matches!(told.lock().unwrap().take(), Some(SubscribeError::WithinHandler { .. })));

    let mut left = stream(&bus, Start::Earliest);
    drop(bus);
    // The handler holds a handle to the bus, which holds the handler: only its guard ends that.
    drop(sub);
    assert_eq!(
        values(
            &std::iter::from_fn(|| left.try_recv().ok())
                .map(|event| (value(&event.data), true))
                .collect::<Vec<_>>()
        ),
        [1]
    );
    assert_eq!(left.try_recv().unwrap_err(), TryRecvError::Ended);
}

/// A stream that begins in the past and blocks publishers: not while it reads the past, and then as its queue says.
#[test]
fn who_comes_late_blocks_publishers_as_its_queue_says_and_no_more() {
    let bus = bus(100);
    take(&bus, 1..=10);
    let mut late: EventStream = bus
        .subscription("step")
        .from(Start::Earliest)
        .queue(1, Overflow::Block(Duration::from_millis(1)))
        .stream()
        .unwrap();
    take(&bus, 11..=60);
    let replayed: Vec<_> =
        (0..60).map(|_| late.try_recv().map(|event| event.is_replay()).unwrap()).collect();
    assert_eq!(replayed, [true; 60]);
    assert_eq!(late.try_recv().unwrap_err(), TryRecvError::Empty);
    // From here on it is like any other: one fits, and the next is refused when its limit is over.
    take(&bus, 61..=61);
    let refused = bus.publish(Step::Taken(62)).unwrap_err();
    assert!(matches!(refused.kind(), PublishErrorKind::QueueFull { .. }), "{refused}");
    assert!(!late.try_recv().unwrap().is_replay());
    take(&bus, 63..=63);
}

/// Times may be out of order: it begins with the first event that is late enough, and leaves nothing out behind it.
#[test]
fn a_time_is_a_place_in_the_order_of_numbers() {
    let test = TestBus::with(Bus::builder().history(Ring::events(100)));
    let start = test.clock.now();
    for seconds in [5, 1, 9, 2, 10] {
        let event = test.bus.event(Step::Taken(seconds));
        event.timestamp(start + Duration::from_secs(seconds)).publish().unwrap();
    }
    let numbers = |seconds: u64| -> Vec<u64> {
        let from = Start::Time(start + Duration::from_secs(seconds));
        let queue = test.bus.subscription("step").from(from).queue(8, Overflow::Reject);
        let mut stream: EventStream = queue.stream().unwrap();
        std::iter::from_fn(|| stream.try_recv().ok()?.sequence()).collect()
    };
    assert_eq!(numbers(0), [1, 2, 3, 4, 5]);
    assert_eq!(numbers(6), [3, 4, 5]);
    assert_eq!(numbers(10), [5]);
    assert_eq!(numbers(11), [0; 0]);
    // A query compares each time.
    let since = test.bus.query("step").unwrap().since(start + Duration::from_secs(5));
    assert_eq!(since.iter::<dyn Payload>().count(), 3);
}

/// Of a history that keeps one event, as many as there are, or more; in order or under one lock.
#[test]
fn what_has_gone_before_it_was_read_is_a_loss_and_the_rest_is_given_at_each_edge() {
    let rings: [fn(usize) -> Ring; 2] =
        [Ring::events, |events| Ring::events(events).bytes(1 << 20)];
    for (ring, kept, all) in rings.into_iter().flat_map(|ring| {
        (1..=6_u64).flat_map(move |kept| (1..=6_u64).map(move |all| (ring, kept, all)))
    }) {
        let bus = Bus::builder().history(ring(usize::try_from(kept).unwrap())).build();
        let mut stream = stream(&bus, Start::Sequence(1));
        take(&bus, 1..=all);
        let gone = all.saturating_sub(kept);
        if gone > 0 {
            let Err(TryRecvError::Lagged(lagged)) = stream.try_recv() else { panic!("{stream:?}") };
            assert_eq!((lagged.missed(), lagged.from(), lagged.to()), (gone, 1, gone));
        }
        assert!(values(&drain(&mut stream)).into_iter().eq(gone + 1..=all), "{kept} of {all}");
    }
}

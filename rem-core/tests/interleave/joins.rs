//! Past and live: who begins in the past beside publishers has every number once.

use rem_core::testing::interleave::spawn;
use rem_core::{
    Bus, EventStream, Overflow, Received, Ring, Start, SubscribeError, TaskFuture, TryRecvError,
};

use crate::{Seen, Tick, Workers, bus, join, publishers, run};

/// A handler and a stream that join while two publish see all from the first on: no gap, no repeat.
#[test]
fn no_gap_and_no_repeat() {
    run(|| {
        let bus = bus(Bus::builder().history(Ring::events(16)));
        let publishing = publishers(&bus, 2, 3);
        let joining = bus.clone();
        let joined = spawn(move || {
            let handled = Seen::default();
            let from = || joining.subscription("tick").from(Start::Earliest);
            let sub = from().inline(handled.keeper()).unwrap();
            let stream: EventStream<Tick> = from().queue(16, Overflow::Reject).stream().unwrap();
            (sub, handled, stream, Seen::default())
        });
        let reading = spawn(move || {
            let (sub, handled, mut stream, read) = joined.join().unwrap();
            // Some while the publishers may be at work.
            (0..3).flat_map(|_| stream.try_recv()).for_each(|event| read.keep(&event));
            (sub, handled, stream, read)
        });
        join(publishing);
        let (_sub, handled, mut stream, read) = reading.join().unwrap();
        while let Ok(event) = stream.try_recv() {
            read.keep(&event);
        }
        for seen in [handled, read] {
            assert!(seen.numbers().into_iter().eq(1..=6), "{seen:?}");
        }
    });
}

/// A ring that turns faster than it is read: what a reader does not get is a loss that names it.
#[test]
fn what_went_before_it_was_read_is_told() {
    run(|| {
        const TOTAL: u64 = 8;
        let bus = bus(Bus::builder().history(Ring::events(2)));
        let from = bus.subscription("tick").from(Start::Sequence(1));
        let mut stream: EventStream<Tick> = from.queue(2, Overflow::DropOldest).stream().unwrap();
        let publishing = publishers(&bus, 2, TOTAL / 2);
        let reader = spawn(move || {
            let (read, mut missed) = (Seen::default(), Vec::new());
            loop {
                match stream.recv_timeout(crate::LONG) {
                    Ok(event) => read.keep(&event),
                    Err(TryRecvError::Lagged(lagged)) => missed.push(lagged),
                    Err(end) => return (read, missed, end),
                }
            }
        });
        join(publishing);
        assert!(bus.close(crate::LONG).is_complete());
        let (read, missed, end) = reader.join().unwrap();
        assert!(matches!(end, TryRecvError::Ended), "{end}");
        let numbers = read.numbers();
        for lagged in &missed {
            let range = lagged.from()..=lagged.to();
            assert!(*range.start() >= 1 && *range.end() <= TOTAL, "{lagged}");
            assert!(!numbers.iter().any(|number| range.contains(number)), "{lagged} and {read:?}");
        }
        let lost: u64 = missed.iter().map(rem_core::Lagged::missed).sum();
        assert_eq!(numbers.len() as u64 + lost, TOTAL, "{missed:?} and {read:?}");
    });
}

/// A bus is closed while a stream reads its past: it has all that was published until then, and ends.
#[test]
fn the_past_is_read_to_its_end_when_the_bus_closes() {
    run(|| {
        let bus = bus(Bus::builder().history(Ring::events(16)));
        let from = bus.subscription("tick").from(Start::Earliest);
        let mut stream: EventStream<Tick> = from.queue(16, Overflow::Reject).stream().unwrap();
        let closing = bus.clone();
        let closer = spawn(move || {
            join(publishers(&closing, 1, 2));
            closing.close(crate::LONG);
        });
        let read = Seen::default();
        let end = loop {
            match stream.recv_timeout(crate::LONG) {
                Ok(event) => read.keep(&event),
                Err(end) => break end,
            }
        };
        assert!(matches!(end, TryRecvError::Ended), "{end}");
        assert_eq!(read.numbers(), [1, 2]);
        join([closer]);
    });
}

/// A stream and a task that are made beside a close are refused, or end as those do that were there before.
#[test]
fn who_comes_beside_a_close_ends_too() {
    run(|| {
        let workers = Workers::default();
        let spawner = workers.clone();
        let bus = bus(Bus::builder().spawner(move |task: TaskFuture| spawner.run(task)));
        let closing = bus.clone();
        let closer = spawn(move || {
            closing.close(crate::LONG);
        });
        let is_refused = |error| assert!(matches!(error, SubscribeError::Closed), "{error}");
        let tick = || bus.subscription("tick");
        match tick().queue(1, Overflow::Reject).stream::<Tick>() {
            Ok(mut stream) => {
                let end = stream.recv_timeout(crate::LONG).unwrap_err();
                assert!(matches!(end, TryRecvError::Ended), "{end}");
            }
            Err(error) => is_refused(error),
        }
        match tick().task(async |_: Received<Tick>| ()) {
            // Its worker ends, though it is held.
            Ok(_task) => workers.join(),
            Err(error) => is_refused(error),
        }
        join([closer]);
    });
}

/// The same on a child of the bus that closes.
#[test]
fn who_comes_to_a_child_beside_a_close_ends_too() {
    run(|| {
        let bus = bus(Bus::builder());
        let child = bus.child("eu").unwrap();
        let closer = spawn(move || {
            bus.close(crate::LONG);
        });
        if let Ok(mut stream) =
            child.subscription("tick").queue(1, Overflow::Reject).stream::<Tick>()
        {
            let end = stream.recv_timeout(crate::LONG).unwrap_err();
            assert!(matches!(end, TryRecvError::Ended), "{end}");
        }
        join([closer]);
    });
}

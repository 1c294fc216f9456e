//! Queues between two publishers and one reader: everything is delivered or told, whatever a full queue does.

use std::time::Duration;

use rem_core::testing::interleave::{block_on, spawn, yield_now};
use rem_core::{Bus, EventStream, Key, Lagged, Overflow, PublishErrorKind, TryRecvError};

use crate::{LONG, Seen, Tick, bus, run};

const EACH: u64 = 4;
const CAPACITY: usize = 2;

/// Publishes until there is room; every other as a future.
fn publish(bus: &Bus, publisher: u64) -> Vec<u64> {
    let one = |number| {
        let mut tick = Tick::Of { publisher, number };
        loop {
            let result = match number % 2 {
                0 => bus.publish(tick),
                _ => block_on(bus.publish_async(tick)),
            };
            match result {
                Ok(receipt) => return receipt.sequence().unwrap(),
                Err(error) => {
                    assert!(matches!(error.kind(), PublishErrorKind::QueueFull { .. }), "{error}");
                    tick = error.into_data();
                    yield_now();
                }
            }
        }
    };
    (0..EACH).map(one).collect()
}

/// What was published, what was read, what was lost, and how many were replaced.
struct Account {
    published: Vec<u64>,
    read: Seen,
    lost: Vec<Lagged>,
    replaced: u64,
}

fn account(overflow: Overflow) -> Account {
    let bus = bus(Bus::builder());
    let queue = bus.subscription("tick").queue(CAPACITY, overflow);
    let mut stream: EventStream<Tick> = queue.stream().unwrap();
    let publishers = [0, 1].map(|publisher| {
        let bus = bus.clone();
        spawn(move || publish(&bus, publisher))
    });
    let reader = spawn(move || {
        let (read, mut lost) = (Seen::default(), Vec::new());
        for item in stream.iter() {
            match item {
                Ok(event) => read.keep(&event),
                Err(lagged) => lost.push(lagged),
            }
        }
        let stats = stream.stats();
        assert_eq!((stats.waiting, stats.delivered), (0, read.all().len() as u64));
        assert_eq!(stats.dropped, lost.iter().map(Lagged::missed).sum::<u64>());
        (read, lost, stats.replaced)
    });
    let published =
        publishers.into_iter().flat_map(|publisher| publisher.join().unwrap()).collect();
    assert!(bus.close(LONG).is_complete());
    let (read, lost, replaced) = reader.join().unwrap();
    Account { published, read, lost, replaced }
}

impl Account {
    /// Each event was read, is in one loss, or was replaced.
    fn check(&self) {
        let Self { published, read, lost, replaced } = self;
        let numbers = read.numbers();
        assert!(numbers.iter().all(|number| published.contains(number)));
        for lagged in lost {
            let range = lagged.from()..=lagged.to();
            assert!(
                published.contains(range.start()) && published.contains(range.end()),
                "{lagged}"
            );
            assert!(!numbers.iter().any(|number| range.contains(number)), "{lagged} and {read:?}");
        }
        let missed: u64 = lost.iter().map(Lagged::missed).sum();
        assert_eq!(numbers.len() as u64 + missed + replaced, 2 * EACH, "{lost:?} and {read:?}");
    }
}

#[test]
fn one_that_blocks_loses_nothing() {
    run(|| {
        let account = account(Overflow::Block(LONG));
        account.check();
        assert!(account.lost.is_empty() && account.replaced == 0);
    });
}

#[test]
fn one_that_rejects_loses_nothing() {
    run(|| {
        let account = account(Overflow::Reject);
        account.check();
        assert!(account.lost.is_empty() && account.replaced == 0);
    });
}

#[test]
fn one_that_drops_the_oldest_tells_each() {
    run(|| account(Overflow::DropOldest).check());
}

#[test]
fn one_that_drops_the_newest_tells_each() {
    run(|| account(Overflow::DropNewest).check());
}

/// There is room for the key of each publisher: nothing is lost, and the last of each is read.
#[test]
fn one_that_conflates_gives_the_last_of_each_key() {
    run(|| {
        let key = |event: &rem_core::Event| {
            let tick = event.downcast_ref::<Tick>();
            tick.map_or(String::new(), |tick| tick.data.place().0.1.to_string()).into()
        };
        let account = account(Overflow::Conflate(Key::of(key)));
        account.check();
        assert!(account.lost.is_empty(), "{:?}", account.lost);
        for publisher in 0..2 {
            let last = Tick::Of { publisher, number: EACH - 1 };
            assert!(account.read.all().iter().any(|(_, tick)| *tick == last), "{:?}", account.read);
        }
    });
}

/// A publisher waits until its limit, which here comes when nobody reads, and then its event comes back.
#[test]
fn a_publisher_waits_until_its_limit() {
    run(|| {
        let bus = bus(Bus::builder());
        let limit = if cfg!(rem_shuttle) { LONG } else { Duration::from_millis(1) };
        let queue = bus.subscription("tick").queue(1, Overflow::Block(limit));
        let mut stream: EventStream<Tick> = queue.stream().unwrap();
        let publishers = [0, 1].map(|publisher| {
            let bus = bus.clone();
            spawn(move || bus.publish(Tick::Of { publisher, number: 0 }).is_ok())
        });
        let came = publishers.map(|publisher| publisher.join().unwrap());
        assert_eq!(came.iter().filter(|came| **came).count(), 1, "{came:?}");
        assert!(stream.recv_timeout(limit).is_ok());
        assert!(matches!(stream.recv_timeout(limit), Err(TryRecvError::Empty)));
    });
}

//! Queues at full speed: everything is delivered or told, whatever a full queue does.

use std::collections::HashMap;
use std::thread;
use std::time::Duration;

use rem::prelude::*;
use rem::{Key, Lagged, PublishErrorKind};

use crate::losses::{self, numbers};
use crate::{LONG, Orders, Tick, repeat};

const PUBLISHERS: u64 = 3;

#[derive(EventType, Debug)]
#[event(name = "elsewhere", local)]
struct Elsewhere;

/// Publishes so many, each until there is room; for every other it waits as a future. Gives the numbers of its events.
fn publish(bus: &Bus, publisher: u64, each: u64) -> Vec<u64> {
    let mut numbers = Vec::new();
    for number in 0..each {
        let mut tick = Tick::Of { publisher, number };
        let receipt = loop {
            let result = match number % 2 {
                0 => bus.publish(tick),
                _ => smol::block_on(bus.publish_async(tick)),
            };
            match result {
                Ok(receipt) => break receipt,
                Err(error) => {
                    assert!(matches!(error.kind(), PublishErrorKind::QueueFull { .. }));
                    tick = error.into_data();
                    thread::yield_now();
                }
            }
        };
        assert_eq!(receipt.matched(), 1);
        numbers.extend(receipt.sequence());
        // So that not every number is one of the queue's.
        if number.is_multiple_of(7) {
            bus.publish(Elsewhere).unwrap();
        }
    }
    numbers
}

/// Lets others go ahead now and then, in the place where a publisher has numbered an event and not queued it.
fn is_slow_to_queue(event: &Event) -> bool {
    if event.downcast_ref::<Tick>().is_some_and(|tick| tick.data.number() % 8 == 5) {
        thread::yield_now();
    }
    true
}

/// What a reader was given, in its order.
struct Read {
    delivered: Vec<(u64, Tick)>,
    lost: Vec<Lagged>,
}

/// Several publishers beside one reader, a thread or a future in turn, until all are done and the bus is closed. Gives
/// the numbers that each published, what was read, and how many events the queue says were replaced.
fn run(overflow: &Overflow, capacity: usize, each: u64, round: u64) -> (Vec<Vec<u64>>, Read, u64) {
    let bus = Bus::new();
    let _every = bus.on(|_: &Event<Elsewhere>| ());
    let subscription = bus.subscription("tick").filter(is_slow_to_queue);
    let mut stream: EventStream<Tick> =
        subscription.queue(capacity, overflow.clone()).stream().unwrap();
    let mut read = Read { delivered: Vec::new(), lost: Vec::new() };
    let mut note = |item: Result<Received<Tick>, Lagged>| match item {
        Ok(event) => read.delivered.push((event.sequence().unwrap(), event.data.clone())),
        Err(lagged) => read.lost.push(lagged),
    };
    let published = thread::scope(|scope| {
        let publishers: Vec<_> = (0..PUBLISHERS)
            .map(|publisher| {
                let bus = &bus;
                scope.spawn(move || publish(bus, publisher, each))
            })
            .collect();
        let closer = scope.spawn(|| {
            let published: Vec<_> =
                publishers.into_iter().map(thread::ScopedJoinHandle::join).collect();
            // Whatever they say: the reader waits for it.
            bus.close(Duration::ZERO);
            published.into_iter().map(Result::unwrap).collect()
        });
        if round.is_multiple_of(2) {
            stream.iter().for_each(&mut note);
        } else {
            smol::block_on(async {
                while let Some(item) = stream.recv().await {
                    note(item);
                }
            });
        }
        closer.join().unwrap()
    });
    let stats = stream.stats();
    let missed: u64 = read.lost.iter().map(Lagged::missed).sum();
    assert_eq!((stats.waiting, stats.dropped), (0, missed), "{overflow}");
    assert_eq!(stats.delivered, read.delivered.len() as u64, "{overflow}");
    (published, read, stats.replaced)
}

/// A round with each capacity in turn.
fn account(case: &str, overflow: &Overflow) {
    let lossless = matches!(overflow, Overflow::Block(_) | Overflow::Reject);
    repeat(case, |round| {
        let capacity = [1, 3, 64][usize::try_from(round / 2 % 3).unwrap()];
        let (published, read, replaced) = run(overflow, capacity, 300, round);
        Orders::check(&read.delivered);
        losses::check(published.concat(), &numbers(&read.delivered), &read.lost, replaced);
        assert!(!lossless || read.lost.is_empty());
        assert_eq!(replaced, 0);
        300 * PUBLISHERS
    });
}

#[test]
fn a_queue_that_blocks_loses_nothing() {
    account("a_queue_that_blocks_loses_nothing", &Overflow::Block(LONG));
}

#[test]
fn a_queue_that_blocks_for_a_moment_loses_nothing() {
    let overflow = Overflow::Block(Duration::from_micros(50));
    account("a_queue_that_blocks_for_a_moment_loses_nothing", &overflow);
}

#[test]
fn a_queue_that_rejects_loses_nothing() {
    account("a_queue_that_rejects_loses_nothing", &Overflow::Reject);
}

#[test]
fn a_queue_that_drops_the_oldest_tells_each() {
    account("a_queue_that_drops_the_oldest_tells_each", &Overflow::DropOldest);
}

#[test]
fn a_queue_that_drops_the_newest_tells_each() {
    account("a_queue_that_drops_the_newest_tells_each", &Overflow::DropNewest);
}

/// Publishers 0 and 1 have one, 2 has another.
fn key(publisher: u64) -> u64 {
    publisher / 2
}

/// With room for each key nothing is lost, and the newest event of each key is delivered; without, what is lost is told.
#[test]
fn a_queue_that_conflates_gives_the_last_of_each_key() {
    repeat("a_queue_that_conflates_gives_the_last_of_each_key", |round| {
        let overflow = Overflow::Conflate(Key::of(|event| {
            is_slow_to_queue(event);
            let tick = event.downcast_ref::<Tick>();
            tick.map_or(String::new(), |tick| key(tick.data.publisher()).to_string()).into()
        }));
        let capacity = [1, 2, 64][usize::try_from(round / 2 % 3).unwrap()];
        let (published, read, replaced) = run(&overflow, capacity, 30, round); // short, for what counts is the end
        let mut orders = Orders::default();
        let mut newest = HashMap::new();
        for (number, tick) in &read.delivered {
            orders.see(tick);
            let newest = newest.entry(key(tick.publisher())).or_default();
            *newest = (*number).max(*newest);
        }
        if capacity > 1 {
            assert!(read.lost.is_empty(), "{:?}", read.lost);
            for (numbers, publisher) in published.iter().zip(0..) {
                assert!(numbers.last() <= newest.get(&key(publisher)), "of publisher {publisher}");
            }
        }
        losses::check(published.concat(), &numbers(&read.delivered), &read.lost, replaced);
        30 * PUBLISHERS
    });
}

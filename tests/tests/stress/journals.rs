//! A journal under publishers: past and live meet over memory and disk, and what is opened again is what was.

use std::collections::HashSet;
use std::thread;
use std::time::Duration;

use rem::journal::{Durability, Journal, JournalBuilder};
use rem::prelude::*;

use crate::losses::numbers;
use crate::{Orders, Tick, repeat};

const PUBLISHERS: u64 = 2;
const EACH: u64 = 60;

fn options(round: u64) -> JournalBuilder {
    let durability = match round % 3 {
        0 => Durability::Every(Duration::from_millis(1)),
        1 => Durability::EveryEvent,
        _ => Durability::OnClose,
    };
    // So small that what is read is partly on the disk alone.
    Journal::builder().durability(durability).backlog(16, 1 << 20).patience(Duration::from_secs(60))
}

fn note(event: &Event<Tick>) -> (u64, Tick) {
    (event.sequence().unwrap(), event.data.clone())
}

/// What a stream has, of which nothing may be lost.
fn drain(stream: &mut EventStream<Tick>, seen: &mut Vec<(u64, Tick)>) {
    loop {
        match stream.try_recv() {
            Ok(event) => seen.push(note(&event)),
            Err(rem::TryRecvError::Empty | rem::TryRecvError::Ended) => return,
            Err(other) => panic!("{other:?}"),
        }
    }
}

#[test]
fn past_and_live_meet_over_memory_and_disk() {
    repeat("past_and_live_meet_over_memory_and_disk", |round| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.rem");
        let total = PUBLISHERS * EACH;
        let bus = Bus::builder().history(options(round).open(&path).unwrap()).build();
        let capacity = usize::try_from(total).unwrap();
        let mut readers = thread::scope(|scope| {
            let publishers: Vec<_> = (0..PUBLISHERS)
                .map(|publisher| {
                    let bus = &bus;
                    scope.spawn(move || {
                        for number in 0..EACH {
                            bus.publish(Tick::Of { publisher, number }).unwrap();
                        }
                    })
                })
                .collect();
            let mut readers: Vec<(EventStream<Tick>, Vec<_>)> = Vec::new();
            while readers.is_empty()
                || (readers.len() < 6
                    && !publishers.iter().all(thread::ScopedJoinHandle::is_finished))
            {
                let queue = bus.subscription("tick").from(Start::Earliest);
                let stream = queue.queue(capacity, Overflow::Reject).stream().unwrap();
                readers.push((stream, Vec::new()));
                for (stream, seen) in &mut readers {
                    drain(stream, seen);
                }
            }
            readers
        });
        let mut checked = 0;
        for (stream, seen) in &mut readers {
            drain(stream, seen);
            Orders::check(seen);
            let mut numbers = numbers(seen);
            numbers.sort_unstable();
            assert!(numbers.iter().copied().eq(1..=total), "{numbers:?}");
            checked += numbers.len() as u64;
        }
        let before: HashSet<_> = readers[0].1.iter().map(|(_, tick)| format!("{tick:?}")).collect();
        drop((readers, bus));

        let again = Bus::builder().history(options(round).open(&path).unwrap()).build();
        let after = again.query("tick").unwrap().of::<Tick>();
        assert!(after.iter().filter_map(|event| event.sequence()).eq(1..=total));
        let after: HashSet<_> = after.iter().map(|event| format!("{:?}", event.data)).collect();
        assert_eq!(before, after);
        checked
    });
}

/// The same number is never given out twice, however often it is opened, and acknowledged is what is there.
#[test]
fn what_is_acknowledged_by_several_publishers_is_there_again() {
    repeat("what_is_acknowledged_by_several_publishers_is_there_again", |round| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.rem");
        let mut acknowledged = Vec::new();
        for life in 0..3 {
            let bus = Bus::builder().history(options(round + life).open(&path).unwrap()).build();
            let found: Vec<_> =
                bus.query("tick").unwrap().of::<Tick>().iter().map(|event| note(event)).collect();
            for told in &acknowledged {
                assert_eq!(found.iter().filter(|found| *found == told).count(), 1, "{told:?}");
            }
            let told = thread::scope(|scope| {
                let publishers = [0, 1].map(|publisher| {
                    let bus = &bus;
                    scope.spawn(move || {
                        let mut told = Vec::new();
                        for number in 0..10 {
                            let tick = Tick::Of { publisher, number: 100 * life + number };
                            let receipt = bus.publish(tick.clone()).unwrap();
                            if number % 5 == 4 {
                                receipt.durable().wait(Duration::from_secs(60)).unwrap();
                                told.push((receipt.sequence().unwrap(), tick));
                            }
                        }
                        told
                    })
                });
                publishers.map(|publisher| publisher.join().unwrap()).concat()
            });
            acknowledged.extend(told);
        }
        acknowledged.len() as u64
    });
}

//! Threads at full speed: everything is delivered or told.

use std::thread;
use std::time::Duration;

use rem::PublishErrorKind;
use rem::prelude::*;

use crate::{Job, LONG, Other, number, queue, range};

/// Several publishers at full speed beside a slow reader: everything is delivered or told, in order, and no range
/// encloses what was delivered.
fn account(overflow: &Overflow, capacity: usize) {
    const PUBLISHERS: u64 = 3;
    const EACH: u64 = 4_000;
    let bus = Bus::new();
    let _every = bus.subscribe("elsewhere", |_: &Event| ()).unwrap();
    let mut stream = queue(&bus, capacity, overflow.clone());
    let publishers: Vec<_> = (0..PUBLISHERS)
        .map(|publisher| {
            let bus = bus.clone();
            thread::spawn(move || {
                for number in 0..EACH {
                    let mut job = Job::Added(publisher * EACH + number);
                    while let Err(error) = bus.publish(job) {
                        assert!(matches!(error.kind(), PublishErrorKind::QueueFull { .. }));
                        job = error.into_data();
                        thread::yield_now();
                    }
                    if number % 7 == 0 {
                        bus.publish_to("elsewhere", Other).unwrap();
                    }
                }
            })
        })
        .collect();
    let closer = thread::spawn(move || {
        for publisher in publishers {
            publisher.join().unwrap();
        }
        bus.close(Duration::ZERO);
    });
    let (mut delivered, mut lost, mut newest) = (Vec::new(), Vec::new(), vec![None; 3]);
    for item in stream.iter() {
        match item {
            Ok(event) => {
                let number = number(&event.data);
                let publisher = usize::try_from(number / EACH).unwrap();
                assert!(newest[publisher] < Some(number), "a publisher's events come in its order");
                newest[publisher] = Some(number);
                delivered.push(event.sequence().unwrap());
            }
            Err(lagged) => lost.push(range(&lagged)),
        }
    }
    closer.join().unwrap();
    let missed: u64 = lost.iter().map(|(missed, ..)| missed).sum();
    assert_eq!(delivered.len() as u64 + missed, PUBLISHERS * EACH, "{overflow}");
    delivered.sort_unstable();
    delivered.dedup();
    assert_eq!(delivered.len() as u64 + missed, PUBLISHERS * EACH, "none came twice");
    for (missed, from, to) in lost {
        let at = delivered.partition_point(|sequence| *sequence < from);
        assert!(
            delivered.get(at).is_none_or(|sequence| *sequence > to),
            "{overflow}: {from} to {to}"
        );
        assert!(missed <= to - from + 1);
    }
    let may_lose = matches!(overflow, Overflow::DropOldest | Overflow::DropNewest);
    assert!(may_lose || missed == 0);
}

#[test]
fn every_event_is_accounted_for() {
    for overflow in [
        Overflow::DropOldest,
        Overflow::DropNewest,
        Overflow::Reject,
        Overflow::Block(Duration::ZERO),
        Overflow::Block(LONG),
    ] {
        for capacity in [1, 3, 256] {
            account(&overflow, capacity);
        }
    }
}

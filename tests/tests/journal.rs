//! The journal as users have it: by the derive, and with what only some programs do.

use std::fs;
use std::time::Duration;

use rem::journal::{Durability, Journal};
use rem::prelude::*;
use rem::{Start, TryRecvError};
use serde::{Deserialize, Serialize};

#[derive(EventType, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[event(name = "paid")]
struct Paid {
    order: u64,
}

#[derive(EventType, Debug)]
#[event(name = "seen", local)]
struct Seen;

#[test]
fn what_never_leaves_the_process_has_a_number_and_no_damage() {
    let every = Durability::Every(Duration::from_millis(2));
    for durability in [Durability::EveryEvent, every, Durability::OnClose] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.rem");
        // The second time a batch begins behind one that is there.
        for (time, first) in [(0, 1), (1, 6)] {
            let journal = Journal::builder().durability(durability).open(&path).unwrap();
            let bus = Bus::builder().history(journal).build();
            for order in [1, 2] {
                bus.publish(Seen).unwrap();
                bus.publish(Paid { order }).unwrap();
            }
            let last = bus.publish(Seen).unwrap().sequence();
            assert_eq!(last, Some(first + 4), "{durability:?}");
            drop(bus);

            let journal = Journal::open(&path).unwrap();
            let handle = journal.handle();
            let report = handle.verify(|_| true).unwrap();
            assert!(report.is_sound(), "{durability:?}, time {time}: {:?}", report.damages);
            let bus = Bus::builder().history(journal).build();
            let events = bus.query("**").unwrap().events();
            let numbers = events.iter().filter_map(|event| event.sequence());
            let expected: &[u64] = if time == 0 { &[2, 4] } else { &[2, 4, 7, 9] };
            assert!(numbers.eq(expected.iter().copied()), "{durability:?}: {events:?}");
            assert_eq!(handle.stats().unreadable, 0, "{durability:?}");
        }
    }
}

/// Numbers that a crash left unused and those of events that only memory had are one hole where they meet, and are told apart.
#[test]
fn what_memory_let_go_of_is_a_loss_though_a_crash_left_the_numbers_before_it() {
    let folder = tempfile::tempdir().unwrap();
    let (path, copy) = (folder.path().join("journal.rem"), folder.path().join("copy.rem"));
    let bus = Bus::builder().history(Journal::open(&path).unwrap()).build();
    bus.publish(Paid { order: 1 }).unwrap().durable().wait(Duration::from_secs(30)).unwrap();
    fs::copy(&path, &copy).unwrap(); // as a crash leaves it: numbers are reserved that nobody has

    let journal = Journal::builder().backlog(4, 1 << 20).memory(4).open(&copy).unwrap();
    let handle = journal.handle();
    let bus = Bus::builder().history(journal).build();
    let seen = bus.publish(Seen).unwrap().sequence().unwrap();
    assert!(seen > 2);
    for order in 2..=20 {
        let paid = bus.publish(Paid { order }).unwrap();
        paid.durable().wait(Duration::from_secs(30)).unwrap();
    }
    assert_eq!(handle.stats().stored.holes, [2..=seen], "one run");
    let all = bus.subscription("**").from(Start::Earliest).queue(64, Overflow::DropNewest);
    let mut all = all.stream::<dyn rem::Payload>().unwrap();
    assert_eq!(all.try_recv().unwrap().sequence(), Some(1));
    let Err(TryRecvError::Lagged(lagged)) = all.try_recv() else { panic!("no loss is told") };
    assert_eq!((lagged.from(), lagged.to()), (seen, seen), "what an event was, and no more");
    assert_eq!(all.try_recv().unwrap().sequence(), Some(seen + 1));
}

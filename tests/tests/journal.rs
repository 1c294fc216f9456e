//! The journal as users have it: by the derive, and with what only some programs do.

use std::time::Duration;

use rem::journal::{Durability, Journal};
use rem::prelude::*;
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

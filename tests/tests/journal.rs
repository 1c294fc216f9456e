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

/// A durable subscription is given what is stored alone: what never is and memory let go of is no loss to it.
#[test]
fn events_that_never_leave_the_process_are_no_loss_to_a_durable_subscription() {
    let every = Durability::Every(Duration::from_millis(2));
    for durability in [Durability::EveryEvent, every, Durability::OnClose] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.rem");
        let journal = Journal::builder().durability(durability).backlog(8, 1 << 20).memory(8);
        let bus = Bus::builder().history(journal.open(&path).unwrap()).build();
        let mut paid = Vec::new();
        // Alone, in a row, and more of them in a row than memory has.
        for (order, local) in (0..60).zip([1, 3, 20].into_iter().cycle()) {
            (0..local).for_each(|_| drop(bus.publish(Seen).unwrap()));
            let receipt = bus.publish(Paid { order }).unwrap();
            paid.extend(receipt.sequence());
            receipt.durable().wait(Duration::from_secs(30)).unwrap();
        }
        let mut all = bus.subscription("**").durable("all").stream::<dyn rem::Payload>().unwrap();
        for number in paid {
            let next = all.recv_timeout(Duration::from_secs(30));
            assert_eq!(next.unwrap().sequence(), Some(number), "{durability:?}");
            all.ack();
        }
        assert_eq!(all.subscription().missed(), 0, "{durability:?}");
        // To others they are a loss still, for they are given what is in memory.
        let others = bus.subscription("**").from(Start::Earliest).queue(64, Overflow::DropNewest);
        let mut others = others.stream::<dyn rem::Payload>().unwrap();
        while others.try_recv().is_ok() {}
        assert!(others.subscription().missed() > 0, "{durability:?}");
    }
}

/// Numbers that a process left unused when it was killed are nothing that anybody is behind.
#[test]
fn who_has_handled_all_is_not_behind_after_a_crash() {
    let folder = tempfile::tempdir().unwrap();
    let (path, copy) = (folder.path().join("journal.rem"), folder.path().join("copy.rem"));
    let open = |path| Bus::builder().history(Journal::open(path).unwrap()).build();
    let stream = |bus: &Bus, name| bus.subscription("paid").durable(name).stream::<Paid>().unwrap();
    let soon = Duration::from_secs(30);
    let bus = open(&path);
    for order in 1..=3 {
        bus.publish(Paid { order }).unwrap().durable().wait(soon).unwrap();
    }
    for (name, handled) in [("invoices", 3), ("mails", 2)] {
        let mut stream = stream(&bus, name);
        for order in 1..=handled {
            assert_eq!(stream.recv_timeout(soon).unwrap().data.order, order);
        }
        stream.ack();
    }
    drop(bus);
    let killed = open(&path);
    fs::copy(&path, &copy).unwrap(); // as a crash leaves it: numbers are reserved that nobody has

    let bus = open(&copy);
    let lags = || bus.positions().iter().map(|it| (it.position, it.lag)).collect::<Vec<_>>();
    assert_eq!(lags(), [(3, 0), (2, 1)], "whom nobody uses");
    let mut mails = stream(&bus, "mails");
    assert_eq!(lags(), [(3, 0), (2, 1)]);
    assert_eq!(mails.recv_timeout(soon).unwrap().data.order, 3);
    mails.ack();
    assert_eq!(lags(), [(3, 0), (3, 0)]);
    let receipt = bus.publish(Paid { order: 4 }).unwrap();
    receipt.durable().wait(soon).unwrap();
    assert!(receipt.sequence() > Some(4), "{receipt:?}");
    assert_eq!(lags(), [(3, 1), (3, 1)]);
    assert_eq!(mails.recv_timeout(soon).unwrap().data.order, 4);
    mails.ack();
    assert_eq!(lags()[1].1, 0);
    drop(killed);
}

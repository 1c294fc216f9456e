//! An outbox that has no more room: it refuses, has publishers wait, or lets go of the oldest; and what is gone unsent is counted.

use std::time::Duration;

use rem::PublishErrorKind;
use rem::journal::{Journal, Keep, Retention};
use rem::mesh::memory::MemoryBroker;
use rem::mesh::{MeshEvent, Outbox, ReplicatedErrorKind, WhenFull};
use rem::prelude::*;

use crate::support::{durable, eventually, fast, journaled, orders, place, stored, told, wait_for};
use crate::{LIMIT, Order};

#[test]
fn an_outbox_that_is_full_refuses_and_gives_the_event_back() {
    let (folder, broker) = (tempfile::tempdir().unwrap(), MemoryBroker::new());
    let bus = journaled(folder.path(), fast());
    let mesh = durable(&bus, &broker).outbox(Outbox::new().events(10)).join_blocking().unwrap();
    broker.cut("orders");
    for id in 0..10 {
        place(&bus, id);
    }
    let error = bus.publish(Order::Placed { id: 10 }).unwrap_err();
    assert!(
        matches!(error.kind(), PublishErrorKind::Middleware { name, reason, .. }
            if &**name == "Outbox" && reason.contains("10 events")),
        "{error}"
    );
    assert_eq!(error.into_data(), Order::Placed { id: 10 }, "it is given back");
    assert_eq!(mesh.stats().waiting, 10);
    broker.mend("orders");
    eventually(|| mesh.stats().waiting == 0, || mesh.stats().to_string());
    place(&bus, 11);
    assert!(mesh.leave(LIMIT).is_complete());
    let expected: Vec<u64> = (0..10).chain([11]).collect();
    assert_eq!(orders(&stored(&broker)), expected);
    // A mesh that is over holds nothing up, though its handle is there.
    for id in 20..40 {
        place(&bus, id);
    }
}

#[test]
fn who_waits_for_room_gets_it_when_the_broker_is_back() {
    let (folder, broker) = (tempfile::tempdir().unwrap(), MemoryBroker::new());
    let bus = journaled(folder.path(), fast());
    let outbox = Outbox::new().events(5).when_full(WhenFull::Wait(LIMIT));
    let mesh = durable(&bus, &broker).outbox(outbox).join_blocking().unwrap();
    broker.cut("orders");
    for id in 0..5 {
        place(&bus, id);
    }
    std::thread::scope(|scope| {
        let waits = scope.spawn(|| place(&bus, 5));
        broker.mend("orders");
        waits.join().unwrap();
    });
    assert!(mesh.leave(LIMIT).is_complete());
    assert_eq!(orders(&stored(&broker)), (0..6).collect::<Vec<_>>());
    // And who waits for one that does not come back is refused at his limit.
    let outbox = outbox.when_full(WhenFull::Wait(Duration::from_millis(20)));
    let mesh = durable(&bus, &broker).outbox(outbox).join_blocking().unwrap();
    broker.cut("orders");
    for id in 0..5 {
        place(&bus, id);
    }
    bus.publish(Order::Placed { id: 9 }).unwrap_err();
    drop(mesh);
}

#[test]
fn the_oldest_go_if_that_is_wanted_counted_and_told() {
    let (folder, broker) = (tempfile::tempdir().unwrap(), MemoryBroker::new());
    let bus = journaled(folder.path(), fast());
    let (told, _telling) = told(&bus);
    let outbox = Outbox::new().events(20).when_full(WhenFull::DropOldest);
    let mesh = durable(&bus, &broker).outbox(outbox).join_blocking().unwrap();
    broker.cut("orders");
    let receipts: Vec<_> = (0..100).map(|id| bus.publish(Order::Placed { id }).unwrap()).collect();
    eventually(|| mesh.stats().overflowed == 80, || mesh.stats().to_string());
    let event = wait_for(&told, |event| matches!(event, MeshEvent::Overflow { .. }));
    assert!(event.to_string().contains("oldest"), "{event}");
    let error = mesh.replicated(&receipts[3]).wait(LIMIT).unwrap_err();
    assert_eq!(error.kind(), ReplicatedErrorKind::Unsent, "{error}");
    broker.mend("orders");
    assert!(mesh.leave(LIMIT).is_complete());
    assert_eq!(orders(&stored(&broker)), (80..100).collect::<Vec<_>>());
    assert_eq!(bus.query("order").unwrap().events().len(), 100, "the journal has them all");
}

#[test]
fn what_the_journal_let_go_before_it_was_sent_is_counted() {
    let (folder, broker) = (tempfile::tempdir().unwrap(), MemoryBroker::new());
    let open = || {
        let retention = Retention::new().all(Keep::events(50));
        let journal = Journal::builder().durability(fast()).retention(retention);
        Bus::builder().history(journal.open(folder.path().join("bus.rem")).unwrap()).build()
    };
    let bus = open();
    assert!(durable(&bus, &broker).join_blocking().unwrap().leave(LIMIT).is_complete());
    for id in 0..300 {
        place(&bus, id);
    }
    drop(bus);
    let bus = open();
    let (told, _telling) = told(&bus);
    let mesh = durable(&bus, &broker).join_blocking().unwrap();
    wait_for(&told, |event| matches!(event, MeshEvent::Truncated { consumer: None, .. }));
    assert!(mesh.leave(LIMIT).is_complete());
    let (sent, lost) = (stored(&broker).len() as u64, mesh.stats().outbox_lost);
    assert!(lost > 0 && sent + lost == 300, "{sent} were sent and {lost} lost");
}

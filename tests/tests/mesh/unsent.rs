//! What the outbox does not send, the journal having let go of it or the outbox itself: that much and no more, counted, and told to who
//! waits for it.
#![expect(clippy::unwrap_used, reason = "what fails in a test should end it")]

use std::path::Path;
use std::time::Duration;

use rem::journal::{Journal, JournalHandle, Keep, Retention};
use rem::mesh::memory::MemoryBroker;
use rem::mesh::{Level, Mesh, MeshEvent, Outbox, Replicated, ReplicatedErrorKind, WhenFull};
use rem::prelude::*;
use rem::wire::{Codec, RawEvent};

use crate::gated::Gate;
use crate::support::{eventually, fast, opened, orders, place, stored, told, wait_for};
use crate::{LIMIT, Order};

/// How many orders are shipped in the case below, and how many of them the journal keeps.
const SHIPPED: u64 = 300;
const KEPT: u64 = 10;

/// A bus with such a journal, which has little in memory that the disk has no more.
fn shop(folder: &Path) -> (Bus, JournalHandle) {
    let keep = Retention::new().of("order.*.shipped", Keep::events(KEPT)).unwrap();
    let keep = keep.of("other", Keep::events(1)).unwrap();
    opened(
        folder,
        &Journal::builder()
            .durability(fast())
            .backlog(8, 1 << 20)
            .memory(8)
            .patience(LIMIT)
            .retention(keep),
    )
}

fn outbox(bus: &Bus, broker: &MemoryBroker, gate: &Gate, outbox: Outbox) -> Mesh {
    let mesh = Mesh::builder(bus).transport(gate.before(broker.transport("orders"))).node("orders");
    mesh.export_at(Level::Durable, "order").outbox(outbox).join_blocking().unwrap()
}

/// Of what the outbox has not read the journal let go, while one order of which that is not so is in its hand and not sent.
struct Lagging {
    mesh: Mesh,
    gate: Gate,
    /// Of the first that the journal let go, and of the one in hand.
    lost: Replicated,
    in_hand: Replicated,
}

fn lagging((bus, journal): &(Bus, JournalHandle), broker: &MemoryBroker) -> Lagging {
    let (gate, (told, _telling)) = (Gate::default(), told(bus));
    let mesh = outbox(bus, broker, &gate, Outbox::new().in_flight(2));
    gate.let_pass(1, 0);
    place(bus, 0);
    let in_hand = mesh.replicated(&bus.publish(Order::Placed { id: 1 }).unwrap());
    eventually(|| gate.asked() == 2, || "its hand is full, and reads no more".into());
    let mut lost = None;
    for id in 0..SHIPPED {
        let shipped = bus.publish(Order::Shipped { id: 100 + id, region: "eu".into() }).unwrap();
        lost.get_or_insert_with(|| mesh.replicated(&shipped));
        // What is none of its own stands between, and is let go too.
        bus.publish_to("other", RawEvent::new(Codec::Json, *b"1")).unwrap();
    }
    let kept = || journal.stats().stored.events;
    let newest = bus.publish_to("other", RawEvent::new(Codec::Json, *b"1")).unwrap();
    newest.durable().wait(LIMIT).unwrap();
    eventually(|| kept() == 2 + KEPT + 1, || format!("the journal keeps {}", kept()));
    assert_eq!(mesh.stats().waiting, 2 + SHIPPED, "{}", mesh.stats());
    gate.let_pass(0, 1);
    wait_for(&told, |event| matches!(event, MeshEvent::Truncated { consumer: None, .. }));
    // More than one range, perhaps, one after the other.
    eventually(|| mesh.stats().waiting == 1 + KEPT, || mesh.stats().to_string());
    let stats = mesh.stats();
    assert!(stats.outbox_lost >= SHIPPED - KEPT, "{stats}");
    Lagging { mesh, gate, lost: lost.unwrap(), in_hand }
}

/// As many wait as are there to be sent; nobody is told that the broker has what was never sent; and who leaves is done.
#[test]
fn what_the_journal_lets_go_of_waits_no_more_and_counts_as_unsent() {
    let (folder, broker) = (tempfile::tempdir().unwrap(), MemoryBroker::new());
    let bus = shop(folder.path());
    let Lagging { mesh, gate, lost, in_hand } = lagging(&bus, &broker);
    let error = lost.wait(LIMIT).unwrap_err();
    assert_eq!(error.kind(), ReplicatedErrorKind::Unsent, "{error}");
    assert!(error.to_string().contains("journal"), "{error}");
    gate.open();
    in_hand.wait(LIMIT).unwrap();
    let report = mesh.leave(LIMIT);
    assert!(report.is_complete(), "{report}: {}", mesh.stats());
    let sent = orders(&stored(&broker));
    assert_eq!(sent[..2], [0, 1]);
    assert!(sent[2..].iter().copied().eq(100 + SHIPPED - KEPT..100 + SHIPPED), "{sent:?}");
}

/// The process ends while something is in its hand: the next one sends that.
#[test]
fn what_is_in_hand_when_the_journal_lets_go_of_more_is_sent_by_the_next_process() {
    let (folder, broker) = (tempfile::tempdir().unwrap(), MemoryBroker::new());
    let bus = shop(folder.path());
    drop((lagging(&bus, &broker), bus));
    let ((bus, _journal), gate) = (shop(folder.path()), Gate::default());
    gate.open();
    let mesh = outbox(&bus, &broker, &gate, Outbox::new());
    let report = mesh.leave(LIMIT);
    assert!(report.is_complete(), "{report}: {}", mesh.stats());
    assert_eq!(orders(&stored(&broker))[..2], [0, 1], "{}", mesh.stats());
    assert!(mesh.stats().outbox_lost > 0, "it is told again, for the position stands before it");
}

/// Which is not known to be sent, and not known not to be.
#[test]
fn what_the_transport_is_about_to_take_is_not_the_oldest_that_goes() {
    let (folder, broker, gate) =
        (tempfile::tempdir().unwrap(), MemoryBroker::new(), Gate::default());
    let (bus, _journal) = shop(folder.path());
    let (told, _telling) = told(&bus);
    let full = Outbox::new().events(5).when_full(WhenFull::DropOldest);
    let mesh = outbox(&bus, &broker, &gate, full);
    gate.let_pass(0, u64::MAX / 2);
    let first = bus.publish(Order::Placed { id: 0 }).unwrap();
    eventually(|| gate.asked() == 1, || "it is to be taken".into());
    let mut receipts = vec![first];
    receipts.extend((1..20).map(|id| bus.publish(Order::Placed { id }).unwrap()));
    receipts[19].durable().wait(LIMIT).unwrap();
    // Were one to go, it would be now.
    while let Ok(event) = told.recv_timeout(Duration::from_millis(300)) {
        assert!(!matches!(event, MeshEvent::Overflow { .. }), "{event}");
    }
    gate.open();
    let report = mesh.leave(LIMIT);
    assert!(report.is_complete(), "{report}: {}", mesh.stats());
    let (sent, stats) = (orders(&stored(&broker)), mesh.stats());
    assert_eq!(sent.len() as u64 + stats.overflowed, 20, "{sent:?} {stats}");
    assert_eq!((stats.acknowledged, sent[0]), (sent.len() as u64, 0), "{sent:?} {stats}");
    for (id, receipt) in (0..20).zip(&receipts) {
        let is_there = mesh.replicated(receipt).wait(LIMIT).is_ok();
        assert_eq!(is_there, sent.contains(&id), "{id} of {sent:?}");
    }
}

/// It waits no longer to be taken than to be acknowledged: then what is too much goes.
#[test]
fn a_transport_that_takes_nothing_holds_nothing_up_for_ever() {
    let (folder, broker, gate) =
        (tempfile::tempdir().unwrap(), MemoryBroker::new(), Gate::default());
    let (bus, _journal) = shop(folder.path());
    let (told, _telling) = told(&bus);
    let full = Outbox::new().events(5).when_full(WhenFull::DropOldest);
    let mesh = outbox(&bus, &broker, &gate, full.patience(Duration::from_millis(50)));
    for id in 0..20 {
        place(&bus, id);
    }
    wait_for(&told, |event| matches!(event, MeshEvent::Stalled { .. }));
    eventually(|| mesh.stats().overflowed == 15, || mesh.stats().to_string());
    gate.open();
    let report = mesh.leave(LIMIT);
    assert!(report.is_complete(), "{report}: {}", mesh.stats());
    assert_eq!(orders(&stored(&broker)), (15..20).collect::<Vec<_>>());
}

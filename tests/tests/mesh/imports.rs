//! What is imported into a journal: answered when the disk has it, there once, and never sent on by an outbox.
#![expect(clippy::unwrap_used, reason = "what fails in a test should end it")]

use std::io::ErrorKind;
use std::time::Duration;

use rem::journal::store::OpenOptions;
use rem::journal::{Durability, Journal};
use rem::mesh::memory::{Faults, MemoryBroker};
use rem::mesh::{Consumer, Import, Level};
use rem::prelude::*;
use rem::testing::Recorder;
use rem::{ManualClock, Timestamp};

use crate::disk_in_memory::Disk;
use crate::support::{durable, eventually, fast, journaled, place};
use crate::{LIMIT, Order, join};

/// F5: the process that imports ends between its commit and its answer, again and again.
#[test]
fn an_importer_that_ends_before_its_answer_has_each_id_in_its_journal_once() {
    let folder = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let clock = ManualClock::at(Timestamp::from_nanos(1));
    let broker = MemoryBroker::by(&clock);
    let shop = journaled(folder.0.path(), fast());
    let orders = durable(&shop, &broker).join_blocking().unwrap();
    let mut again = 0;
    for round in 0..8_u64 {
        for id in round * 20..round * 20 + 20 {
            place(&shop, id);
        }
        let office = journaled(folder.1.path(), fast());
        let seen = Recorder::new(&office);
        broker.faults(Faults::seeded(round).lose_answers(if round < 7 { 0.5 } else { 0.0 }));
        let billing = join(&office, &broker, "billing")
            .import_rule(Import::of("order").durable("billing"))
            .join_blocking()
            .unwrap();
        eventually(
            || office.query("order").unwrap().count() as u64 >= (round + 1) * 20,
            || format!("round {round}: {}", billing.stats()),
        );
        billing.leave(LIMIT);
        again += billing.stats().duplicates;
        let times: Vec<u64> = office
            .query("order")
            .unwrap()
            .of::<Order>()
            .iter()
            .map(|event| match event.data {
                Order::Placed { id } => id,
                Order::Shipped { .. } => unreachable!("none is shipped"),
            })
            .collect();
        let mut sorted = times.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, (0..(round + 1) * 20).collect::<Vec<_>>(), "each once");
        drop((seen, billing, office));
        clock.advance(Duration::from_secs(31)); // what was not answered comes again
    }
    assert!(again > 0, "some came again, and the journal knew them");
    assert!(orders.leave(LIMIT).is_complete());
}

/// What is published and not on the disk is not answered: the broker gives it again, and it is known.
#[test]
fn an_importer_with_a_journal_answers_when_the_disk_has_it_and_not_before() {
    let folder = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let clock = ManualClock::at(Timestamp::from_nanos(1));
    let broker = MemoryBroker::by(&clock);
    let shop = journaled(folder.0.path(), fast());
    let orders = durable(&shop, &broker).join_blocking().unwrap();
    let slow = Journal::builder().durability(Durability::Every(Duration::from_secs(3_600)));
    let journal = slow.open(folder.1.path().join("bus.rem")).unwrap();
    let handle = journal.handle();
    let office = Bus::builder().history(journal).build();
    let import = || Import::of("order").durable("billing");
    let billing = join(&office, &broker, "billing").import_rule(import()).join_blocking().unwrap();
    place(&shop, 1);
    eventually(|| billing.stats().imported == 1, || billing.stats().to_string());
    clock.advance(Duration::from_secs(31));
    eventually(|| billing.stats().duplicates == 1, || billing.stats().to_string());
    assert_eq!((billing.stats().imported, billing.stats().redelivered), (1, 1));
    handle.flush();
    assert!(billing.leave(LIMIT).is_complete(), "it is on the disk, and answered");
    clock.advance(Duration::from_secs(31));
    let billing = join(&office, &broker, "billing").import_rule(import()).join_blocking().unwrap();
    place(&shop, 2);
    eventually(|| billing.stats().imported == 1, || billing.stats().to_string());
    assert_eq!(billing.stats().delivered, 1, "the first was answered");
    handle.flush();
    assert!(billing.leave(LIMIT).is_complete() && orders.leave(LIMIT).is_complete());
}

/// The disk refuses what was published: it is not answered, whether it is given for the first time or again, and a process that ends then
/// has it in the next.
#[test]
fn what_the_disk_refuses_is_not_answered_though_it_is_known() {
    refused_by_the_disk(false);
    refused_by_the_disk(true); // and known by another mesh of the bus, which answers nobody
}

fn refused_by_the_disk(comes_to_another: bool) {
    let (folder, disk) = (tempfile::tempdir().unwrap(), Disk::default());
    let clock = ManualClock::at(Timestamp::from_nanos(1));
    let broker = MemoryBroker::by(&clock);
    let shop = journaled(folder.path(), fast());
    let orders = durable(&shop, &broker).join_blocking().unwrap();
    let open = |disk: &Disk| {
        let store = OpenOptions::new().open_backend("bus.rem", disk.clone()).unwrap();
        let journal = Journal::builder().durability(fast()).on(store, "bus.rem").unwrap();
        Bus::builder().history(journal).build()
    };
    let office = open(&disk);
    let import = || Import::of("order").durable(Consumer::new("billing").attempts(1_000));
    let consumes = |bus: &Bus| join(bus, &broker, "billing").import_rule(import()).join_blocking();
    let (other, billing);
    if comes_to_another {
        let always = join(&office, &broker, "other").import("order").always("order");
        other = Some(always.join_blocking().unwrap());
        disk.fail_from(disk.operations(), ErrorKind::StorageFull);
        place(&shop, 1);
        eventually(|| other.as_ref().unwrap().stats().imported == 1, || "it comes".into());
        billing = consumes(&office).unwrap();
    } else {
        other = None;
        billing = consumes(&office).unwrap();
        disk.fail_from(disk.operations(), ErrorKind::StorageFull);
        place(&shop, 1);
    }
    eventually(
        || {
            clock.advance(Duration::from_millis(100));
            billing.stats().failed >= 3
        },
        || billing.stats().to_string(),
    );
    let stats = billing.stats();
    assert_eq!(stats.imported, u64::from(!comes_to_another), "{stats}");
    assert!(stats.duplicates >= 2, "{stats}");
    let after = Disk::with(disk.after_power_loss(1));
    drop((billing, other, office));
    let office = open(&after);
    let billing = consumes(&office).unwrap();
    eventually(
        || {
            clock.advance(Duration::from_secs(1));
            billing.stats().imported == 1
        },
        || billing.stats().to_string(),
    );
    assert!(billing.leave(LIMIT).is_complete() && orders.leave(LIMIT).is_complete());
    assert_eq!(office.query("order").unwrap().count(), 1);
}

/// What came from elsewhere stays, also when the process that let it in is gone.
#[test]
fn what_was_imported_does_not_leave_again_after_a_restart() {
    let folder = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let broker = MemoryBroker::new();
    let both = |bus: &Bus, name: &str| {
        join(bus, &broker, name)
            .export_at(Level::Durable, "order")
            .import_rule(Import::of("order").durable(name))
            .join_blocking()
            .unwrap()
    };
    let (one, two) = (journaled(folder.0.path(), fast()), journaled(folder.1.path(), fast()));
    let (mesh, other) = (both(&one, "one"), both(&two, "two"));
    for id in 0..10 {
        place(&one, id);
    }
    for id in 10..20 {
        place(&two, id);
    }
    let count = |bus: &Bus| bus.query("order").unwrap().count();
    eventually(|| count(&one) == 20 && count(&two) == 20, || "all come".into());
    for mesh in [&mesh, &other] {
        let report = mesh.leave(LIMIT);
        assert!(report.is_complete(), "{report}: {}", mesh.stats());
    }
    drop((mesh, other, one, two));
    let (one, two) = (journaled(folder.0.path(), fast()), journaled(folder.1.path(), fast()));
    let (mesh, other) = (both(&one, "one"), both(&two, "two"));
    place(&one, 20);
    eventually(|| count(&two) == 21, || "it comes".into());
    for mesh in [&mesh, &other] {
        let report = mesh.leave(LIMIT);
        assert!(report.is_complete(), "{report}: {}", mesh.stats());
    }
    let counts = broker.counts();
    assert_eq!((counts.stored, counts.known), (21, 0), "each was sent by who published it, once");
    assert_eq!((count(&one), count(&two)), (21, 21));
    let marked = two.query("order").unwrap().events();
    let homes = marked.iter().filter(|event| event.metadata().get("remhome").is_some()).count();
    assert_eq!(homes, 11, "it knows what came from elsewhere");
}

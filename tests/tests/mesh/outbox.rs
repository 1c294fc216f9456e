//! The outbox: what is published at the level *Durable* reaches the broker, whatever ends in between, and each id once.

use std::time::Duration;

use rem::mesh::memory::{Faults, MemoryBroker};
use rem::mesh::{Import, JoinErrorKind, Level, MeshEvent, ReplicatedErrorKind};
use rem::prelude::*;
use rem::testing::Recorder;
use rem::{ManualClock, Timestamp};

use crate::support::{durable, eventually, fast, journaled, orders, place, stored, told, wait_for};
use crate::{LIMIT, Order, join};

#[test]
fn what_is_published_is_acknowledged_by_the_broker_in_its_order() {
    let (folder, broker) = (tempfile::tempdir().unwrap(), MemoryBroker::new());
    let bus = journaled(folder.path(), fast());
    place(&bus, 1_000); // nobody has joined: it is past
    let mesh = durable(&bus, &broker).join_blocking().unwrap();
    let mut last = None;
    for id in 0..3_000 {
        last = Some(bus.publish(Order::Placed { id }).unwrap());
        if id % 7 == 0 {
            bus.publish_to("other", rem::wire::RawEvent::new(rem::wire::Codec::Json, *b"1"))
                .unwrap();
        }
    }
    mesh.replicated(&last.unwrap()).wait(LIMIT).unwrap();
    assert_eq!(orders(&stored(&broker)), (0..3_000).collect::<Vec<_>>());
    let stats = mesh.stats();
    assert_eq!((stats.acknowledged, stats.waiting, stats.known), (3_000, 0, 0), "{stats}");
    assert_eq!(stats.last_acknowledged, Some(3_000));
    let report = mesh.leave(LIMIT);
    assert!(report.is_complete(), "{report}");
}

/// What is stored and not acknowledged is sent again by its own id, and the broker knows it.
#[test]
fn acknowledgements_that_are_lost_store_nothing_twice_and_change_no_order() {
    let mut again = 0;
    for seed in 0..10 {
        let (folder, broker) = (tempfile::tempdir().unwrap(), MemoryBroker::new());
        let bus = journaled(folder.path(), fast());
        let mesh = durable(&bus, &broker).join_blocking().unwrap();
        broker.faults(Faults::seeded(seed).lose_acknowledgements(0.02));
        for id in 0..300 {
            place(&bus, id);
        }
        eventually(|| mesh.stats().acknowledged >= 100, || mesh.stats().to_string());
        broker.calm();
        assert!(mesh.leave(LIMIT).is_complete(), "seed {seed}");
        assert_eq!(orders(&stored(&broker)), (0..300).collect::<Vec<_>>(), "seed {seed}");
        let stats = mesh.stats();
        // Of one that is known the acknowledgement may be lost too: then it is known once more.
        let known = broker.counts().known;
        assert_eq!(stats.acknowledged, 300, "{stats}");
        assert!(stats.known <= known && known <= stats.resent, "{known} {stats}");
        again += stats.known;
    }
    assert!(again > 0, "some were sent twice");
}

/// What gets lost before it is stored is stored later, so that all is there, each once.
#[test]
fn what_does_not_arrive_is_sent_again_until_it_is_there() {
    for seed in 0..5 {
        let (folder, broker) = (tempfile::tempdir().unwrap(), MemoryBroker::new());
        let bus = journaled(folder.path(), fast());
        let mesh = durable(&bus, &broker).join_blocking().unwrap();
        broker.faults(Faults::seeded(seed).lose(0.02).lose_acknowledgements(0.02));
        for id in 0..300 {
            place(&bus, id);
        }
        eventually(|| mesh.stats().resent > 0, || mesh.stats().to_string());
        for _ in 0..3 {
            broker.cut("orders");
            broker.mend("orders");
        }
        broker.calm();
        assert!(mesh.leave(LIMIT).is_complete(), "seed {seed}");
        let mut found = orders(&stored(&broker));
        found.sort_unstable();
        assert_eq!(found, (0..300).collect::<Vec<_>>(), "seed {seed}");
    }
}

/// F4: the process ends between the commit and the acknowledgement, again and again.
#[test]
fn a_process_that_ends_before_the_acknowledgement_sends_it_again_and_each_id_is_there_once() {
    let (folder, broker) = (tempfile::tempdir().unwrap(), MemoryBroker::new());
    let mut placed = 0;
    let mut known = 0;
    for round in 0..12 {
        let bus = journaled(folder.path(), fast());
        let mesh = durable(&bus, &broker).join_blocking().unwrap();
        let before = mesh.stats();
        if round > 0 {
            broker.answer();
            eventually(|| stored(&broker).len() as u64 == placed, || mesh.stats().to_string());
            eventually(|| mesh.stats().waiting == 0, || mesh.stats().to_string());
            known += mesh.stats().known;
        }
        broker.be_silent();
        let many = 1 + round * 3;
        let mut last = None;
        for id in placed..placed + many {
            last = Some(bus.publish(Order::Placed { id }).unwrap());
        }
        placed += many;
        last.unwrap().durable().wait(LIMIT).unwrap();
        if round % 2 == 0 {
            // Stored, and nobody knows.
            eventually(|| broker.counts().stored == placed, || format!("{before}"));
        }
        drop((mesh, bus)); // as a crash would leave it: the position is where the last acknowledgement was
    }
    broker.answer();
    let bus = journaled(folder.path(), fast());
    let mesh = durable(&bus, &broker).join_blocking().unwrap();
    assert!(mesh.leave(LIMIT).is_complete());
    known += mesh.stats().known;
    assert_eq!(orders(&stored(&broker)), (0..placed).collect::<Vec<_>>());
    assert!(known > 0, "some were sent twice, and the broker knew them");
    assert_eq!(broker.counts().known, known, "and every second time was told");
}

/// F10: behind the broker's window it is stored twice, and who imports it knows it still.
#[test]
fn behind_the_window_of_the_broker_it_is_stored_twice_and_the_importer_knows_it() {
    let clock = ManualClock::at(Timestamp::from_nanos(1));
    let (folder, broker) = (tempfile::tempdir().unwrap(), MemoryBroker::by(&clock));
    let office = Bus::new();
    let seen = Recorder::new(&office);
    let window = Duration::from_secs(60);
    let import = Import::of("order").durable("billing");
    let shop = || journaled(folder.path(), fast());
    let build = |bus: &Bus| durable(bus, &broker).stream(move |spec| spec.window(window));
    let bus = shop();
    let mesh = build(&bus).join_blocking().unwrap();
    let billing = join(&office, &broker, "billing")
        .stream(move |spec| spec.window(window))
        .import_rule(import)
        .join_blocking()
        .unwrap();
    broker.be_silent();
    let id = place(&bus, 1);
    eventually(|| broker.counts().stored == 1, || "it is stored".into());
    drop((mesh, bus));
    clock.advance(Duration::from_secs(61));
    broker.answer();
    let bus = shop();
    let mesh = build(&bus).join_blocking().unwrap();
    assert!(mesh.leave(LIMIT).is_complete());
    assert_eq!(orders(&stored(&broker)), [1, 1], "its key was forgotten");
    assert_eq!(mesh.stats().known, 0);
    eventually(|| billing.stats().delivered == 2, || billing.stats().to_string());
    assert!(billing.leave(LIMIT).is_complete());
    assert_eq!((billing.stats().imported, billing.stats().duplicates), (1, 1));
    seen.wait_for("order.placed", LIMIT).unwrap();
    assert_eq!(seen.events().iter().filter(|event| event.id() == id).count(), 1);
}

/// The stream is deleted, or the server has none for a while: nothing is given up for that.
#[test]
fn a_stream_that_is_gone_is_made_again_and_nothing_is_given_up() {
    let (folder, broker) = (tempfile::tempdir().unwrap(), MemoryBroker::new());
    let bus = journaled(folder.path(), fast());
    let mesh = durable(&bus, &broker).join_blocking().unwrap();
    mesh.replicated(&bus.publish(Order::Placed { id: 1 }).unwrap()).wait(LIMIT).unwrap();
    broker.drop_stream("rem_main");
    for id in 2..5 {
        place(&bus, id);
    }
    assert!(mesh.leave(LIMIT).is_complete());
    assert_eq!((mesh.stats().unsent, mesh.stats().acknowledged), (0, 4), "{}", mesh.stats());
    assert_eq!(orders(&stored(&broker)), (2..5).collect::<Vec<_>>());
}

#[test]
fn replicated_events_are_refused_while_nobody_could_acknowledge_them() {
    let (folder, broker) = (tempfile::tempdir().unwrap(), MemoryBroker::new());
    let bus = journaled(folder.path(), fast());
    let mesh = join(&bus, &broker, "orders")
        .level(Level::Replicated)
        .export("order")
        .join_blocking()
        .unwrap();
    let receipt = bus.publish(Order::Placed { id: 1 }).unwrap();
    mesh.replicated(&receipt).wait(LIMIT).unwrap();
    assert_eq!(orders(&stored(&broker)), [1], "it is there when that is ready");
    broker.be_silent();
    let receipt = bus.publish(Order::Placed { id: 2 }).unwrap();
    let late = mesh.replicated(&receipt).wait(Duration::from_millis(20)).unwrap_err();
    assert_eq!(late.kind(), ReplicatedErrorKind::Late);
    broker.answer();
    mesh.replicated(&receipt).wait(LIMIT).unwrap();
    let other = rem::wire::RawEvent::new(rem::wire::Codec::Json, *b"1");
    let other = bus.publish_to("other", other).unwrap();
    let error = mesh.replicated(&other).wait(LIMIT).unwrap_err();
    assert_eq!(error.kind(), ReplicatedErrorKind::NotExported);
    broker.cut("orders");
    eventually(
        || bus.publish(Order::Placed { id: 3 }).is_err(),
        || "nobody could acknowledge it".into(),
    );
    broker.mend("orders");
    eventually(|| bus.publish(Order::Placed { id: 4 }).is_ok(), || "it is connected again".into());
    assert!(mesh.leave(LIMIT).is_complete());
}

#[test]
fn what_is_not_acknowledged_when_it_leaves_waits_for_the_next() {
    let (folder, broker) = (tempfile::tempdir().unwrap(), MemoryBroker::new());
    let bus = journaled(folder.path(), fast());
    let mesh = durable(&bus, &broker).join_blocking().unwrap();
    broker.cut("orders");
    let receipts: Vec<_> = (0..7).map(|id| bus.publish(Order::Placed { id }).unwrap()).collect();
    let report = mesh.leave(Duration::from_millis(50));
    assert!(!report.is_complete());
    assert_eq!((report.spooled(), report.unsent()), (7, 0), "{report}");
    let error = mesh.replicated(&receipts[0]).wait(LIMIT).unwrap_err();
    assert_eq!(error.kind(), ReplicatedErrorKind::Waits);
    place(&bus, 7); // while nobody has joined
    let mesh = durable(&bus, &broker).join_blocking().unwrap();
    assert!(mesh.leave(LIMIT).is_complete());
    assert_eq!(orders(&stored(&broker)), (0..8).collect::<Vec<_>>());
}

#[test]
fn each_event_leaves_once_at_the_highest_level_of_its_exports() {
    let (folder, broker) = (tempfile::tempdir().unwrap(), MemoryBroker::new());
    let bus = journaled(folder.path(), fast());
    let office = Bus::new();
    let mesh = join(&bus, &broker, "orders")
        .export("order")
        .export_at(Level::Durable, "order.placed")
        .join_blocking()
        .unwrap();
    let _all = office.subscribe("**", |_: &Event| ()).unwrap();
    let billing = join(&office, &broker, "billing").import("order").join_blocking().unwrap();
    let placed = bus.publish(Order::Placed { id: 1 }).unwrap();
    let shipped = bus.publish(Order::Shipped { id: 1, region: "eu".into() }).unwrap();
    mesh.replicated(&placed).wait(LIMIT).unwrap();
    let error = mesh.replicated(&shipped).wait(LIMIT).unwrap_err();
    assert_eq!(error.kind(), ReplicatedErrorKind::NotExported);
    // A subscription hears what is stored as what is sent.
    eventually(|| billing.stats().imported == 2, || billing.stats().to_string());
    assert!(mesh.leave(LIMIT).is_complete());
    assert_eq!((mesh.stats().exported, mesh.stats().acknowledged), (2, 1));
    assert_eq!((billing.stats().imported, billing.stats().duplicates), (2, 0));
    // Two outboxes of one name would send all twice; and a bridge keeps nothing.
    let mesh = durable(&bus, &broker).join_blocking().unwrap();
    let error = durable(&bus, &broker).join_blocking().unwrap_err();
    assert_eq!(error.kind(), JoinErrorKind::InUse, "{error}");
    drop(mesh);
    let error = durable(&bus, &broker).name("other").reexport(true).join_blocking().unwrap_err();
    assert_eq!(error.kind(), JoinErrorKind::Bridge, "{error}");
}

#[test]
fn a_broker_that_is_full_is_waited_for_and_told() {
    let (folder, broker) = (tempfile::tempdir().unwrap(), MemoryBroker::new());
    let bus = journaled(folder.path(), fast());
    let (told, _telling) = told(&bus);
    let mesh = durable(&bus, &broker).join_blocking().unwrap();
    broker.be_full(true);
    for id in 0..5 {
        place(&bus, id);
    }
    let event = wait_for(&told, |event| matches!(event, MeshEvent::Stalled { .. }));
    assert!(event.to_string().contains("no room"), "{event}");
    broker.be_full(false);
    assert!(mesh.leave(LIMIT).is_complete());
    assert_eq!(orders(&stored(&broker)), (0..5).collect::<Vec<_>>());
}

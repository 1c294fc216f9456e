//! The outbox: what is published at the level *Durable* reaches the broker, whatever ends in between, and each id once.
#![expect(clippy::unwrap_used, reason = "what fails in a test should end it")]

use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use rem::journal::{Durability, Journal, Keep, Retention};
use rem::mesh::memory::{Faults, MemoryBroker};
use rem::mesh::{
    HistoryAsk, Import, JoinErrorKind, Level, MeshBuilder, MeshEvent, Outbox, ReplicatedErrorKind,
    StreamStart, Transport, WhenFull,
};
use rem::prelude::*;
use rem::testing::Recorder;
use rem::{EventId, ManualClock, PublishErrorKind, Timestamp};

use crate::{LIMIT, Order, join};

/// A bus with a journal of that durability in that folder.
pub(crate) fn journaled(folder: &Path, durability: Durability) -> Bus {
    let until = Instant::now() + LIMIT;
    loop {
        match Journal::builder().durability(durability).open(folder.join("bus.rem")) {
            Ok(journal) => return Bus::builder().source("shop").history(journal).build(),
            // Threads of a mesh that was dropped let go of it in a moment.
            Err(error) => assert!(Instant::now() < until, "{error}"),
        }
        std::thread::yield_now();
    }
}

pub(crate) fn fast() -> Durability {
    Durability::Every(Duration::from_millis(1))
}

fn durable(bus: &Bus, broker: &MemoryBroker) -> MeshBuilder {
    join(bus, broker, "orders").export_at(Level::Durable, "order")
}

pub(crate) fn place(bus: &Bus, id: u64) -> EventId {
    bus.publish(Order::Placed { id }).unwrap().id().unwrap()
}

/// What the stream of the mesh has: by its number, the order's.
pub(crate) fn stored(broker: &MemoryBroker) -> Vec<(u64, u64)> {
    let reader = broker.transport("reader");
    let mut found = Vec::new();
    let read = async {
        reader.connect().await.unwrap();
        let streams = reader.streams().unwrap();
        let mut from = StreamStart::First;
        loop {
            let page = streams.read(HistoryAsk::new("rem_main", from)).await.unwrap();
            for kept in page.parcels {
                let json: serde_json::Value = serde_json::from_slice(kept.parcel.body()).unwrap();
                found.push((kept.sequence, json["data"]["id"].as_u64().unwrap()));
            }
            match page.next {
                Some(next) => from = StreamStart::Sequence(next),
                None => return,
            }
        }
    };
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(read);
    found
}

pub(crate) fn eventually(holds: impl Fn() -> bool, what: impl FnOnce() -> String) {
    let until = Instant::now() + LIMIT;
    while !holds() {
        assert!(Instant::now() < until, "{}", what());
        std::thread::yield_now();
    }
}

/// What its mesh tells on a bus.
fn told(bus: &Bus) -> (Receiver<MeshEvent>, Subscription) {
    let (give, take) = channel();
    let tell = move |event: &Event<MeshEvent>| drop(give.send(event.data.clone()));
    (take, bus.subscribe("$rem.mesh.**", tell).unwrap())
}

fn wait_for(told: &Receiver<MeshEvent>, wanted: impl Fn(&MeshEvent) -> bool) -> MeshEvent {
    loop {
        let event = told.recv_timeout(LIMIT).unwrap();
        if wanted(&event) {
            return event;
        }
    }
}

fn orders(stored: &[(u64, u64)]) -> Vec<u64> {
    stored.iter().map(|(_, order)| *order).collect()
}

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

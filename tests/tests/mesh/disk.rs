//! F11: the disk below an outbox loses power, is full, may only be read, is cut short or has bytes changed. What leaves was published, each
//! once; what was acknowledged is there; the rest is a typed error, or is told.
//!
//! The other cases are in `tests/tests/nats/on_a_server/faults.rs`; with `REM_FAULTS=full` this takes as long as theirs.
#![expect(clippy::unwrap_used, reason = "what fails in a test should end it")]
#![expect(clippy::print_stdout, reason = "what a case did, for the campaign")]

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use rem::journal::store::{OpenOptions, StoreError, StoreErrorKind};
use rem::journal::{Durability, Journal, JournalHandle};
use rem::mesh::memory::MemoryBroker;
use rem::mesh::{HistoryAsk, Level, Mesh, StreamStart, Transport};
use rem::prelude::*;
use rem::{EventId, HistoryErrorKind, PublishErrorKind};
use rem_tests::crash::draw;
use rem_tests::mesh::is_full;

use crate::disk_in_memory::Disk;
use crate::support::eventually;
use crate::{LIMIT, Order, join};

fn pick<T>(short: T, full: T) -> T {
    if is_full() { full } else { short }
}

fn opened(disk: &Disk) -> Result<(Bus, JournalHandle), StoreError> {
    let store = OpenOptions::new().open_backend("shop.rem", disk.clone())?;
    let durability = Durability::Every(Duration::from_millis(1));
    let journal = Journal::builder().durability(durability).on(store, "shop.rem")?;
    let handle = journal.handle();
    Ok((Bus::builder().source("shop").history(journal).build(), handle))
}

fn outbox(bus: &Bus, broker: &MemoryBroker) -> Mesh {
    join(bus, broker, "shop").export_at(Level::Durable, "order").join_blocking().unwrap()
}

/// What the stream has, in its order: of each its id, and which order it is.
fn stored(broker: &MemoryBroker) -> Vec<(EventId, u64)> {
    let reader = broker.transport("reader");
    smol::block_on(async {
        reader.connect().await.unwrap();
        let (mut from, mut found) = (StreamStart::First, Vec::new());
        loop {
            let ask = HistoryAsk::new("rem_main", from).most(1_000);
            let page = reader.streams().unwrap().read(ask).await.unwrap();
            for kept in page.parcels {
                let json: serde_json::Value = serde_json::from_slice(kept.parcel.body()).unwrap();
                let id = json["id"].as_str().unwrap().parse().unwrap();
                found.push((id, json["data"]["id"].as_u64().unwrap()));
            }
            match page.next {
                Some(next) => from = StreamStart::Sequence(next),
                None => return found,
            }
        }
    })
}

/// What a journal has of the orders.
fn kept(bus: &Bus) -> Vec<(EventId, u64)> {
    let orders = bus.query("order").unwrap().of::<Order>();
    let placed = orders.iter().filter_map(|order| match order.data {
        Order::Placed { id } => Some((order.id(), id)),
        Order::Shipped { .. } => None,
    });
    placed.collect()
}

fn numbers(orders: &[(EventId, u64)]) -> Vec<u64> {
    orders.iter().map(|(_, order)| *order).collect()
}

fn tell(faults: u64, events: u64, more: &str) {
    println!("F11 on redb: {faults} faults, {events} events; {more}");
}

/// Power is lost, again and again, at whatever the disk is about: what is not synced is there in part or not at all. Who was told that an
/// event is durable finds it, what the broker has is in the journal, and in the end the stream has all of it, once and in order.
#[test]
fn f11_what_left_and_what_was_acknowledged_is_there_after_a_loss_of_power() {
    let broker = MemoryBroker::new();
    let mut disk = Disk::default();
    let lives = pick(15, 300_u64);
    let (mut placed, mut lost) = (0, 0);
    for life in 0..lives {
        let (bus, _journal) = opened(&disk).unwrap();
        let mesh = outbox(&bus, &broker);
        let (goes_on, durable) = (AtomicBool::new(true), AtomicU64::new(placed));
        let (bytes, sure) = std::thread::scope(|scope| {
            let publishes = scope.spawn(|| {
                for id in placed.. {
                    if !goes_on.load(Ordering::Acquire) {
                        return id;
                    }
                    let receipt = bus.publish(Order::Placed { id }).unwrap();
                    if id % 7 == 0 {
                        receipt.durable().wait(LIMIT).unwrap();
                        durable.store(id + 1, Ordering::Release);
                    }
                }
                unreachable!("there are numbers enough")
            });
            let until = placed + 20 + draw((life, "until")) % 200;
            eventually(|| durable.load(Ordering::Acquire) >= until, || mesh.stats().to_string());
            // From here on nothing leaves; what has left is with the broker.
            broker.cut("shop");
            let sure = durable.load(Ordering::Acquire);
            let bytes = disk.after_power_loss(draw((life, "power")) | 1);
            goes_on.store(false, Ordering::Release);
            lost += publishes.join().unwrap();
            (bytes, sure)
        });
        drop((mesh, bus));
        broker.mend("shop");

        disk = Disk::with(bytes);
        let (bus, journal) = opened(&disk).unwrap();
        assert!(journal.verify(|_| true).unwrap().is_sound(), "life {life}");
        let (kept, left) = (kept(&bus), stored(&broker));
        placed = kept.len() as u64;
        assert_eq!(numbers(&kept), (0..placed).collect::<Vec<_>>(), "life {life}");
        assert!(placed >= sure, "life {life}: {sure} were durable, and {placed} are there");
        assert!(kept.starts_with(&left), "life {life}: something left that the disk did not have");
        lost -= placed;
        drop((bus, journal));
    }
    let (bus, _journal) = opened(&disk).unwrap();
    let mesh = outbox(&bus, &broker);
    let report = mesh.leave(LIMIT);
    assert!(report.is_complete(), "{report}: {}", mesh.stats());
    assert_eq!(stored(&broker), kept(&bus), "each once, in order, and nothing else");
    tell(
        lives,
        placed,
        &format!("losses of power; {lost} were published and not durable, and are gone"),
    );
}

/// The disk is full while the outbox has something to send: publishing is refused with what the disk says and gives the event back, what
/// was taken is sent, and all goes on when there is room.
#[test]
fn f11_a_full_disk_refuses_and_what_was_taken_is_sent() {
    let (broker, disk) = (MemoryBroker::new(), Disk::default());
    let (bus, journal) = opened(&disk).unwrap();
    let mesh = outbox(&bus, &broker);
    let rounds = pick(3, 100_u64);
    let (mut next, mut refused) = (0, 0_u64);
    for round in 0..rounds {
        for _ in 0..50 {
            bus.publish(Order::Placed { id: next }).unwrap();
            next += 1;
        }
        disk.fail_from(disk.operations() + draw(round) % 8, io::ErrorKind::StorageFull);
        let error = loop {
            match bus.publish(Order::Placed { id: next }) {
                Ok(receipt) => {
                    next += 1;
                    if let Err(error) = receipt.durable().wait(LIMIT) {
                        assert_eq!(error.kind(), HistoryErrorKind::Store, "{error}");
                    }
                }
                Err(error) => break error,
            }
        };
        let is_told = matches!(error.kind(), PublishErrorKind::History(why)
            if why.kind() == HistoryErrorKind::Store);
        assert!(is_told && error.to_string().contains("no room on the disk"), "{error}");
        assert_eq!(error.into_data(), Order::Placed { id: next }, "it is given back");
        refused += 1;
        disk.mend();
        eventually(
            || match bus.publish(Order::Placed { id: next }) {
                Ok(_) => true,
                Err(error) => {
                    assert!(error.to_string().contains("no room on the disk"), "{error}");
                    false
                }
            },
            || "there is room again".into(),
        );
        next += 1;
    }
    assert!(mesh.leave(LIMIT).is_complete(), "{}", mesh.stats());
    assert_eq!(numbers(&stored(&broker)), (0..next).collect::<Vec<_>>());
    assert!(journal.stats().fault.is_none());
    tell(rounds, next, &format!("full disks; {refused} were refused and given back"));
}

/// A journal that may only be read: nothing is published into it, nothing leaves, and the file is as it was.
#[test]
fn f11_a_journal_that_may_only_be_read_refuses_and_nothing_leaves() {
    let (folder, broker) = (tempfile::tempdir().unwrap(), MemoryBroker::new());
    let path = folder.path().join("shop.rem");
    {
        let bus = Bus::builder().history(Journal::open(&path).unwrap()).build();
        let mesh = outbox(&bus, &broker);
        bus.publish(Order::Placed { id: 0 }).unwrap();
        assert!(mesh.leave(LIMIT).is_complete());
    }
    let before = std::fs::read(&path).unwrap();
    let store = OpenOptions::new().open_read_only(&path).unwrap();
    let said = match Journal::builder().on(store, &path) {
        Err(error) => {
            assert_eq!(error.kind(), StoreErrorKind::ReadOnly, "{error}");
            error.to_string()
        }
        Ok(journal) => {
            let bus = Bus::builder().history(journal).build();
            let mesh = join(&bus, &broker, "shop").export_at(Level::Durable, "order");
            let mesh = mesh.join_blocking();
            let refused = match bus.publish(Order::Placed { id: 1 }) {
                Err(error) => error.to_string(),
                Ok(receipt) => receipt.durable().wait(LIMIT).unwrap_err().to_string(),
            };
            drop(mesh);
            refused
        }
    };
    assert!(said.contains("read only") || said.contains("read-only"), "{said}");
    assert_eq!(numbers(&stored(&broker)), [0]);
    assert!(std::fs::read(&path).unwrap() == before, "the file was changed");
}

/// A journal with orders that wait, closed: its bytes, and what was published, by id.
fn waiting() -> (Vec<u8>, BTreeMap<EventId, u64>) {
    let (broker, disk) = (MemoryBroker::new(), Disk::default());
    let (bus, journal) = opened(&disk).unwrap();
    let mesh = outbox(&bus, &broker);
    for id in 0..100 {
        bus.publish(Order::Placed { id }).unwrap();
    }
    eventually(|| mesh.stats().acknowledged == 100, || mesh.stats().to_string());
    broker.cut("shop");
    for id in 100..300 {
        bus.publish(Order::Placed { id }).unwrap();
    }
    let report = mesh.leave(Duration::from_millis(50));
    assert_eq!(report.spooled(), 200, "{report}");
    let published = kept(&bus).into_iter().collect();
    drop((mesh, bus, journal));
    let until = std::time::Instant::now() + LIMIT;
    loop {
        // Threads of the mesh let go of the journal in a moment.
        let bytes = disk.bytes();
        if opened(&Disk::with(bytes.clone())).is_ok() {
            return (bytes, published);
        }
        assert!(std::time::Instant::now() < until);
        std::thread::yield_now();
    }
}

/// redb panics over what it finds, which is caught; the text of it would drown what a test says.
fn quiet() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if info.location().is_some_and(|at| !at.file().contains("redb-")) {
            usual(info);
        }
    }));
}

/// The file is cut short, or one of its bytes is changed. It is refused with a typed error, or it opens; then what leaves was published, no
/// event twice and none made up, and what is missing is told.
#[test]
fn f11_of_a_file_that_is_torn_or_changed_nothing_leaves_that_was_not_published() {
    quiet();
    let (whole, published) = waiting();
    let (mut refused, mut torn, mut sent) = (0, 0, 0);
    let damages = pick(60, 2_000_u64);
    for damage in 0..damages {
        let mut bytes = whole.clone();
        let place =
            |length: usize| usize::try_from(draw((damage, "place")) % length as u64).unwrap();
        match damage % 3 {
            0 => bytes.truncate(place(whole.len())),
            1 => {
                // Of what is in use; of the rest nobody would know.
                let used: Vec<_> = (0..bytes.len()).filter(|at| bytes[*at] != 0).collect();
                bytes[used[place(used.len())]] ^= 1 << (damage % 8);
            }
            _ => {
                let page = place(whole.len() / 4_096) * 4_096;
                bytes[page..page + 4_096].fill(0);
            }
        }
        if bytes.is_empty() {
            continue; // a new journal
        }
        let (bus, journal) = match opened(&Disk::with(bytes)) {
            Ok(opened) => opened,
            Err(error) => {
                use StoreErrorKind as Kind;
                let typed = [Kind::Damaged, Kind::NotAJournal, Kind::Newer, Kind::Io];
                assert!(typed.contains(&error.kind()), "damage {damage}: {error}");
                assert!(error.to_string().contains("shop.rem"), "damage {damage}: {error}");
                refused += 1;
                continue;
            }
        };
        let is_sound = journal.verify(|_| true).is_ok_and(|report| report.is_sound());
        let broker = MemoryBroker::new();
        let joined = join(&bus, &broker, "shop").export_at(Level::Durable, "order");
        let Ok(mesh) = joined.join_blocking() else {
            assert!(!is_sound, "damage {damage}: a sound journal was refused");
            refused += 1;
            continue;
        };
        let report = mesh.leave(Duration::from_secs(5));
        let left = stored(&broker);
        for (id, order) in &left {
            assert_eq!(published.get(id), Some(order), "damage {damage}: made up");
        }
        let mut unique = numbers(&left);
        unique.sort_unstable();
        unique.dedup();
        assert_eq!(unique, numbers(&left), "damage {damage}: twice, or out of order");
        let is_all = (100..300).all(|order| unique.binary_search(&order).is_ok());
        let stats = mesh.stats();
        let is_told = !is_sound || stats.outbox_lost > 0 || journal.stats().unreadable > 0;
        assert!(
            (is_all && report.is_complete()) || is_told,
            "damage {damage}: {} left, and nobody was told: {stats}",
            left.len()
        );
        torn += u64::from(!is_all);
        sent += left.len() as u64;
    }
    assert!(refused > 0 && sent > 0, "{refused} were refused and {sent} sent");
    tell(
        damages,
        sent,
        &format!("damaged files; {refused} were refused, {torn} had lost some and told so"),
    );
}

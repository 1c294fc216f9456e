//! The journal as its bus has it: what is there again, what is acknowledged, what is refused.
#![expect(clippy::unwrap_used, reason = "what fails in a test should end it")]

mod archive;
mod flaky;
mod holes;
mod past;
mod refused;

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering::SeqCst;
use std::thread;
use std::time::Duration;

use flaky::{Flaky, Switch};
use rem_core::wire::{Codec, RawEvent};
use rem_core::{Bus, HistoryErrorKind, PublishErrorKind, Receipt, Timestamp};
use rem_journal::{Durability, Journal, JournalBuilder, Keep, Retention};
use tempfile::TempDir;

const LONG: Duration = Duration::from_secs(30);
const ALL: [Durability; 3] =
    [Durability::EveryEvent, Durability::Every(Duration::from_millis(2)), Durability::OnClose];

fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.rem");
    (folder, path)
}

fn bus(options: JournalBuilder, path: &Path) -> Bus {
    Bus::builder().history(options.open(path).unwrap()).build()
}

fn publish(bus: &Bus, topic: &str, data: &str) -> Receipt {
    bus.publish_to(topic, RawEvent::new(Codec::Json, data.as_bytes())).unwrap()
}

/// Number, topic and data of all that the bus's history has.
fn all(bus: &Bus) -> Vec<(u64, String, String)> {
    let events = bus.query("**").unwrap().of::<RawEvent>();
    let told = events.iter().map(|event| {
        let data = String::from_utf8(event.data.bytes().to_vec()).unwrap();
        (event.sequence().unwrap(), event.topic().to_string(), data)
    });
    told.collect()
}

#[test]
fn what_was_published_is_there_again_with_all_that_it_had() {
    for durability in ALL {
        let (_folder, path) = folder();
        let first = bus(Journal::builder().durability(durability), &path);
        let child = first.child("eu").unwrap();
        let time = Timestamp::from_nanos(1_700_000_000_000_000_007);
        let cause = publish(&first, "order.placed", "{}").id().unwrap();
        child
            .event(RawEvent::new(Codec::Json, *br#"{"order":42}"#).version(3))
            .source("shop")
            .metadata("tenant", serde_json::json!({"name": "acme", "of": [1, 2.5, null]}))
            .timestamp(time)
            .causation(cause)
            .correlation(cause)
            .publish_to("order.paid")
            .unwrap();
        let before = first.query("eu.**").unwrap().of::<RawEvent>();
        drop((first, child));

        let again = bus(Journal::builder(), &path);
        let after = again.query("eu.**").unwrap().of::<RawEvent>();
        let (before, after) = (&before[0], &after[0]);
        assert_eq!(format!("{before:?}"), format!("{after:?}"), "{durability:?}");
        assert_eq!((after.sequence(), after.scope(), after.timestamp()), (Some(2), 2, time));
        assert_eq!(after.data.written_as(), Some(3));
        assert_eq!((after.causation(), after.correlation()), (Some(cause), cause));
        assert_eq!(
            publish(&again, "order.placed", "{}").sequence(),
            Some(3),
            "as if nothing had been"
        );
    }
}

#[test]
fn an_event_is_acknowledged_when_another_process_would_find_it() {
    for durability in ALL {
        let (folder, path) = folder();
        let bus = bus(Journal::builder().durability(durability), &path);
        let receipt = publish(&bus, "order.paid", "1");
        receipt.durable().wait(LONG).unwrap();
        // As after a crash: what is in the file now, and nothing else.
        let copy = folder.path().join("copy.rem");
        std::fs::copy(&path, &copy).unwrap();
        let crashed = self::bus(Journal::builder(), &copy);
        assert_eq!(all(&crashed), [(1, "order.paid".into(), "1".into())], "{durability:?}");
        let next = publish(&crashed, "order.paid", "2").sequence().unwrap();
        assert!(next > 1 + 16_384, "{next} may have been given out before the crash");
        drop(crashed);
        let after = self::bus(Journal::builder(), &copy);
        assert_eq!(all(&after).len(), 2);
        let last = after.query("**").unwrap().last(1).events();
        assert_eq!(last[0].sequence(), Some(next));
    }
}

#[test]
fn every_event_waits_for_the_disk_and_publishers_share_a_commit() {
    let (_folder, path) = folder();
    let switch = Switch::default();
    let journal = Journal::builder()
        .durability(Durability::EveryEvent)
        .on(Flaky::open(&path, &switch), &path)
        .unwrap();
    let handle = journal.handle();
    let bus = Bus::builder().history(journal).build();
    let opened = switch.commits.load(SeqCst);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..50 {
                    let receipt = publish(&bus, "order.paid", "1");
                    assert!(handle.stats().stored.last >= receipt.sequence().unwrap());
                }
            });
        }
    });
    let commits = switch.commits.load(SeqCst) - opened;
    assert!(commits < 400, "{commits} commits of 400 events");
    assert_eq!(all(&bus).len(), 400);
    assert_eq!(handle.stats().waiting, 0);
}

#[test]
fn a_full_disk_refuses_and_goes_on_when_there_is_room() {
    for durability in ALL {
        let (_folder, path) = folder();
        let switch = Switch::default();
        let options = Journal::builder().durability(durability);
        let journal = options.on(Flaky::open(&path, &switch), &path).unwrap();
        let handle = journal.handle();
        let bus = Bus::builder().history(journal).build();
        publish(&bus, "order.paid", "1").durable().wait(LONG).unwrap();
        switch.is_full.store(true, SeqCst);
        // The first may be what finds out; then nothing is taken any more.
        let mut kept = vec![1];
        let error = loop {
            match bus.publish_to("order.paid", RawEvent::new(Codec::Json, *b"2")) {
                Ok(receipt) => {
                    kept.push(receipt.sequence().unwrap());
                    let error = receipt.durable().wait(LONG).unwrap_err();
                    assert_eq!(error.kind(), HistoryErrorKind::Store, "{durability:?}: {error}");
                }
                Err(error) => break error,
            }
        };
        let PublishErrorKind::History(why) = error.kind() else { panic!("{error:?}") };
        assert_eq!(why.kind(), HistoryErrorKind::Store);
        assert!(error.to_string().contains("no space left on device"), "{error}");
        assert_eq!(error.into_data().bytes(), b"2", "given back");
        let seen: Vec<_> = all(&bus).into_iter().map(|(sequence, ..)| sequence).collect();
        assert_eq!(seen, kept, "reading goes on");
        assert!(!bus.close(Duration::ZERO).is_complete() || kept.len() == 1);
        switch.is_full.store(false, SeqCst);
        drop(bus);
        assert_eq!(handle.stats().waiting, 0, "{durability:?}");
        drop(handle);
        let bus = self::bus(Journal::builder(), &path);
        let after: Vec<_> = all(&bus).into_iter().map(|(sequence, ..)| sequence).collect();
        assert_eq!(after, kept, "{durability:?}: what was taken came to the disk");
        let next = publish(&bus, "order.paid", "3").sequence().unwrap();
        assert!(next > *kept.last().unwrap());
    }
}

#[test]
fn writing_goes_on_by_itself_when_there_is_room_again() {
    for durability in ALL {
        let (_folder, path) = folder();
        let switch = Switch::default();
        let options = Journal::builder().durability(durability);
        let journal = options.on(Flaky::open(&path, &switch), &path).unwrap();
        let bus = Bus::builder().history(journal).build();
        switch.is_full.store(true, SeqCst);
        while bus.publish_to("a", RawEvent::new(Codec::Json, *b"1")).is_ok_and(|receipt| {
            let _ = receipt.durable().wait(LONG);
            true
        }) {}
        switch.is_full.store(false, SeqCst);
        let receipt = loop {
            // It is tried again by itself, the first time after 50 ms.
            if let Ok(receipt) = bus.publish_to("a", RawEvent::new(Codec::Json, *b"2")) {
                break receipt;
            }
            thread::yield_now();
        };
        receipt.durable().wait(LONG).unwrap();
    }
}

#[test]
fn a_full_backlog_makes_publishers_wait_until_it_is_committed() {
    let (_folder, path) = folder();
    let switch = Switch::default();
    let options = Journal::builder().backlog(4, 1 << 20).patience(LONG);
    let options = options.durability(Durability::Every(LONG));
    let journal = options.on(Flaky::open(&path, &switch), &path).unwrap();
    let bus = Bus::builder().history(journal).build();
    // Half full it commits though the time has not come; so nobody waits for long.
    for number in 0..100 {
        publish(&bus, "a", &number.to_string());
    }
    assert_eq!(all(&bus).len(), 100);
}

#[test]
fn the_past_is_one_whether_it_is_in_memory_or_on_the_disk() {
    let (_folder, path) = folder();
    let options = || Journal::builder().backlog(16, 1 << 20);
    let first = bus(options(), &path);
    for number in 0..50 {
        publish(&first, "a", &number.to_string());
    }
    drop(first);
    let again = bus(options(), &path);
    for number in 50..120 {
        publish(&again, "a", &number.to_string());
    }
    let numbers: Vec<_> = all(&again).into_iter().map(|(_, _, data)| data).collect();
    assert_eq!(numbers, (0..120).map(|number| number.to_string()).collect::<Vec<_>>());
    let last = again.query("a").unwrap().last(100).of::<RawEvent>();
    assert_eq!((last.len(), last[0].data.bytes()), (100, &b"20"[..]));
    let mut stream: rem_core::EventStream = again
        .subscription("a")
        .from(rem_core::Start::Earliest)
        .queue(8, rem_core::Overflow::Reject)
        .stream()
        .unwrap();
    for number in 1..=120 {
        assert_eq!(stream.try_recv().unwrap().sequence(), Some(number));
    }
}

#[test]
fn retention_lets_the_oldest_go() {
    let (_folder, path) = folder();
    let retention =
        Retention::new().all(Keep::events(100)).of("chatty.**", Keep::events(10)).unwrap();
    let journal = Journal::builder().retention(retention).backlog(8, 1 << 20).open(&path).unwrap();
    let handle = journal.handle();
    let bus = Bus::builder().history(journal).build();
    for number in 0..200 {
        publish(&bus, "chatty.a", &number.to_string());
        if number % 4 == 0 {
            publish(&bus, "rare", &number.to_string()).durable().wait(LONG).unwrap();
        }
    }
    publish(&bus, "rare", "end").durable().wait(LONG).unwrap();
    bus.close(LONG);
    drop(bus);
    assert!(handle.stats().trouble.is_none(), "{:?}", handle.stats().trouble);
    drop(handle);
    let bus = self::bus(Journal::builder(), &path);
    let chatty = bus.query("chatty").unwrap().events().len();
    let rare = bus.query("rare").unwrap().events().len();
    assert!((10..=18).contains(&chatty), "{chatty}");
    assert_eq!(rare, 51);
}

/// Publishers that are always ahead of the writer do not keep it from letting go.
#[test]
fn retention_keeps_pace_with_publishers_that_never_pause() {
    let (_folder, path) = folder();
    let retention = Retention::new().all(Keep::events(100));
    // However slow the machine is: that nobody waits for long is not what this is about.
    let options = Journal::builder().retention(retention).backlog(64, 1 << 20).patience(LONG);
    let journal = options.open(&path).unwrap();
    let handle = journal.handle();
    let bus = Bus::builder().history(journal).build();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for number in 0..500 {
                    publish(&bus, "a", &number.to_string());
                    // What one commit brings may be there until the next.
                    assert!(handle.stats().stored.events <= 100 + 64);
                }
            });
        }
    });
}

#[test]
fn a_second_writer_is_refused() {
    let (_folder, path) = folder();
    let bus = bus(Journal::builder(), &path);
    let error = Journal::open(&path).unwrap_err();
    assert!(error.to_string().contains("journal.rem"), "{error}");
    drop(bus);
    Journal::open(&path).unwrap();
}

#[test]
fn positions_are_kept_by_name() {
    use rem_core::DurableHistory as _;
    let (_folder, path) = folder();
    let journal = Journal::open(&path).unwrap();
    assert_eq!(journal.position("invoices"), None);
    journal.set_position("invoices", Some(7));
    journal.set_position("mails", Some(9));
    assert_eq!(journal.position("invoices"), Some(7));
    drop(journal);
    let journal = Journal::open(&path).unwrap();
    assert_eq!((journal.position("invoices"), journal.position("mails")), (Some(7), Some(9)));
    journal.set_position("mails", None);
    drop(journal);
    assert_eq!(Journal::open(&path).unwrap().position("mails"), None);
}

#[test]
fn a_receipt_tells_of_the_disk_when_the_journal_is_gone_and_does_not_hold_it() {
    for durability in ALL {
        let (_folder, path) = folder();
        let bus = bus(Journal::builder().durability(durability), &path);
        let receipt = publish(&bus, "a", "1");
        drop(bus);
        receipt.durable().wait(LONG).unwrap();
        Journal::open(&path).unwrap();
    }
    // What the disk refused to the end never comes there.
    let (_folder, path) = folder();
    let switch = Switch::default();
    let options = Journal::builder().durability(Durability::Every(LONG));
    let journal = options.on(Flaky::open(&path, &switch), &path).unwrap();
    let bus = Bus::builder().history(journal).build();
    let receipt = publish(&bus, "a", "1");
    switch.is_full.store(true, SeqCst);
    drop(bus);
    assert_eq!(receipt.durable().wait(LONG).unwrap_err().kind(), HistoryErrorKind::Store);
}

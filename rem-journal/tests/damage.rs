//! A byte that was changed in the file is found and told with its place: never a wrong event, never a panic.
#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test that cannot be set up fails, and says what it tried"
)]

#[path = "store/disk.rs"]
#[expect(dead_code, reason = "these tests use a part of it")]
mod disk;
#[path = "store/support.rs"]
#[expect(dead_code, reason = "these tests use a part of it")]
mod support;

use std::collections::BTreeSet;
use std::ops::{ControlFlow, RangeInclusive};

use disk::Disk;
use redb::{ReadableTable, TableDefinition, WriteTransaction};
use rem_journal::store::{
    Commit, Direction, Moment, OpenOptions, Part, Redb, Rule, Snapshot, Store, StoreError,
    StoreErrorKind,
};
use support::*;

const KEPT: u64 = 300;

fn open(disk: &Disk) -> Result<Redb, StoreError> {
    OpenOptions::new().open_backend("a.rem", disk.clone())
}

/// A journal with something in each table, closed.
fn journal() -> Vec<u8> {
    let disk = Disk::default();
    let store = open(&disk).unwrap();
    for first in (1..=400).step_by(100) {
        let mut commit = Commit::default();
        commit.positions = &[("billing", Some(7))];
        commit.notes = &[("outbox", Some(b"note"))];
        append_with(&store, &events(first..=first + 99), &commit).unwrap();
    }
    let mut commit = Commit::default();
    commit.holes = &[401..=410];
    append_with(&store, &[], &commit).unwrap();
    let snapshot = Snapshot { sequence: 200, version: 1, bytes: vec![1; 500] };
    store.put_snapshot("totals", &snapshot).unwrap();
    let mut rule = Rule::new();
    rule.events = Some(KEPT);
    store.retain(&[rule], &mut || true).unwrap();
    assert_sound(&store);
    drop(store);
    disk.bytes()
}

/// What a user sees of a journal.
#[derive(Debug, PartialEq, Eq, Default)]
struct Seen {
    forwards: Vec<u64>,
    backwards: Vec<u64>,
    by_id: Vec<u64>,
    by_topic: Vec<u64>,
    by_time: Vec<u64>,
    position: Option<u64>,
    snapshot: Option<Snapshot>,
    told: bool,
}

fn look(store: &Redb) -> Seen {
    let mut seen =
        Seen { position: store.state().positions.get("billing").copied(), ..Seen::default() };
    for direction in [Direction::Forwards, Direction::Backwards] {
        match read_all(store, 0..=u64::MAX, direction, 64) {
            Ok((events, damages)) => {
                seen.told |= !damages.is_empty();
                for event in &events {
                    assert_eq!(*event, Event::new(event.sequence), "a wrong event");
                }
                let numbers = numbers(&events);
                let unique: BTreeSet<u64> = numbers.iter().copied().collect();
                assert_eq!(unique.len(), numbers.len(), "an event twice");
                match direction {
                    Direction::Forwards => seen.forwards = numbers,
                    Direction::Backwards => seen.backwards = numbers.into_iter().rev().collect(),
                }
            }
            Err(error) => seen.told |= damaged(&error),
        }
    }
    for sequence in [101, 255, 400] {
        match store.find(&id(sequence)) {
            Ok(found) => {
                assert!(found.is_none_or(|found| found == sequence), "a wrong event");
                seen.by_id.extend(found);
            }
            Err(error) => seen.told |= damaged(&error),
        }
    }
    let mut topics = Vec::new();
    store.topics("", &mut |topic| {
        topics.push(topic.clone());
        ControlFlow::Continue(())
    });
    if let Err(error) =
        store.by_topics(&topics, 0..=u64::MAX, Direction::Forwards, 1_000, &mut seen.by_topic)
    {
        seen.told |= damaged(&error);
    }
    let all = Moment { timestamp: 0, sequence: 0 }..=Moment { timestamp: u64::MAX, sequence: 0 };
    let mut moments = Vec::new();
    if let Err(error) = store.by_time(all, Direction::Forwards, 1_000, &mut moments) {
        seen.told |= damaged(&error);
    }
    seen.by_time = moments.iter().map(|moment| moment.sequence).collect();
    match store.snapshot("totals", 300) {
        Ok(snapshot) => seen.snapshot = snapshot,
        Err(error) => seen.told |= damaged(&error),
    }
    seen
}

fn damaged(error: &StoreError) -> bool {
    assert!(
        matches!(error.kind(), StoreErrorKind::Damaged | StoreErrorKind::Io),
        "{error}: {error:?}"
    );
    true
}

/// What is done to the byte at a place.
fn change(at: usize) -> u8 {
    if at.is_multiple_of(2) { 0xff } else { 1 << (at % 8) }
}

/// Bytes of the pages that are in use, each n-th, and more of the head of the file. `REM_DAMAGE_STEP=1` is all of them.
fn places(file: &[u8]) -> Vec<usize> {
    let step = std::env::var("REM_DAMAGE_STEP").ok().and_then(|step| step.parse().ok());
    let step: usize = step.unwrap_or(601);
    let used = |page: usize| {
        file.chunks(4_096).nth(page).is_some_and(|page| page.iter().any(|byte| *byte != 0))
    };
    let used: Vec<bool> = (0..file.len().div_ceil(4_096)).map(used).collect();
    let head = |at: usize| at < 400 && at.is_multiple_of(step.min(5));
    (0..file.len())
        .filter(|&at| used[at / 4_096] && (head(at) || at.is_multiple_of(step)))
        .collect()
}

/// redb panics over what it finds, which is caught; the text of it would drown what a test says.
fn quiet() {
    std::panic::set_hook(Box::new(|info| {
        if info.location().is_some_and(|at| !at.file().contains("redb-")) {
            eprintln!("{info}");
        }
    }));
}

fn assert_refused_for_damage(error: &StoreError, at: usize) {
    use StoreErrorKind as Kind;
    let told = [Kind::Damaged, Kind::NotAJournal, Kind::Newer, Kind::Io];
    assert!(told.contains(&error.kind()), "byte {at}: {error}");
    assert!(error.to_string().contains("a.rem"), "byte {at}: {error}");
}

#[test]
fn a_changed_byte_is_told_or_changes_nothing() {
    quiet();
    let file = journal();
    let as_written = look(&open(&Disk::with(file.clone())).unwrap());
    let kept: Vec<u64> = (101..=400).collect();
    assert_eq!((&as_written.forwards, as_written.told), (&kept, false));
    let (mut tried, mut refused, mut reported, mut read) = (0, 0, 0, 0);
    for at in places(&file) {
        let mut changed = file.clone();
        changed[at] ^= change(at);
        tried += 1;
        let disk = Disk::with(changed);
        let store = match open(&disk) {
            Ok(store) => store,
            Err(error) => {
                assert_refused_for_damage(&error, at);
                refused += 1;
                continue;
            }
        };
        let report = store.verify(&mut |_| true).unwrap();
        let seen = look(&store);
        if report.is_sound() {
            assert_eq!(seen, as_written, "byte {at}");
            continue;
        }
        reported += 1;
        // Records that are not read are told of by reading, too.
        read += usize::from(seen.told);
        for numbers in [&seen.forwards, &seen.backwards] {
            assert!(*numbers == kept || seen.told, "byte {at}: {} records", numbers.len());
        }
    }
    eprintln!(
        "{tried} bytes: {refused} refused when opened, {reported} by verify, {read} when read"
    );
    assert!(refused > 10 && reported > 30 && read > 30, "{tried} {refused} {reported} {read}");
}

/// A file as a crash leaves it is checked by redb when it is opened. What it cannot tell from the crash, unless
/// transactions are synced twice, is damage to what the last one alone wrote: then the one before is opened.
#[test]
fn a_changed_byte_in_a_file_that_was_not_closed_is_told_or_undoes_the_last_transaction_at_most() {
    quiet();
    for twice in [false, true] {
        let options = OpenOptions::new().sync_twice(twice);
        let open = |disk: Disk| options.clone().open_backend("a.rem", disk);
        let disk = Disk::with(journal());
        let store = open(disk.clone()).unwrap();
        append(&store, &events(411..=420)).unwrap();
        append(&store, &events(421..=430)).unwrap();
        let file = disk.bytes();
        let expected: Vec<u64> = (101..=400).chain(411..=430).collect();
        let (mut refused, mut undone) = (0, 0);
        for at in places(&file) {
            let mut changed = file.clone();
            changed[at] ^= change(at);
            let store = match open(Disk::with(changed)) {
                Ok(store) => store,
                Err(error) => {
                    assert_refused_for_damage(&error, at);
                    refused += 1;
                    continue;
                }
            };
            let seen = look(&store);
            let back = if store.state().last == 420 { 10 } else { 0 };
            undone += usize::from(back > 0);
            assert!(seen.forwards == expected[..expected.len() - back] || seen.told, "byte {at}");
            assert_eq!(store.verify(&mut |_| true).unwrap().is_sound(), !seen.told, "byte {at}");
        }
        eprintln!(
            "{refused} refused when opened, {undone} undid a transaction, synced twice: {twice}"
        );
        assert!(refused > 10, "{refused}");
        assert_eq!(undone == 0, twice);
    }
}

/// The pages that are in memory are as they were; what is on disk is checked all the same.
#[test]
fn what_changes_below_an_open_journal_is_reported() {
    quiet();
    let disk = Disk::with(journal());
    let store = open(&disk).unwrap();
    assert_sound(&store);
    let file = disk.bytes();
    let body = b"the body of event 250,";
    let at = file.windows(body.len()).position(|window| window == body).unwrap();
    disk.change(at, 1);
    let report = store.verify(&mut |_| true).unwrap();
    assert!(!report.is_sound(), "{report:?}");
    let damage = report.damages.last().unwrap();
    assert_eq!(damage.part(), Part::Pages, "{damage}");
    drop(store);

    // Opened again, the record is told with its number, and the others are read.
    let disk = Disk::with(disk.bytes());
    let store = open(&disk).unwrap();
    let (events, damages) = read_all(&store, 0..=u64::MAX, Direction::Forwards, 64).unwrap();
    assert_eq!(events.len(), 299);
    let told: Vec<_> = damages.iter().map(|damage| (damage.part(), damage.sequences())).collect();
    assert_eq!(told, [(Part::Records, Some(250..=250))]);
    let report = store.verify(&mut |_| true).unwrap();
    assert!(report.damages.iter().any(|damage| damage.sequences() == Some(250..=250)));
    // Retention gets rid of it, and of all that led to it.
    let mut rule = Rule::new();
    rule.events = Some(100);
    store.retain(&[rule], &mut || true).unwrap();
    assert_eq!(store.find(&id(250)).unwrap(), None);
    assert_sound(&store);
}

type Wreck = fn(&WriteTransaction);

/// Rows that somebody else took out of the tables, or put in: each check of `verify` finds what it is for.
#[test]
fn rows_that_are_missing_or_lead_elsewhere_are_told_with_their_place() {
    const RECORDS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("records");
    const IDS: TableDefinition<'_, &[u8; 16], u64> = TableDefinition::new("ids");
    const BY_TOPIC: TableDefinition<'_, &[u8; 12], ()> = TableDefinition::new("by_topic");
    const BY_TIME: TableDefinition<'_, &[u8; 16], u32> = TableDefinition::new("by_time");
    const TOPICS: TableDefinition<'_, u32, &[u8]> = TableDefinition::new("topics");
    const POSITIONS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("positions");
    let at = |sequence: u64| Some(sequence..=sequence);
    let wrecks: [(Wreck, Part, Option<RangeInclusive<u64>>); 9] = [
        (|txn| drop(txn.open_table(RECORDS).unwrap().remove(250).unwrap()), Part::Records, at(250)),
        (|txn| drop(txn.open_table(RECORDS).unwrap().remove(400).unwrap()), Part::Records, at(400)),
        (|txn| drop(txn.open_table(IDS).unwrap().remove(&id(250)).unwrap()), Part::Ids, at(250)),
        (
            |txn| drop(txn.open_table(IDS).unwrap().insert(&id(9_999), 250).unwrap()),
            Part::Ids,
            at(250),
        ),
        (
            |txn| {
                let mut rows = txn.open_table(BY_TOPIC).unwrap();
                let (first, _) = rows.pop_first().unwrap().unwrap();
                assert_eq!(first.value()[10..], 101_u16.to_be_bytes());
            },
            Part::TopicIndex,
            at(101),
        ),
        (
            |txn| {
                let mut key = [0; 12];
                key[10..].copy_from_slice(&9_u16.to_be_bytes());
                txn.open_table(BY_TOPIC).unwrap().insert(&key, ()).unwrap();
            },
            Part::TopicIndex,
            at(9),
        ),
        (
            |txn| drop(txn.open_table(BY_TIME).unwrap().pop_last().unwrap()),
            Part::TimeIndex,
            at(400),
        ),
        (
            |txn| {
                let mut topics = txn.open_table(TOPICS).unwrap();
                let row = topics.get(3).unwrap().unwrap().value().to_owned();
                topics.insert(77, &*row).unwrap();
            },
            Part::Topics,
            None,
        ),
        (
            |txn| drop(txn.open_table(POSITIONS).unwrap().insert("billing", &[0; 12][..]).unwrap()),
            Part::Positions,
            None,
        ),
    ];
    let folder = tempfile::tempdir().unwrap();
    for (number, (wreck, part, sequences)) in wrecks.into_iter().enumerate() {
        let path = folder.path().join(format!("{number}.rem"));
        std::fs::write(&path, journal()).unwrap();
        let db = redb::Database::open(&path).unwrap();
        let txn = db.begin_write().unwrap();
        wreck(&txn);
        txn.commit().unwrap();
        drop(db);
        let store = match Redb::open(&path) {
            Ok(store) => store,
            // What is read when a journal is opened is told there.
            Err(error) => {
                assert!(matches!(part, Part::Topics | Part::Positions), "{error}");
                assert_eq!(error.kind(), StoreErrorKind::Damaged);
                assert!(error.to_string().contains(&part.to_string()), "{error}");
                continue;
            }
        };
        let report = store.verify(&mut |_| true).unwrap();
        let found = report
            .damages
            .iter()
            .any(|damage| damage.part() == part && damage.sequences() == sequences);
        assert!(found, "wreck {number}: {report:#?}");
        if part == Part::Records {
            let (events, damages) =
                read_all(&store, 0..=u64::MAX, Direction::Backwards, 64).unwrap();
            assert_eq!(events.len(), 299);
            assert_eq!(
                damages.iter().map(rem_journal::store::Damage::sequences).collect::<Vec<_>>(),
                [sequences]
            );
        }
    }
}

#[test]
fn a_check_ends_when_told_to_and_is_not_complete() {
    let store = memory();
    append(&store, &events(1..=3_000)).unwrap();
    let mut told = 0;
    let report = store
        .verify(&mut |progress| {
            told += 1;
            assert!(progress.checked <= progress.of && progress.damages == 0);
            told < 2
        })
        .unwrap();
    assert!(!report.complete && !report.is_sound() && told == 2, "{report:?} {told}");
    assert!(report.records > 0 && report.records < 3_000);
}

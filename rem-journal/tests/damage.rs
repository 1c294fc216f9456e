//! A byte that was changed in the file is found and told with its place: never a wrong event, never a panic.
#![expect(clippy::unwrap_used, reason = "what cannot be set up fails the test")]

#[path = "store/disk.rs"]
#[expect(dead_code, reason = "these tests use a part of it")]
mod disk;
#[path = "store/support.rs"]
#[expect(dead_code, reason = "these tests use a part of it")]
mod support;

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use disk::Disk;
use rem_journal::store::{
    Commit, Direction, Moment, OpenOptions, Redb, Rule, Snapshot, Store, StoreError, StoreErrorKind,
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
                    Direction::Backwards => seen.backwards = numbers,
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

/// Every n-th byte of the file, with one bit or all of them changed.
#[test]
fn a_changed_byte_is_told_or_changes_nothing() {
    // redb panics over what it finds, which is caught; the text of it would drown what a test says.
    std::panic::set_hook(Box::new(|info| {
        if info.location().is_some_and(|at| !at.file().contains("redb-")) {
            eprintln!("{info}");
        }
    }));
    let file = journal();
    let as_written = look(&open(&Disk::with(file.clone())).unwrap());
    let kept: Vec<u64> = (101..=400).collect();
    assert_eq!((&as_written.forwards, as_written.told), (&kept, false));
    // Most of a file is free.
    let live =
        file.chunks(4_096).enumerate().filter(|(_, page)| page.iter().any(|byte| *byte != 0));
    let step = std::env::var("REM_DAMAGE_STEP").ok().and_then(|step| step.parse().ok());
    let step: usize = step.unwrap_or(211);
    let (mut tried, mut refused, mut reported) = (0, 0, 0);
    for (page, _) in live {
        let end = file.len().min((page + 1) * 4_096);
        for at in (page * 4_096..end).filter(|at| *at < 400 || at % step == 0) {
            let mut changed = file.clone();
            changed[at] ^= if at % 2 == 0 { 0xff } else { 1 << (at % 8) };
            tried += 1;
            let disk = Disk::with(changed);
            let store = match open(&disk) {
                Ok(store) => store,
                Err(error) => {
                    use StoreErrorKind as Kind;
                    let kind = error.kind();
                    let told = [Kind::Damaged, Kind::NotAJournal, Kind::Newer, Kind::Io];
                    assert!(told.contains(&kind), "byte {at}: {error}");
                    refused += 1;
                    continue;
                }
            };
            let report = store.verify(&mut |_| true).unwrap();
            let seen = look(&store);
            if report.is_sound() {
                assert_eq!(seen, as_written, "byte {at}");
            } else {
                reported += 1;
                assert!(!report.damages.is_empty(), "byte {at}: {report:?}");
            }
        }
    }
    eprintln!("{tried} bytes: {refused} refused when opened, {reported} reported by verify");
    assert!(tried > 300 && refused > 10 && reported > 30, "{tried} {refused} {reported}");
}

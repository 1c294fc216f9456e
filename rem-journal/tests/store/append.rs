//! What is appended is there, in order, with what was committed beside it.

use rem_journal::store::{Commit, Direction, Entry, Redb, Store, StoreErrorKind};

use crate::support::*;

#[test]
fn what_was_appended_is_read_in_both_directions_by_pages_of_any_size() {
    let store = memory();
    append(&store, &events(1..=250)).unwrap();
    append(&store, &events(251..=300)).unwrap();
    for page in [1, 7, 100, 1_000] {
        let (forwards, damages) =
            read_all(&store, 0..=u64::MAX, Direction::Forwards, page).unwrap();
        assert_eq!((forwards, damages.len()), (events(1..=300), 0));
        let (mut backwards, _) = read_all(&store, 40..=260, Direction::Backwards, page).unwrap();
        backwards.reverse();
        assert_eq!(backwards, events(40..=260));
    }
    assert_sound(&store);
}

#[test]
fn all_of_it_is_there_when_the_file_is_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.rem");
    let store = Redb::open(&path).unwrap();
    append(&store, &events(1..=100)).unwrap();
    let mut commit = Commit::default();
    commit.reserved = Some(1_000);
    commit.positions = &[("billing", Some(40)), ("gone", Some(1))];
    commit.notes = &[("mesh.outbox", Some(b"\x01\x02"))];
    append_with(&store, &events(101..=120), &commit).unwrap();
    commit = Commit::default();
    commit.positions = &[("gone", None)];
    commit.holes = &[121..=1_000];
    append_with(&store, &[], &commit).unwrap();
    let before = store.state();
    drop(store);

    let store = Redb::open(&path).unwrap();
    assert_eq!(store.state(), before);
    let state = store.state();
    assert_eq!((state.first, state.last, state.reserved, state.events), (1, 120, 1_000, 120));
    assert_eq!((state.topics, &*state.holes), (10, &[121..=1_000][..]));
    assert_eq!(state.positions.iter().collect::<Vec<_>>(), [(&"billing".to_owned(), &40)]);
    assert_eq!(state.notes["mesh.outbox"], [1, 2]);
    append(&store, &events(1_001..=1_010)).unwrap();
    assert_eq!(read_sound(&store), [events(1..=120), events(1_001..=1_010)].concat());
    assert_sound(&store);
}

#[test]
fn numbers_that_a_batch_leaves_out_are_holes() {
    let store = memory();
    append(&store, &events(5..=7)).unwrap();
    append(&store, &[Event::new(8), Event::new(11), Event::new(12)]).unwrap();
    let mut commit = Commit::default();
    commit.holes = &[13..=14];
    append_with(&store, &[Event::new(20)], &commit).unwrap();
    assert_eq!(store.state().holes, [9..=10, 13..=19], "neighbours are one");
    assert_eq!(store.state().first, 5);
    assert_eq!(numbers(&read_sound(&store)), [5, 6, 7, 8, 11, 12, 20]);
    assert_sound(&store);
}

#[test]
fn the_same_batch_again_changes_nothing_and_another_is_refused() {
    let store = memory();
    append(&store, &events(1..=10)).unwrap();
    let before = store.state();
    append(&store, &events(1..=10)).unwrap();
    assert_eq!(store.state(), before);
    append(&store, &events(6..=15)).unwrap();
    assert_eq!(read_sound(&store), events(1..=15));

    let other = Event::new(15).topic("another.topic");
    for wrong in [vec![other], vec![Event::new(16), Event::new(16)], vec![Event::new(0)]] {
        let error = append(&store, &wrong).unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Sequence, "{error}");
    }
    assert_eq!(read_sound(&store), events(1..=15));
    assert_sound(&store);
}

#[test]
fn what_is_no_record_is_refused_with_its_number() {
    let store = memory();
    let good = Event::new(1).bytes();
    let batch = [Entry { sequence: 1, bytes: &good }, Entry { sequence: 2, bytes: b"short" }];
    let error = store.append(&batch, &Commit::default()).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Record);
    assert!(error.to_string().contains("event 2"), "{error}");
    assert_eq!(store.state().events, 0);
}

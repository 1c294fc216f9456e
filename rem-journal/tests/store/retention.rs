//! What a rule does not keep is let go, the oldest first, and with it all rows that led to it.

use proptest::prelude::*;
use rem_journal::store::{Redb, Rule, Snapshot, Store, StoreErrorKind};

use crate::support::*;

fn noisy(topic: &str) -> bool {
    topic.starts_with("sensor.3")
}

#[test]
fn the_oldest_go_beyond_a_number_of_events_or_bytes() {
    let store = memory();
    append(&store, &events(1..=5_000)).unwrap();
    let mut rule = Rule::new();
    rule.events = Some(1_000);
    let mut asked = 0;
    let let_go = store
        .retain(&[rule], &mut || {
            asked += 1;
            true
        })
        .unwrap();
    assert_eq!((let_go.events, let_go.complete), (4_000, true));
    assert!(asked > 2, "in one transaction, which is not bounded");
    assert_eq!(read_sound(&store), events(4_001..=5_000));
    let bytes: usize = events(4_501..=5_000).iter().map(|event| event.bytes().len()).sum();
    let mut rule = Rule::new();
    rule.bytes = Some(bytes as u64);
    store.retain(&[rule], &mut || true).unwrap();
    assert_eq!(read_sound(&store), events(4_501..=5_000));
    let state = store.state();
    assert_eq!((state.first, state.events, state.bytes), (4_501, 500, bytes as u64));
    assert_eq!(state.let_go[""], 4_500);
    assert_sound(&store);
}

#[test]
fn a_rule_for_a_pattern_leaves_the_others_alone_and_keeps_what_it_let_go() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.rem");
    let store = Redb::open(&path).unwrap();
    append(&store, &events(1..=1_000)).unwrap();
    let mut rule = Rule::of("sensor.3.*", &noisy);
    rule.events = Some(5);
    let let_go = store.retain(&[rule], &mut || true).unwrap();
    assert_eq!(let_go.events, 95);
    let kept: Vec<Event> = events(1..=1_000)
        .into_iter()
        .filter(|event| event.sequence % 10 != 3 || event.sequence > 950)
        .collect();
    assert_eq!(read_sound(&store), kept);
    drop(store);
    let store = Redb::open(&path).unwrap();
    assert_eq!(store.state().let_go.get("sensor.3.*"), Some(&943));
    assert_eq!(read_sound(&store), kept);
    assert_sound(&store);
}

#[test]
fn what_is_too_old_goes_wherever_it_stands() {
    let store = memory();
    let mut all = events(1..=20);
    // A clock that was set back: an old time behind newer ones.
    all.push(Event::new(21).at(5_000_000_000));
    all.push(Event::new(23).topic("sensor.3.read").at(6_000_000_000));
    append(&store, &all).unwrap();
    let mut of_pattern = Rule::of("sensor.3.*", &noisy);
    of_pattern.since = Some(14_000_000_000);
    assert_eq!(store.retain(&[of_pattern], &mut || true).unwrap().events, 3);
    let kept: Vec<u64> = (1..=21).filter(|at| *at != 3 && *at != 13).collect();
    assert_eq!(numbers(&read_sound(&store)), kept);
    // What comes late with an old time goes the next time.
    append(&store, &[Event::new(24).topic("sensor.3.read").at(7_000_000_000)]).unwrap();
    assert_eq!(store.retain(&[of_pattern], &mut || true).unwrap().events, 1);
    let mut rule = Rule::new();
    rule.since = Some(18_000_000_000);
    store.retain(&[rule], &mut || true).unwrap();
    assert_eq!(numbers(&read_sound(&store)), [18, 19, 20]);
    assert_sound(&store);
    rule.since = Some(u64::MAX);
    store.retain(&[rule], &mut || true).unwrap();
    let state = store.state();
    assert_eq!((state.first, state.last, state.events, state.bytes), (25, 24, 0, 0));
    assert_eq!((state.topics, state.holes.len()), (0, 0));
    append(&store, &events(25..=30)).unwrap();
    assert_eq!(read_sound(&store), events(25..=30));
    assert_sound(&store);
}

#[test]
fn it_ends_between_transactions_when_told_to() {
    let store = memory();
    append(&store, &events(1..=5_000)).unwrap();
    let mut rule = Rule::new();
    rule.events = Some(0);
    let mut rounds = 0;
    let let_go = store
        .retain(&[rule], &mut || {
            rounds += 1;
            rounds < 2
        })
        .unwrap();
    assert!(!let_go.complete && let_go.events > 0 && let_go.events < 5_000, "{let_go:?}");
    assert_sound(&store);
    assert!(store.retain(&[rule], &mut || true).unwrap().complete);
    assert_eq!(store.state().events, 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn whatever_the_rules_what_is_kept_is_what_they_keep(
        steps in proptest::collection::vec(
            (1_u64..40, proptest::option::of(0_u64..60), proptest::option::of(0_u64..10), proptest::option::of(0_u64..200)),
            1..6,
        ),
    ) {
        let store = memory();
        let (mut kept, mut next) = (Vec::<Event>::new(), 1);
        for (count, whole, of_pattern, since) in steps {
            let batch = events(next..=next + count - 1);
            append(&store, &batch).unwrap();
            next += count;
            kept.extend(batch);
            let mut pattern = Rule::of("sensor.3.*", &noisy);
            pattern.events = of_pattern;
            let mut all = Rule::new();
            (all.events, all.since) = (whole, since.map(|since| since * 1_000_000_000));
            store.retain(&[pattern, all], &mut || true).unwrap();

            let noisy_now = kept.iter().filter(|event| noisy(&event.topic)).count() as u64;
            let mut beyond = noisy_now.saturating_sub(of_pattern.unwrap_or(u64::MAX));
            kept.retain(|event| {
                let goes = noisy(&event.topic) && beyond > 0;
                beyond -= u64::from(goes);
                !goes
            });
            let beyond = (kept.len() as u64).saturating_sub(whole.unwrap_or(u64::MAX));
            kept.drain(..usize::try_from(beyond).unwrap());
            kept.retain(|event| event.timestamp >= since.unwrap_or(0) * 1_000_000_000);
            prop_assert_eq!(&read_sound(&store), &kept);
        }
        assert_sound(&store);
    }
}

#[test]
fn snapshots_are_found_by_name_at_a_number_or_before_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.rem");
    let store = Redb::open(&path).unwrap();
    let snapshot = |sequence: u64| Snapshot { sequence, version: 2, bytes: vec![7; 10_000] };
    for sequence in [10, 20, 30] {
        store.put_snapshot("totals", &snapshot(sequence)).unwrap();
    }
    store.put_snapshot("other", &snapshot(25)).unwrap();
    drop(store);
    let store = Redb::open(&path).unwrap();
    for (at, found) in [(9, None), (10, Some(10)), (29, Some(20)), (u64::MAX, Some(30))] {
        let snapshot_then = store.snapshot("totals", at).unwrap();
        assert_eq!(snapshot_then, found.map(snapshot));
    }
    assert_eq!(store.snapshot("nobody", 100).unwrap(), None);
    assert_eq!(store.drop_snapshots("totals", 0..=20).unwrap(), 2);
    assert_eq!(store.snapshot("totals", 29).unwrap(), None);
    assert_eq!(store.snapshot("other", 29).unwrap(), Some(snapshot(25)));
    assert_sound(&store);
}

#[test]
fn compacting_gives_room_back_and_is_busy_while_somebody_reads() {
    use std::ops::ControlFlow;

    use rem_journal::store::Direction;

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.rem");
    let store = Redb::open(&path).unwrap();
    append(&store, &events(1..=20_000)).unwrap();
    let mut rule = Rule::new();
    rule.events = Some(100);
    store.retain(&[rule], &mut || true).unwrap();
    let mut while_reading = None;
    store
        .read(1..=u64::MAX, Direction::Forwards, 10, &mut |_, _| {
            while_reading = Some(store.compact().unwrap_err().kind());
            ControlFlow::Break(())
        })
        .unwrap();
    assert_eq!(while_reading, Some(StoreErrorKind::Busy));
    let before = std::fs::metadata(&path).unwrap().len();
    let freed = store.compact().unwrap();
    let after = std::fs::metadata(&path).unwrap().len();
    assert!(freed > 0 && after < before / 4, "{before} {after} {freed}");
    assert_eq!(before - after, freed);
    assert_eq!(read_sound(&store), events(19_901..=20_000));
    assert_sound(&store);
}

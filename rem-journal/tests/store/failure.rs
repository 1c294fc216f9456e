//! Disks that fail, are full or lose power.

use std::io;

use rem_journal::store::{
    Commit, Direction, OpenOptions, Redb, Rule, Store, StoreError, StoreErrorKind,
};

use crate::disk::Disk;
use crate::support::*;

fn open(disk: &Disk) -> Result<Redb, StoreError> {
    OpenOptions::new().cache_bytes(1 << 20).open_backend("a.rem", disk.clone())
}

/// What every write point is tried with: batches, positions, holes, retention, a snapshot.
fn campaign(disk: &Disk, acknowledged: &mut Acknowledged) -> Result<(), StoreError> {
    let store = open(disk)?;
    for round in 0..6 {
        let first = round * 22 + 1;
        let batch = events(first..=first + 19);
        let holes = [first + 20..=first + 21];
        let positions = [("billing", Some(first))];
        let mut commit = Commit::default();
        commit.holes = &holes;
        commit.positions = &positions;
        append_with(&store, &batch, &commit)?;
        acknowledged.last = first + 19;
        acknowledged.position = first;
        if round >= 3 {
            let mut rule = Rule::new();
            rule.events = Some(40);
            store.retain(&[rule], &mut || true)?;
        }
    }
    drop(store);
    Ok(())
}

#[derive(Debug, Default)]
struct Acknowledged {
    last: u64,
    position: u64,
}

#[test]
fn after_a_loss_of_power_at_any_write_all_that_was_acknowledged_is_there() {
    let whole = Disk::default();
    campaign(&whole, &mut Acknowledged::default()).unwrap();
    let operations = whole.operations();
    assert!(operations > 50);
    for at in 1..=operations {
        let disk = Disk::default();
        disk.fail_from(at, io::ErrorKind::Other);
        let mut acknowledged = Acknowledged::default();
        let _ = campaign(&disk, &mut acknowledged);
        for seed in [1, 0x9E37_79B9_7F4A_7C15, at.wrapping_mul(0xD134_2543_DE82_EF95)] {
            let left = Disk::with(disk.after_power_loss(seed));
            let store = match open(&left) {
                Ok(store) => store,
                // A file that was never finished has nothing that was acknowledged.
                Err(error) => {
                    assert_eq!(acknowledged.last, 0, "write {at}: {error}");

                    continue;
                }
            };
            let state = store.state();
            assert!(state.last >= acknowledged.last, "write {at}: {state:?}");
            let position = state.positions.get("billing").copied().unwrap_or(0);
            assert!(position >= acknowledged.position, "write {at}: {position}");
            // One transaction, all or nothing: the position is that of the last batch.
            assert!(state.last == 0 || state.last == position + 19, "write {at}: {state:?}");
            let kept: Vec<Event> = (state.first..=state.last)
                .filter(|sequence| (sequence - 1) % 22 < 20)
                .map(Event::new)
                .collect();
            assert_eq!(read_sound(&store), kept);
            assert_sound(&store);
        }
    }
}

#[test]
fn a_full_disk_is_told_reading_goes_on_and_writing_when_there_is_room() {
    // Each point at which a batch can fail, to the last.
    for point in 1.. {
        let disk = Disk::default();
        let store = open(&disk).unwrap();
        append(&store, &events(1..=50)).unwrap();
        disk.fail_from(disk.operations() + point, io::ErrorKind::StorageFull);
        let result = append(&store, &events(51..=90));
        let failed = result.is_err();
        if let Err(error) = result {
            assert_eq!(error.kind(), StoreErrorKind::Full, "{error:?}");
            assert!(error.to_string().contains("a.rem"), "{error}");
            // It fails again, and what was acknowledged is read all the same.
            let again = append(&store, &events(51..=90)).unwrap_err();
            assert_eq!(again.kind(), StoreErrorKind::Full, "{again:?}");
            let read = read_sound(&store);
            assert_eq!(read[..50], events(1..=50));
            assert_eq!(store.find(&id(17)).unwrap(), Some(17));
        }
        disk.mend();
        append(&store, &events(51..=90)).unwrap();
        append(&store, &events(91..=100)).unwrap();
        assert_eq!(read_sound(&store), events(1..=100));
        assert_sound(&store);
        drop(store);
        let store = open(&disk).unwrap();
        assert_eq!(read_sound(&store), events(1..=100));
        if !failed {
            assert!(point > 3, "no write failed");
            return;
        }
    }
}

#[test]
fn a_disk_that_cannot_be_read_is_told_and_read_again_when_it_can() {
    let disk = Disk::default();
    drop({
        let store = open(&disk).unwrap();
        append(&store, &events(1..=500)).unwrap();
        store
    });
    let store = OpenOptions::new().cache_bytes(0).open_backend("a.rem", disk.clone()).unwrap();
    disk.fail_reads();
    let error = read_all(&store, 1..=500, Direction::Forwards, 100).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Io, "{error}");
    disk.mend();
    assert_eq!(read_sound(&store), events(1..=500));
    append(&store, &events(501..=510)).unwrap();
    assert_sound(&store);
}

#[test]
fn one_writes_and_others_read_when_nobody_does() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.rem");
    let store = Redb::open(&path).unwrap();
    append(&store, &events(1..=10)).unwrap();
    for refused in [Redb::open(&path), OpenOptions::new().open_read_only(&path)] {
        let error = refused.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Locked);
        assert_eq!(error.path(), path);
        assert!(error.to_string().contains("journal.rem"), "{error}");
    }
    // As a crash would leave it: what is in the file now was never closed.
    let crashed = folder.path().join("crashed.rem");
    std::fs::copy(&path, &crashed).unwrap();
    drop(store);
    for path in [path, crashed] {
        let before = std::fs::read(&path).unwrap();
        let readers = [(); 2].map(|()| OpenOptions::new().open_read_only(&path).unwrap());
        for reader in &readers {
            assert_eq!(read_sound(reader), events(1..=10));
            let error = append(reader, &events(11..=11)).unwrap_err();
            assert_eq!(error.kind(), StoreErrorKind::ReadOnly);
        }
        assert_eq!(Redb::open(&path).unwrap_err().kind(), StoreErrorKind::Locked);
        drop(readers);
        assert_eq!(std::fs::read(&path).unwrap(), before, "a reader wrote");
        let store = Redb::open(&path).unwrap();
        append(&store, &events(11..=11)).unwrap();
    }
}

/// A crash while a journal is made leaves a file beside its place, and the next who opens it makes it anew.
#[test]
fn what_a_crash_left_of_a_journal_that_was_being_made_is_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.rem");
    let half = folder.path().join("journal.rem.new");
    std::fs::write(&half, vec![7; 10_000]).unwrap();
    let store = Redb::open(&path).unwrap();
    assert!(path.exists() && !half.exists());
    append(&store, &events(1..=10)).unwrap();
    drop(store);
    assert_eq!(read_sound(&Redb::open(&path).unwrap()), events(1..=10));
}

/// Several open what is not there yet: one makes it, and the others are told.
#[test]
fn of_several_who_make_a_journal_one_has_it() {
    let folder = tempfile::tempdir().unwrap();
    for round in 0..20 {
        let path = folder.path().join(format!("{round}.rem"));
        let opened: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| Redb::open(&path))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let (made, refused): (Vec<_>, Vec<_>) = opened.into_iter().partition(Result::is_ok);
        assert_eq!(made.len(), 1);
        for refused in refused {
            assert_eq!(refused.unwrap_err().kind(), StoreErrorKind::Locked);
        }
        let store = made.into_iter().next().unwrap().unwrap();
        append(&store, &events(1..=3)).unwrap();
        drop(store);
        assert_eq!(read_sound(&Redb::open(&path).unwrap()), events(1..=3));
    }
}

#[test]
fn what_is_no_journal_is_refused_and_left_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("text");
    std::fs::write(&text, "no journal, but a text that somebody may want to keep").unwrap();
    let other = folder.path().join("other");
    {
        let db = redb::Database::create(&other).unwrap();
        let txn = db.begin_write().unwrap();
        txn.open_table(redb::TableDefinition::<u64, u64>::new("theirs")).unwrap();
        txn.commit().unwrap();
    }
    for path in [&text, &other] {
        for opened in [Redb::open(path), OpenOptions::new().open_read_only(path)] {
            let error = opened.unwrap_err();
            assert_eq!(error.kind(), StoreErrorKind::NotAJournal, "{error}");
        }
    }
    assert!(std::fs::read_to_string(&text).unwrap().starts_with("no journal"));
    let missing = folder.path().join("missing/journal.rem");
    for opened in [Redb::open(&missing), OpenOptions::new().open_read_only(&missing)] {
        assert_eq!(opened.unwrap_err().kind(), StoreErrorKind::NotFound);
    }
}

//! Snapshots in a journal: a projection goes on where it was, or is told why not.

use std::path::Path;

use rem_core::{Bus, Event};
use rem_journal::{Journal, JournalHandle};
use rem_projections::{AttachError, Projection, Projector, SnapshotError, SnapshotStore, Stored};
use serde::{Deserialize, Serialize};

use crate::support::{Account, SOON, pay};

fn open(path: &Path) -> (Bus, JournalHandle) {
    let journal = Journal::open(path).unwrap();
    let handle = journal.handle();
    (Bus::builder().history(journal).build(), handle)
}

/// Its version stands in the type; it counts how many events it has been given in this life too.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Sum<const VERSION: u32> {
    amount: u64,
    #[serde(skip)]
    applied: u64,
}

impl<const VERSION: u32> Projection for Sum<VERSION> {
    type Event = Account;
    const VERSION: u32 = VERSION;

    fn apply(&mut self, event: &Event<Account>) {
        if let Account::Paid { amount, .. } = event.data {
            self.amount += amount;
            self.applied += 1;
        }
    }
}

fn attach<const VERSION: u32>(
    bus: &Bus,
    handle: &JournalHandle,
    refuse: bool,
) -> Result<Projector<Sum<VERSION>>, AttachError> {
    let builder = Projector::builder("sum").snapshot_every(100).snapshots_in(handle.clone());
    let builder = if refuse { builder.refuse_other_snapshots() } else { builder };
    builder.attach(bus, Sum::default())
}

/// 1,000 payments, with snapshots of them that are on the disk.
fn fill(path: &Path) {
    let (bus, handle) = open(path);
    (0..1_000).for_each(|_| _ = pay(&bus, 1, 1));
    let receipt = bus.publish(Account::Paid { id: 1, amount: 1 }).unwrap();
    receipt.durable().wait(SOON).unwrap();
    let sum = attach::<1>(&bus, &handle, false).unwrap();
    assert_eq!(sum.wait_for(1_001, SOON).unwrap().amount, 1_001);
    assert_eq!(sum.at(450).unwrap().amount, 450);
    assert_eq!(sum.at(1).unwrap().amount, 1);
    assert!(sum.report().trouble.is_none(), "{:?}", sum.report());
    sum.stop();
}

#[test]
fn it_goes_on_behind_the_newest_snapshot() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sum.rem");
    fill(&path);
    let (bus, handle) = open(&path);
    let newest = SnapshotStore::newest(&handle, "sum", u64::MAX).unwrap().unwrap();
    assert!(newest.sequence >= 1_000, "{}", newest.sequence);
    let sum = attach::<1>(&bus, &handle, true).unwrap();
    let last = pay(&bus, 1, 1);
    let state = sum.wait_for(last, SOON).unwrap();
    assert_eq!(state.amount, 1_002);
    assert!(state.applied <= 10, "the rest came from the snapshot: {}", state.applied);
    // The past goes further back than this life.
    let past = sum.at(450).unwrap();
    assert_eq!(past.amount, 450);
    assert!(past.applied <= 100, "{}", past.applied);
}

#[test]
fn a_snapshot_of_another_version_is_refused_or_reported_and_folded_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sum.rem");
    fill(&path);
    let (bus, handle) = open(&path);
    let error = attach::<2>(&bus, &handle, true).unwrap_err();
    let AttachError::Snapshot(SnapshotError::OtherVersion { found: 1, wanted: 2, .. }) = error
    else {
        panic!("{error}")
    };
    let sum = attach::<2>(&bus, &handle, false).unwrap();
    assert_eq!(sum.wait_for(1_001, SOON).unwrap().applied, 1_001);
    let trouble = sum.report().trouble.unwrap();
    assert!(trouble.contains("version 1") && trouble.contains("version 2"), "{trouble}");
    let newest = SnapshotStore::newest(&handle, "sum", u64::MAX).unwrap().unwrap();
    assert_eq!(newest.version, 2, "they stand in the place of the old ones");
    assert_eq!(sum.at(450).unwrap().amount, 450);
}

#[test]
fn a_snapshot_that_is_none_or_of_another_history_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sum.rem");
    fill(&path);
    let (bus, handle) = open(&path);
    let put = |sequence, bytes: &[u8]| {
        let snapshot = Stored { sequence, version: 1, bytes: bytes.to_vec() };
        SnapshotStore::put(&handle, "sum", snapshot).unwrap();
    };
    put(1_000_000_000, b"12345678{\"amount\":7}");
    let error = attach::<1>(&bus, &handle, true).unwrap_err();
    let AttachError::Snapshot(SnapshotError::Ahead { sequence: 1_000_000_000, .. }) = error else {
        panic!("{error}")
    };
    for bytes in [&b"1234"[..], b"12345678{", b"12345678[]"] {
        put(1_000_000_000, bytes);
        let error = attach::<1>(&bus, &handle, true).unwrap_err();
        assert!(
            matches!(error, AttachError::Snapshot(SnapshotError::Unreadable { .. })),
            "{error}"
        );
    }
    let sum = attach::<1>(&bus, &handle, false).unwrap();
    assert_eq!(sum.wait_for(1_001, SOON).unwrap().amount, 1_001);
    assert!(sum.report().trouble.is_some());
}

//! [`JournalHandle`]: a look at a journal that belongs to a bus.

use std::fmt;
use std::ops::RangeInclusive;
use std::sync::Arc;

use crate::store::{Progress, Report, Snapshot, State, StoreError};
use crate::sync::lock;
use crate::writer::Work;

/// Looks at a journal, whichever bus it belongs to: counts, checks, snapshots. A handle; its clones are the same.
///
/// It keeps the file open: the journal can be opened again when its bus and all handles are gone.
#[derive(Clone)]
pub struct JournalHandle {
    work: Arc<Work>,
}

/// What a journal has, and what it is about to do.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct JournalStats {
    /// The numbers of what is stored: how much of it there is, how far it goes, positions, what was let go.
    pub stored: Arc<State>,
    /// All up to this number is on the disk, or nowhere.
    pub committed: u64,
    /// How many events are not on the disk yet.
    pub waiting: u64,
    /// How many bytes of them there are.
    pub waiting_bytes: u64,
    /// How often something could not be read since it was opened: it was left out of what was asked for, and
    /// [`verify`](JournalHandle::verify) finds each.
    pub unreadable: u64,
    /// What was wrong with it, the last time.
    pub last_unreadable: Option<Box<str>>,
    /// Why the disk refuses at present.
    pub fault: Option<Arc<StoreError>>,
    /// Why retention or the closing of the file failed, the last time.
    pub trouble: Option<Arc<StoreError>>,
}

impl JournalHandle {
    pub(super) fn of(work: &Arc<Work>) -> Self {
        Self { work: Arc::clone(work) }
    }

    /// What it has now.
    pub fn stats(&self) -> JournalStats {
        let (waiting, waiting_bytes) = self.work.tail.waiting();
        let unreadable = self.work.reading.unreadable();
        JournalStats {
            stored: self.work.store.state(),
            committed: self.work.tail.committed(),
            waiting,
            waiting_bytes,
            unreadable: unreadable.times,
            last_unreadable: unreadable.last,
            fault: self.work.tail.fault(),
            trouble: lock(&self.work.trouble).clone(),
        }
    }

    /// Checks everything that is stored: each record, each row of an index, each page of the file. `progress` is told how far
    /// it is, and ends it by `false`.
    ///
    /// # Errors
    /// When the disk fails. Damage is no error: the report has each with its place.
    pub fn verify(&self, mut progress: impl FnMut(Progress) -> bool) -> Result<Report, StoreError> {
        self.work.store.verify(&mut progress)
    }

    /// Gives the room of what was let go back to the file system, and says how many bytes that is. Reading and writing wait
    /// until it is done, and with the writer publishers whose backlog is full.
    ///
    /// # Errors
    /// While somebody reads, and when the disk fails.
    pub fn compact(&self) -> Result<u64, StoreError> {
        self.work.store.compact()
    }

    /// Keeps a snapshot of what was made of the events, under a name.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn put_snapshot(&self, name: &str, snapshot: &Snapshot) -> Result<(), StoreError> {
        self.work.store.put_snapshot(name, snapshot)
    }

    /// The newest snapshot of that name at this number or before it.
    ///
    /// # Errors
    /// When the disk fails, or it is damaged.
    pub fn snapshot(&self, name: &str, at_or_before: u64) -> Result<Option<Snapshot>, StoreError> {
        self.work.store.snapshot(name, at_or_before)
    }

    /// Drops the snapshots of that name whose numbers lie in the range, and says how many.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn drop_snapshots(
        &self,
        name: &str,
        range: RangeInclusive<u64>,
    ) -> Result<u64, StoreError> {
        self.work.store.drop_snapshots(name, range)
    }

    /// Asks for all that was published to be on the disk as soon as may be. It does not wait:
    /// [`Receipt::durable`](rem_core::Receipt::durable) does.
    pub fn flush(&self) {
        self.work.tail.flush();
    }
}

impl fmt::Debug for JournalHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JournalHandle").field("store", &self.work.store).finish_non_exhaustive()
    }
}

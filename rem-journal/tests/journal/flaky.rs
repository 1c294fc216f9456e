//! A store that fails when it is told to.

use std::ops::{ControlFlow, RangeInclusive};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex, PoisonError};

use rem_journal::store::{
    Commit, Direction, Entry, LetGo, Moment, Progress, Redb, Report, Rule, Snapshot, State, Store,
    StoreError, StoreErrorKind, Topic, Visit,
};

/// Told from outside.
#[derive(Debug, Clone, Default)]
pub(crate) struct Switch {
    pub(crate) is_full: Arc<AtomicBool>,
    pub(crate) panics: Arc<AtomicBool>,
    pub(crate) commits: Arc<AtomicU64>,
    /// Held while something is written.
    pub(crate) writing: Arc<Mutex<()>>,
}

#[derive(Debug)]
pub(crate) struct Flaky {
    store: Redb,
    switch: Switch,
}

impl Flaky {
    pub(crate) fn open(path: &Path, switch: &Switch) -> Self {
        Self { store: Redb::open(path).unwrap(), switch: switch.clone() }
    }
}

impl Store for Flaky {
    fn append(&self, batch: &[Entry<'_>], commit: &Commit<'_>) -> Result<(), StoreError> {
        let _writing = self.switch.writing.lock().unwrap_or_else(PoisonError::into_inner);
        assert!(!self.switch.panics.load(SeqCst), "a store that panics");
        if self.switch.is_full.load(SeqCst) {
            return Err(StoreError::new(
                StoreErrorKind::Full,
                Path::new("flaky"),
                "no space left on device",
            ));
        }
        self.switch.commits.fetch_add(1, SeqCst);
        self.store.append(batch, commit)
    }

    fn state(&self) -> Arc<State> {
        self.store.state()
    }

    fn topics(&self, prefix: &str, visit: &mut dyn FnMut(&Topic) -> ControlFlow<()>) {
        self.store.topics(prefix, visit);
    }

    fn read(
        &self,
        range: RangeInclusive<u64>,
        direction: Direction,
        limit: usize,
        visit: &mut Visit<'_>,
    ) -> Result<Option<RangeInclusive<u64>>, StoreError> {
        self.store.read(range, direction, limit, visit)
    }

    fn find(&self, id: &[u8; 16]) -> Result<Option<u64>, StoreError> {
        self.store.find(id)
    }

    fn by_topics(
        &self,
        topics: &[Topic],
        range: RangeInclusive<u64>,
        direction: Direction,
        limit: usize,
        numbers: &mut Vec<u64>,
    ) -> Result<Option<RangeInclusive<u64>>, StoreError> {
        self.store.by_topics(topics, range, direction, limit, numbers)
    }

    fn by_time(
        &self,
        range: RangeInclusive<Moment>,
        direction: Direction,
        limit: usize,
        found: &mut Vec<Moment>,
    ) -> Result<Option<RangeInclusive<Moment>>, StoreError> {
        self.store.by_time(range, direction, limit, found)
    }

    fn retain(
        &self,
        rules: &[Rule<'_>],
        proceed: &mut dyn FnMut() -> bool,
    ) -> Result<LetGo, StoreError> {
        self.store.retain(rules, proceed)
    }

    fn put_snapshot(&self, name: &str, snapshot: &Snapshot) -> Result<(), StoreError> {
        self.store.put_snapshot(name, snapshot)
    }

    fn snapshot(&self, name: &str, at_or_before: u64) -> Result<Option<Snapshot>, StoreError> {
        self.store.snapshot(name, at_or_before)
    }

    fn drop_snapshots(&self, name: &str, range: RangeInclusive<u64>) -> Result<u64, StoreError> {
        self.store.drop_snapshots(name, range)
    }

    fn verify(&self, progress: &mut dyn FnMut(Progress) -> bool) -> Result<Report, StoreError> {
        self.store.verify(progress)
    }

    fn compact(&self) -> Result<u64, StoreError> {
        self.store.compact()
    }
}

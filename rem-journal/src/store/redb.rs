//! [`Redb`]: a store in one file, by the crate [redb](::redb).
//!
//! A file of redb that failed once is of no more use until it is opened again, so the file is held by us and lent to
//! redb (`lease.rs`), which gets a new lease of it after a failure. While the disk fails, what is written is read through
//! an overlay in memory, in which redb repairs what it finds.

mod access;
mod append;
mod fault;
mod holes;
mod index;
mod lease;
mod options;
mod read;
mod retain;
mod snapshots;
mod tables;
mod topics;
mod verify;

pub use options::OpenOptions;

use std::collections::HashMap;
use std::fmt;
use std::ops::{ControlFlow, RangeInclusive};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use ::redb::{Builder, Database};

use super::{
    Commit, Direction, Entry, LetGo, Moment, Progress, Report, Rule, Snapshot, State, Store,
    StoreError, StoreErrorKind, Topic, Visit,
};
use access::Again;
use fault::{Fault, guarded};
use lease::{Held, Lease};
use topics::Topics;

/// A store in one file.
///
/// One [`Redb`] at a time has the file open for writing, in all processes. Any number of processes read it with
/// [`OpenOptions::open_read_only`] while none writes.
pub struct Redb {
    path: PathBuf,
    options: OpenOptions,
    read_only: bool,
    /// Before `file`, which is given up when all that borrow it are gone.
    open: RwLock<Arc<Open>>,
    file: Held,
    state: RwLock<Arc<State>>,
    topics: RwLock<Topics>,
    writer: Mutex<Writer>,
    /// Who reads again after a failure.
    again: Again,
}

/// What the one who writes knows.
#[derive(Debug, Default)]
struct Writer {
    next_topic: u32,
    /// The file failed, and what is open is an overlay or of no use: open it again before anything is written.
    failed: bool,
    /// Up to which moment the index of time was looked through for a rule on some topics.
    aged: HashMap<String, Moment>,
}

/// The file, as redb has it.
struct Open {
    /// `None` while it is dropped.
    db: Option<Database>,
    lease: Lease,
}

impl Open {
    fn db(&self) -> Result<&Database, Fault> {
        self.db.as_ref().ok_or(Fault::closed())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let db = self.db.take();
        // What it has to say of a damaged file has been said, or is said when the file is opened again.
        let _ = guarded(|| {
            drop(db);
            Ok(())
        });
    }
}

impl Redb {
    /// Opens the journal in this file, or makes one if there is none.
    ///
    /// After a crash the file is repaired first: all of it is read, and what [`append`](Store::append) had returned `Ok`
    /// for is there.
    ///
    /// # Errors
    /// If another has it open, it is no journal, it is damaged, or the disk fails.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        OpenOptions::new().open(path)
    }

    fn start(
        path: PathBuf,
        options: OpenOptions,
        read_only: bool,
        file: Held,
    ) -> Result<Self, StoreError> {
        let told = |fault: Fault| fault.told(&path);
        let open = Self::lend(&mut options.telling(), &file, read_only).map_err(told)?;
        if !read_only {
            guarded(|| tables::create(open.db()?)).map_err(told)?;
        }
        let (state, topics, next_topic) = guarded(|| tables::load(open.db()?)).map_err(told)?;
        let writer = Writer { next_topic, ..Writer::default() };
        Ok(Self {
            path,
            options,
            read_only,
            open: RwLock::new(Arc::new(open)),
            file,
            state: RwLock::new(Arc::new(state)),
            topics: RwLock::new(topics),
            writer: Mutex::new(writer),
            again: Again::default(),
        })
    }

    /// Lends the file to redb, or an overlay of it.
    fn lend(builder: &mut Builder, file: &Held, overlay: bool) -> Result<Open, Fault> {
        let lease = if overlay { Lease::overlay(file) } else { Lease::new(file) };
        let db = guarded(|| Ok(builder.create_with_backend(lease.clone())?))?;
        Ok(Open { db: Some(db), lease })
    }

    fn current(&self) -> Arc<Open> {
        Arc::clone(&self.open.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn lock(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn error(&self, kind: StoreErrorKind, what: impl Into<String>) -> StoreError {
        StoreError::new(kind, &self.path, what)
    }

    fn change_state(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        change(Arc::make_mut(&mut state));
    }
}

impl Store for Redb {
    fn append(&self, batch: &[Entry<'_>], commit: &Commit<'_>) -> Result<(), StoreError> {
        self.append_batch(batch, commit)
    }

    fn state(&self) -> Arc<State> {
        Arc::clone(&self.state.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn topics(&self, prefix: &str, visit: &mut dyn FnMut(&Topic) -> ControlFlow<()>) {
        topics::each(&self.topics, prefix, visit);
    }

    fn read(
        &self,
        range: RangeInclusive<u64>,
        direction: Direction,
        limit: usize,
        visit: &mut Visit<'_>,
    ) -> Result<Option<RangeInclusive<u64>>, StoreError> {
        self.read_page(range, direction, limit, visit)
    }

    fn find(&self, id: &[u8; 16]) -> Result<Option<u64>, StoreError> {
        self.reading(|db| index::find(db, id))
    }

    fn by_topics(
        &self,
        topics: &[Topic],
        range: RangeInclusive<u64>,
        direction: Direction,
        limit: usize,
        numbers: &mut Vec<u64>,
    ) -> Result<Option<RangeInclusive<u64>>, StoreError> {
        let mut found = Vec::new();
        let left = self.reading(|db| {
            found.clear();
            index::by_topics(db, topics, &range, direction, limit, &mut found)
        })?;
        numbers.append(&mut found);
        Ok(left)
    }

    fn by_time(
        &self,
        range: RangeInclusive<Moment>,
        direction: Direction,
        limit: usize,
        found: &mut Vec<Moment>,
    ) -> Result<Option<RangeInclusive<Moment>>, StoreError> {
        let mut moments = Vec::new();
        let left = self.reading(|db| {
            moments.clear();
            index::by_time(db, &range, direction, limit, &mut moments)
        })?;
        found.append(&mut moments);
        Ok(left)
    }

    fn retain(
        &self,
        rules: &[Rule<'_>],
        proceed: &mut dyn FnMut() -> bool,
    ) -> Result<LetGo, StoreError> {
        self.let_go(rules, proceed)
    }

    fn put_snapshot(&self, name: &str, snapshot: &Snapshot) -> Result<(), StoreError> {
        let mut writer = self.writing()?;
        self.transact(&mut writer, |txn| snapshots::put(txn, name, snapshot))
    }

    fn snapshot(&self, name: &str, at_or_before: u64) -> Result<Option<Snapshot>, StoreError> {
        self.reading(|db| snapshots::get(db, name, at_or_before))
    }

    fn drop_snapshots(&self, name: &str, range: RangeInclusive<u64>) -> Result<u64, StoreError> {
        let mut writer = self.writing()?;
        self.transact(&mut writer, |txn| snapshots::drop_range(txn, name, range.clone()))
    }

    fn verify(&self, progress: &mut dyn FnMut(Progress) -> bool) -> Result<Report, StoreError> {
        self.verify_all(progress)
    }

    fn compact(&self) -> Result<u64, StoreError> {
        let mut writer = self.writing()?;
        let told = |fault: Fault| fault.told(&self.path);
        let before = guarded(|| Ok(self.file.len()?)).map_err(told)?;
        let mut open = self.open.write().unwrap_or_else(PoisonError::into_inner);
        let Some(db) = Arc::get_mut(&mut open).and_then(|open| open.db.as_mut()) else {
            return Err(self.error(StoreErrorKind::Busy, "it is being read"));
        };
        let done = guarded(|| {
            while db.compact()? {}
            Ok(())
        });
        drop(open);
        done.map_err(|fault| self.failed(&mut writer, fault))?;
        let after = guarded(|| Ok(self.file.len()?)).map_err(told)?;
        Ok(before.saturating_sub(after))
    }
}

impl fmt::Debug for Redb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redb")
            .field("path", &self.path)
            .field("read_only", &self.read_only)
            .finish_non_exhaustive()
    }
}

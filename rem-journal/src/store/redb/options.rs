//! [`OpenOptions`]: how a file is opened.

use std::fmt;
use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::sync::Arc;

use ::redb::backends::FileBackend;
use ::redb::{Builder, StorageBackend};

use super::fault::Fault;
use super::lease::Held;
use super::{Redb, StoreError, StoreErrorKind};

/// How a [`Redb`] is opened.
#[derive(Clone)]
pub struct OpenOptions {
    cache: usize,
    pub(super) sync_twice: bool,
    repair: Option<Arc<dyn Fn(f64) + Send + Sync>>,
}

impl OpenOptions {
    /// As [`Redb::open`] does: with 32 MiB for pages in memory.
    pub fn new() -> Self {
        Self { cache: 32 << 20, sync_twice: false, repair: None }
    }

    /// How many bytes of pages are kept in memory, read and about to be written.
    #[must_use]
    pub fn cache_bytes(mut self, bytes: usize) -> Self {
        self.cache = bytes;
        self
    }

    /// Whether each transaction is synced to the disk twice: its pages, and then that it is the last. Off unless told.
    ///
    /// What was acknowledged is there after a crash either way. With one sync, a byte of the last transaction that
    /// changes on the disk and then a crash look like a crash within that transaction, and the journal is opened
    /// without it; with two, it is refused as damaged.
    #[must_use]
    pub fn sync_twice(mut self, twice: bool) -> Self {
        self.sync_twice = twice;
        self
    }

    /// What is told, from 0 to 1, how far the repair after a crash has come.
    #[must_use]
    pub fn on_repair(mut self, progress: impl Fn(f64) + Send + Sync + 'static) -> Self {
        self.repair = Some(Arc::new(progress));
        self
    }

    /// Opens the journal in this file, or makes one if there is none.
    ///
    /// # Errors
    /// As [`Redb::open`].
    pub fn open(self, path: impl AsRef<Path>) -> Result<Redb, StoreError> {
        let path = path.as_ref();
        let told = |error: io::Error| Fault::from(error).told(path);
        if let Some(made) = self.clone().create(path)? {
            return Ok(made);
        }
        let file = File::options().read(true).write(true).open(path).map_err(told)?;
        let held = held(path, file, false)?;
        Redb::start(path.to_owned(), self, false, held)
    }

    /// Makes the file if there is none: beside its place, so that a crash leaves a journal there or nothing.
    fn create(self, path: &Path) -> Result<Option<Redb>, StoreError> {
        let told = |error: io::Error| Fault::from(error).told(path);
        if path.try_exists().map_err(told)? {
            return Ok(None);
        }
        let mut name = path.as_os_str().to_owned();
        name.push(".new");
        let new = Path::new(&name);
        let mut options = File::options();
        options.read(true).write(true).create(true).truncate(false);
        let held = held(path, options.open(new).map_err(told)?, false)?;
        // Whoever had it before has made it the journal, and this is that file by another handle.
        if path.try_exists().map_err(told)? {
            return Ok(None);
        }
        held.set_len(0).map_err(told)?;
        let made = Redb::start(path.to_owned(), self, false, held)?;
        fs::rename(new, path).and_then(|()| sync_folder(path)).map_err(told)?;
        Ok(Some(made))
    }

    /// Opens the journal in this file to be read, together with others who do. Nothing is written to it: what a crash
    /// left to be repaired is repaired in memory.
    ///
    /// # Errors
    /// If another has it open for writing, it is no journal, it is damaged, or the disk fails.
    pub fn open_read_only(self, path: impl AsRef<Path>) -> Result<Redb, StoreError> {
        let path = path.as_ref();
        let file = File::open(path).map_err(|error| Fault::from(error).told(path))?;
        let held = held(path, file, true)?;
        Redb::start(path.to_owned(), self, true, held)
    }

    /// Opens the journal in what stands for a file. `name` is its path in errors.
    ///
    /// # Errors
    /// As [`Redb::open`].
    pub fn open_backend(
        self,
        name: impl AsRef<Path>,
        backend: impl StorageBackend,
    ) -> Result<Redb, StoreError> {
        let path = name.as_ref();
        let held = taken(path, Arc::new(backend), false)?;
        Redb::start(path.to_owned(), self, false, held)
    }

    /// With nobody told: that is for where a lock is held.
    pub(super) fn builder(&self) -> Builder {
        let mut builder = Builder::new();
        builder.set_cache_size(self.cache);
        builder
    }

    pub(super) fn telling(&self) -> Builder {
        let mut builder = self.builder();
        if let Some(progress) = self.repair.clone() {
            builder.set_repair_callback(move |session| progress(session.progress()));
        }
        builder
    }
}

/// A file that nobody else has.
fn held(path: &Path, file: File, shared: bool) -> Result<Held, StoreError> {
    let backend = FileBackend::new(file).map_err(|error| Fault::from(error).told(path))?;
    taken(path, Arc::new(backend), shared)
}

fn taken(path: &Path, backend: Arc<dyn StorageBackend>, shared: bool) -> Result<Held, StoreError> {
    let held = Held::new(backend, shared).map_err(|error| Fault::from(error).told(path))?;
    held.ok_or_else(|| StoreError::new(StoreErrorKind::Locked, path, "another has it open"))
}

/// A new file is there after a loss of power if its folder says so on disk.
fn sync_folder(path: &Path) -> io::Result<()> {
    if cfg!(not(unix)) {
        return Ok(());
    }
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    File::open(folder)?.sync_all()
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for OpenOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenOptions").field("cache_bytes", &self.cache).finish_non_exhaustive()
    }
}

//! [`JournalBuilder`]: a journal in the making.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rem_core::wire::Codec;

use crate::journal::Journal;
use crate::retention::Retention;
use crate::store::{OpenOptions, Store, StoreError};
use crate::tail::Pace;

/// When an event is on the disk.
///
/// What is on the disk survives a loss of power: each commit is synced. How a crash is met in between is told by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Durability {
    /// Before anybody sees it: `publish` waits for the disk, and an event that the disk refuses is given back. Publishers in
    /// several threads share a commit. Under [`Ordering::Total`](rem_core::Ordering::Total) each has one of its own.
    ///
    /// The thread that publishes is blocked meanwhile, also by `publish_async`.
    EveryEvent,
    /// At most so long after it was published, together with what came in that time: `publish` does not wait. A crash loses
    /// what was published since; [`Receipt::durable`](rem_core::Receipt::durable) tells what is safe.
    Every(Duration),
    /// When it is asked for, by [`Receipt::durable`](rem_core::Receipt::durable), [`JournalHandle::flush`] or the end of the
    /// journal, and when half of the backlog is full. A durable subscription asks for what it waits for.
    ///
    /// [`JournalHandle::flush`]: crate::JournalHandle::flush
    OnClose,
}

impl Durability {
    pub(crate) fn pace(self) -> Pace {
        match self {
            Self::EveryEvent => Pace::AtOnce,
            Self::Every(limit) => Pace::Every(limit),
            Self::OnClose => Pace::WhenAsked,
        }
    }
}

/// A journal in the making: see [`Journal::builder`].
#[must_use = "nothing is opened until `open`"]
#[derive(Clone)]
pub struct JournalBuilder {
    pub(crate) durability: Durability,
    pub(crate) events: u64,
    pub(crate) bytes: u64,
    pub(crate) patience: Duration,
    pub(crate) memory: usize,
    pub(crate) codec: Codec,
    pub(crate) retention: Retention,
    options: OpenOptions,
}

impl Default for JournalBuilder {
    fn default() -> Self {
        Self {
            durability: Durability::Every(Duration::from_millis(10)),
            events: 16_384,
            bytes: 64 << 20,
            patience: Duration::from_secs(1),
            memory: 0,
            codec: Codec::Json,
            retention: Retention::new(),
            options: OpenOptions::new(),
        }
    }
}

impl JournalBuilder {
    /// When an event is on the disk: [`Durability::Every`] 10 ms unless told.
    pub fn durability(mut self, durability: Durability) -> Self {
        self.durability = durability;
        self
    }

    /// How many events, and how many bytes of them, may be published and not on the disk yet: 16,384 and 64 MiB unless told.
    /// Then publishers wait. The bytes may be passed by one event a publisher. Of events there are 2 at least and 16,777,216 at
    /// most, and 1 byte at least.
    pub fn backlog(mut self, events: usize, bytes: u64) -> Self {
        self.events = (events as u64).clamp(2, 1 << 24);
        self.bytes = bytes.max(1);
        self
    }

    /// How long a publisher waits when the backlog is full, a second unless told; then its event is refused and given back.
    /// `publish_async` waits as long as it is polled, without blocking its thread.
    pub fn patience(mut self, limit: Duration) -> Self {
        self.patience = limit;
        self
    }

    /// How many of the newest events are kept in memory too, with their types, so that reading them costs no decoding: as
    /// many as the backlog has room for, unless told, and at least these.
    pub fn memory(mut self, events: usize) -> Self {
        self.memory = events;
        self
    }

    /// In which form data is written: JSON unless told. Each record says its own, so that it may be changed at any time.
    pub fn codec(mut self, codec: Codec) -> Self {
        self.codec = codec;
        self
    }

    /// What is kept, and for how long: everything, unless told. What is let go is gone for those who read the past, and they
    /// are told of it as a loss.
    pub fn retention(mut self, retention: Retention) -> Self {
        self.retention = retention;
        self
    }

    /// How the file is opened: how many bytes of it are held in memory, and who is told of a repair after a crash.
    pub fn open_options(mut self, options: OpenOptions) -> Self {
        self.options = options;
        self
    }

    /// Opens the journal in this file, or makes one if there is none.
    ///
    /// # Errors
    /// When another has it open, it is no journal, it was written by a newer version, it is damaged, or the disk fails; and
    /// when the system has no thread for its writer.
    pub fn open(self, path: impl AsRef<Path>) -> Result<Journal, StoreError> {
        let store = Arc::new(self.options.clone().open(&path)?);
        Journal::on(self, store, path.as_ref())
    }

    /// The same on another [`Store`]. `name` is its path in errors.
    ///
    /// # Errors
    /// When the store fails, or the system has no thread for its writer.
    pub fn on(
        self,
        store: impl Store + 'static,
        name: impl AsRef<Path>,
    ) -> Result<Journal, StoreError> {
        Journal::on(self, Arc::new(store), name.as_ref())
    }
}

impl fmt::Debug for JournalBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JournalBuilder")
            .field("durability", &self.durability)
            .field("events", &self.events)
            .field("bytes", &self.bytes)
            .field("patience", &self.patience)
            .field("memory", &self.memory)
            .field("codec", &self.codec)
            .field("retention", &self.retention)
            .finish_non_exhaustive()
    }
}

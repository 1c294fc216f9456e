//! Why a store cannot do what it was asked, and what is damaged in it.

use std::any::Any;
use std::error::Error;
use std::fmt;
use std::ops::RangeInclusive;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

/// A store cannot do what it was asked.
#[derive(Debug)]
pub struct StoreError {
    kind: StoreErrorKind,
    path: PathBuf,
    what: String,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// Another process, or another part of this one, has the file open.
    Locked,
    /// The file, or the folder it would be in, cannot be reached.
    NotFound,
    /// The file is no journal.
    NotAJournal,
    /// A newer REM wrote the file.
    Newer,
    /// The disk, or what this user may have of it, is full.
    Full,
    /// The disk failed, or does not let us.
    Io,
    /// The store was opened to be read only.
    ReadOnly,
    /// Something in the file is not as it was written.
    Damaged,
    /// Entries are not in the order of their numbers, or are other events than those with these numbers.
    Sequence,
    /// An entry is no record.
    Record,
    /// A record, or a value, is too large.
    TooLarge,
    /// Somebody reads just now.
    Busy,
    /// The store panicked while it wrote: nothing is written any more.
    Panicked,
}

impl StoreError {
    /// An error of that kind: with what was tried and failed, without how to mend it.
    pub fn new(kind: StoreErrorKind, path: &Path, what: impl Into<String>) -> Self {
        Self { kind, path: path.to_owned(), what: what.into(), source: None }
    }

    /// The same, with what caused it.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The store's panic, whose payload is any value.
    pub(crate) fn panicked(payload: Box<dyn Any + Send>) -> Self {
        let text = payload.downcast_ref::<&str>().copied();
        let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        let what = format!("its store panicked while it wrote: {}", text.unwrap_or("no text"));
        // Its drop is users' code too.
        let _ = catch_unwind(AssertUnwindSafe(move || drop(payload)));
        Self::new(StoreErrorKind::Panicked, Path::new(""), what)
    }

    /// What is wrong.
    pub fn kind(&self) -> StoreErrorKind {
        self.kind
    }

    /// The file of the store; empty where only the store knows it.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn mend(&self) -> &'static str {
        match self.kind {
            StoreErrorKind::Locked => {
                "end the other program, or read what it has through it: one process at a time has a journal open for writing, and none reads it meanwhile"
            }
            StoreErrorKind::NotFound => "see that the path is right and its folder is there",
            StoreErrorKind::NotAJournal => {
                "give the path of a journal, or one where nothing is yet"
            }
            StoreErrorKind::Newer => "open it with the newer version of REM",
            StoreErrorKind::Full => {
                "make room, or keep less by a rule; what is written stays readable, and writing goes on when there is room"
            }
            StoreErrorKind::Io => {
                "see to the disk and the rights on the file; what is written stays readable, and writing is tried again with the next call"
            }
            StoreErrorKind::ReadOnly => "open it for writing",
            StoreErrorKind::Damaged => {
                "`verify` says what else is; copy the file before anything else, and read the rest out of the copy"
            }
            StoreErrorKind::Sequence => "give numbers that ascend, above the last one written",
            StoreErrorKind::Record => "write records by `Record::encode`",
            StoreErrorKind::TooLarge => "keep large data elsewhere, and its place in the event",
            StoreErrorKind::Busy => "try again when who reads is done",
            StoreErrorKind::Panicked => {
                "mend the store; what was acknowledged is in it, and the journal writes again when it is opened anew"
            }
        }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("journal")?;
        if !self.path.as_os_str().is_empty() {
            write!(f, " `{}`", self.path.display())?;
        }
        write!(f, ": {}: {}", self.what, self.mend())
    }
}

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|source| {
            let source: &(dyn Error + 'static) = source.as_ref();
            source
        })
    }
}

/// A part of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Part {
    /// The events.
    Records,
    /// Their numbers by id.
    Ids,
    /// Their numbers by topic.
    TopicIndex,
    /// Their numbers by time.
    TimeIndex,
    /// The topics, with what is kept of each.
    Topics,
    /// The counts of the whole.
    Counts,
    /// Positions by name.
    Positions,
    /// Small values by name.
    Notes,
    /// Numbers that no event has.
    Holes,
    /// What rules let go.
    LetGo,
    /// Snapshots.
    Snapshots,
    /// The pages of the file, below all of these.
    Pages,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Records => "records",
            Self::Ids => "index by id",
            Self::TopicIndex => "index by topic",
            Self::TimeIndex => "index by time",
            Self::Topics => "topics",
            Self::Counts => "counts",
            Self::Positions => "positions",
            Self::Notes => "notes",
            Self::Holes => "holes",
            Self::LetGo => "what was let go",
            Self::Snapshots => "snapshots",
            Self::Pages => "pages",
        })
    }
}

/// Something in a store is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    part: Part,
    sequences: Option<RangeInclusive<u64>>,
    what: String,
}

impl Damage {
    pub(crate) fn new(part: Part, what: impl Into<String>) -> Self {
        Self { part, sequences: None, what: what.into() }
    }

    pub(crate) fn at(mut self, sequences: RangeInclusive<u64>) -> Self {
        self.sequences = Some(sequences);
        self
    }

    /// The part that is damaged.
    pub fn part(&self) -> Part {
        self.part
    }

    /// The numbers of the events that it concerns, as far as it is known. Some of them may be sound.
    pub fn sequences(&self) -> Option<RangeInclusive<u64>> {
        self.sequences.clone()
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "damaged {}", self.part)?;
        match &self.sequences {
            Some(range) if range.start() == range.end() => write!(f, ", event {}", range.start())?,
            Some(range) => write!(f, ", events {} to {}", range.start(), range.end())?,
            None => {}
        }
        write!(f, ": {}", self.what)
    }
}

impl Error for Damage {}

//! What goes wrong with the past: moments, tags, rebuilds.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use crate::{FoldError, SnapshotError};

/// A moment that cannot be looked at.
#[derive(Debug)]
#[non_exhaustive]
pub enum TravelError {
    /// The projection has not come so far.
    NotYet {
        /// The projection.
        name: Box<str>,
        /// Which number was asked for.
        wanted: u64,
        /// Where it stands.
        at: u64,
    },
    /// No snapshot is old enough, and the history has let go of what came before.
    BeforeHistory {
        /// The projection.
        name: Box<str>,
        /// The first number that is gone.
        from: u64,
        /// The last of them.
        to: u64,
    },
    /// No moment has that tag.
    UnknownTag {
        /// The projection.
        name: Box<str>,
        /// The tag.
        tag: Box<str>,
        /// Those that there are.
        known: Vec<Box<str>>,
    },
    /// An event on the way cannot be applied.
    Fold(FoldError),
    /// A snapshot cannot be used.
    Snapshot(SnapshotError),
    /// Users' code other than `apply` panicked, or the state cannot be written to be compared.
    State {
        /// The projection.
        name: Box<str>,
        /// What was said.
        said: Box<str>,
    },
    /// The bus is gone, and its history with it.
    Gone {
        /// The projection.
        name: Box<str>,
    },
}

impl fmt::Display for TravelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotYet { name, wanted, at } => write!(
                f,
                "projection `{name}` is at #{at}, and was asked for #{wanted}; wait for it with `wait_for`"
            ),
            Self::BeforeHistory { name, from, to } => write!(
                f,
                "no snapshot of `{name}` is so old, and the history has let go of #{from} to #{to}; keep more snapshots, or a \
                 longer history"
            ),
            Self::UnknownTag { name, tag, known } => {
                write!(f, "no moment of `{name}` has the tag `{tag}`; there are {known:?}")
            }
            Self::Fold(error) => {
                write!(f, "the past cannot be folded: {error}; mend `apply`, or skip such events")
            }
            Self::Snapshot(error) => error.fmt(f),
            Self::State { name, said } => {
                write!(
                    f,
                    "the state of `{name}` cannot be copied or written: {said}; mend its `Clone` or `Serialize`"
                )
            }
            Self::Gone { name } => write!(
                f,
                "the history of projection `{name}` is gone; keep a handle of its bus for as long as the past is asked for"
            ),
        }
    }
}

impl Error for TravelError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Fold(error) => Some(error),
            Self::Snapshot(error) => Some(error),
            _ => None,
        }
    }
}

/// A tag that was not set.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum TagError {
    /// Another moment has it.
    Taken {
        /// The tag.
        tag: Box<str>,
        /// The moment that has it.
        sequence: u64,
    },
    /// There are as many as may be.
    TooMany {
        /// How many may.
        limit: usize,
    },
    /// No moment has it.
    Unknown {
        /// The tag.
        tag: Box<str>,
    },
}

impl fmt::Display for TagError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Taken { tag, sequence } => {
                write!(f, "#{sequence} has the tag `{tag}`; `untag` it first, or take another")
            }
            Self::TooMany { limit } => write!(f, "{limit} moments have tags; `untag` some first"),
            Self::Unknown { tag } => write!(f, "no moment has the tag `{tag}`; set it with `tag`"),
        }
    }
}

impl Error for TagError {}

/// A rebuild that did not come to its end.
#[derive(Debug)]
#[non_exhaustive]
pub enum RebuildError {
    /// One is under way already.
    UnderWay {
        /// The projection.
        name: Box<str>,
    },
    /// The history does not go back to the beginning.
    BeforeHistory {
        /// The projection.
        name: Box<str>,
        /// The first number that is gone.
        from: u64,
        /// The last of them.
        to: u64,
    },
    /// An event cannot be applied. The live state is as it was.
    Fold(FoldError),
    /// Users' code other than `apply` panicked: `Clone`, most likely.
    State {
        /// The projection.
        name: Box<str>,
        /// What it said.
        said: Box<str>,
    },
    /// It was cancelled, or the projector or its bus is gone.
    Cancelled {
        /// The projection.
        name: Box<str>,
    },
    /// The time came first. It goes on.
    TimedOut {
        /// The projection.
        name: Box<str>,
        /// How long it was waited for.
        limit: Duration,
    },
    /// The system has no thread for it.
    Thread(std::io::Error),
}

impl RebuildError {
    /// The same, for whoever asks again.
    pub(crate) fn again(&self) -> Self {
        match self {
            Self::UnderWay { name } => Self::UnderWay { name: name.clone() },
            Self::BeforeHistory { name, from, to } => {
                Self::BeforeHistory { name: name.clone(), from: *from, to: *to }
            }
            Self::Fold(error) => Self::Fold(error.clone()),
            Self::State { name, said } => Self::State { name: name.clone(), said: said.clone() },
            Self::Cancelled { name } => Self::Cancelled { name: name.clone() },
            Self::TimedOut { name, limit } => Self::TimedOut { name: name.clone(), limit: *limit },
            Self::Thread(error) => {
                Self::Thread(std::io::Error::new(error.kind(), error.to_string()))
            }
        }
    }
}

impl fmt::Display for RebuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnderWay { name } => {
                write!(f, "`{name}` is being rebuilt already; wait for that, or cancel it")
            }
            Self::BeforeHistory { name, from, to } => write!(
                f,
                "`{name}` cannot be rebuilt: the history has let go of #{from} to #{to}; keep a longer one"
            ),
            Self::Fold(error) => {
                write!(f, "not rebuilt: {error}; the live state is as it was: mend `apply`")
            }
            Self::State { name, said } => {
                write!(
                    f,
                    "`{name}` cannot be rebuilt: its state cannot be copied: {said}; mend its `Clone`"
                )
            }
            Self::Cancelled { name } => {
                write!(
                    f,
                    "`{name}` is not rebuilt: it was cancelled, or its bus is gone; the live state is as it was"
                )
            }
            Self::TimedOut { name, limit } => {
                write!(f, "`{name}` is not rebuilt after {limit:?}; it goes on: wait longer")
            }
            Self::Thread(error) => write!(f, "the system has no thread for a rebuild: {error}"),
        }
    }
}

impl Error for RebuildError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Fold(error) => Some(error),
            Self::Thread(error) => Some(error),
            _ => None,
        }
    }
}

//! What goes wrong before there is a projector: with snapshots, and with the history.

use std::error::Error;
use std::fmt;

use rem_core::SubscribeError;

type Source = Box<dyn Error + Send + Sync>;

/// A snapshot that cannot be used, or not be kept.
#[derive(Debug)]
#[non_exhaustive]
pub enum SnapshotError {
    /// Another version of the projection wrote it.
    OtherVersion {
        /// The projection.
        name: Box<str>,
        /// The number of the snapshot.
        sequence: u64,
        /// Which version it has.
        found: u32,
        /// Which version the projection has.
        wanted: u32,
    },
    /// Its bytes are no state.
    Unreadable {
        /// The projection.
        name: Box<str>,
        /// The number of the snapshot.
        sequence: u64,
        /// What serde said.
        said: String,
    },
    /// The state cannot be written.
    Unwritable {
        /// The projection.
        name: Box<str>,
        /// The number of the snapshot.
        sequence: u64,
        /// What serde said.
        said: String,
    },
    /// It knows events that the history does not have: it is of another history, or that was taken from an older backup.
    Ahead {
        /// The projection.
        name: Box<str>,
        /// The number of the snapshot.
        sequence: u64,
        /// The last number of the history.
        last: u64,
    },
    /// The store refuses.
    Store {
        /// The projection.
        name: Box<str>,
        /// What it said.
        source: Source,
    },
}

impl fmt::Display for SnapshotError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OtherVersion { name, sequence, found, wanted } => write!(
                f,
                "the snapshot of `{name}` at #{sequence} is of version {found}, and the projection of version {wanted}; let \
                 it be folded anew, or use the program that wrote it"
            ),
            Self::Unreadable { name, sequence, said } => write!(
                f,
                "the snapshot of `{name}` at #{sequence} cannot be read: {said}; raise `VERSION` when the form of the state \
                 changes"
            ),
            Self::Unwritable { name, sequence, said } => write!(
                f,
                "the state of `{name}` at #{sequence} cannot be written: {said}; let its `Serialize` succeed"
            ),
            Self::Ahead { name, sequence, last } => write!(
                f,
                "the snapshot of `{name}` at #{sequence} is ahead of the history, which ends with #{last}; it belongs to \
                 another: let it be folded anew"
            ),
            Self::Store { name, source } => {
                write!(f, "the snapshots of `{name}` cannot be reached: {source}; look at the disk")
            }
        }
    }
}

impl Error for SnapshotError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Store { source, .. } => Some(&**source),
            _ => None,
        }
    }
}

/// A projector that was not made.
#[derive(Debug)]
#[non_exhaustive]
pub enum AttachError {
    /// The pattern is none, or the bus is closed or keeps no history.
    Subscribe(SubscribeError),
    /// What it is to be made of is older than the history.
    BeforeHistory {
        /// The projection.
        name: Box<str>,
        /// The first number that is gone.
        from: u64,
        /// The last of them.
        to: u64,
        /// The snapshot from which it might have gone on, and why that is not used.
        snapshot: Option<SnapshotError>,
    },
    /// A snapshot cannot be used, and the projection was not to be folded anew.
    Snapshot(SnapshotError),
    /// The system has no thread for it.
    Thread(std::io::Error),
}

impl fmt::Display for AttachError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Subscribe(error) => write!(f, "no projection: {error}"),
            Self::BeforeHistory { name, from, to, snapshot } => {
                write!(
                    f,
                    "projection `{name}` is older than the history, which has let go of #{from} to #{to}; keep snapshots and a \
                     longer history, or make it of what is left with `may_miss`"
                )?;
                snapshot.as_ref().map_or(Ok(()), |snapshot| write!(f, " ({snapshot})"))
            }
            Self::Snapshot(error) => error.fmt(f),
            Self::Thread(error) => write!(f, "the system has no thread for a projection: {error}"),
        }
    }
}

impl Error for AttachError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Subscribe(error) => Some(error),
            Self::Snapshot(error) | Self::BeforeHistory { snapshot: Some(error), .. } => {
                Some(error)
            }
            Self::Thread(error) => Some(error),
            Self::BeforeHistory { snapshot: None, .. } => None,
        }
    }
}

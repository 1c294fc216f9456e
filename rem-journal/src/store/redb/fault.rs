//! What goes wrong with redb, by error or by panic, and what is told of it.

use std::any::Any;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use ::redb::Error;

use crate::store::{Damage, StoreError, StoreErrorKind};

/// What went wrong.
#[derive(Debug)]
pub(super) enum Fault {
    Redb(Box<Error>),
    /// redb trusts the pages of its file, and panics where they are not what they were.
    Panicked(String),
    Damaged(Damage),
    Refused(StoreErrorKind, String),
}

/// Calls redb. What a damaged page makes of it is a fault and no panic.
pub(super) fn guarded<T>(call: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    // What is left half done is redb's file, which knows that, or a value of ours that is written as a whole.
    catch_unwind(AssertUnwindSafe(call))
        .unwrap_or_else(|payload| Err(Fault::Panicked(text_of(&*payload))))
}

fn text_of(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or(payload.downcast_ref::<&str>().copied()).unwrap_or("no text").to_owned()
}

impl Fault {
    pub(super) fn closed() -> Self {
        Error::DatabaseClosed.into()
    }

    pub(super) fn refused(kind: StoreErrorKind, what: impl Into<String>) -> Self {
        Self::Refused(kind, what.into())
    }

    /// Whether redb will do nothing more with the file until it is opened again.
    pub(super) fn is_of_the_file(&self) -> bool {
        let Self::Redb(error) = self else { return false };
        matches!(
            **error,
            Error::Io(_)
                | Error::Backend(_)
                | Error::PreviousIo
                | Error::DatabaseClosed
                | Error::LockPoisoned(_)
        )
    }

    /// What it says of a damaged place.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Redb(error) => format!("redb cannot read a page ({error})"),
            Self::Panicked(text) => format!("redb cannot read a page ({text})"),
            Self::Damaged(damage) => damage.to_string(),
            Self::Refused(_, what) => what.clone(),
        }
    }

    /// What it is to the user of the store in this file.
    pub(super) fn told(self, path: &Path) -> StoreError {
        use StoreErrorKind as Kind;
        let error = match self {
            Self::Panicked(text) => {
                let what = format!("a page of it is damaged (redb: {text})");
                return StoreError::new(Kind::Damaged, path, what);
            }
            Self::Damaged(damage) => {
                return StoreError::new(Kind::Damaged, path, damage.to_string()).because(damage);
            }
            Self::Refused(kind, what) => return StoreError::new(kind, path, what),
            Self::Redb(error) => error,
        };
        let (kind, what) = match &*error {
            Error::Io(io) => of_io(io),
            Error::DatabaseAlreadyOpen | Error::LockProtocolMismatch => {
                (Kind::Locked, "another has it open".to_owned())
            }
            Error::Corrupted(what) => (Kind::Damaged, format!("a page of it is damaged ({what})")),
            Error::ValueTooLarge(length) => {
                (Kind::TooLarge, format!("{length} bytes are more than it takes at once"))
            }
            Error::UpgradeRequired(_) => {
                (Kind::NotAJournal, "it has a form that no journal ever had".to_owned())
            }
            Error::TableTypeMismatch { .. }
            | Error::TableIsMultimap(_)
            | Error::TypeDefinitionChanged { .. }
            | Error::TableDoesNotExist(_) => (Kind::Damaged, "a table of it is damaged".to_owned()),
            Error::TransactionInProgress => (Kind::Busy, "it is being read".to_owned()),
            _ => (Kind::Io, "the disk failed".to_owned()),
        };
        StoreError::new(kind, path, what).because(*error)
    }
}

fn of_io(error: &io::Error) -> (StoreErrorKind, String) {
    let kind = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            return (StoreErrorKind::Full, format!("no room on the disk ({error})"));
        }
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => StoreErrorKind::NotFound,
        io::ErrorKind::InvalidData => {
            return (StoreErrorKind::NotAJournal, format!("it is no journal ({error})"));
        }
        _ => StoreErrorKind::Io,
    };
    (kind, format!("the disk failed ({error})"))
}

impl From<Damage> for Fault {
    fn from(damage: Damage) -> Self {
        Self::Damaged(damage)
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Error::Io(error).into()
    }
}

macro_rules! from_redb {
    ($($error:ty),*) => {$(
        impl From<$error> for Fault {
            fn from(error: $error) -> Self {
                Self::Redb(Box::new(error.into()))
            }
        }
    )*};
}

from_redb!(
    Error,
    ::redb::StorageError,
    ::redb::TableError,
    ::redb::TransactionError,
    ::redb::CommitError,
    ::redb::DatabaseError,
    ::redb::CompactionError
);

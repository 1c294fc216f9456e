//! Why a lock does not hold.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use super::compare::Break;
use super::file::FORM;
use crate::error::SchemaError;

/// A [`Lock`](crate::Lock) does not hold, or could not be asked.
#[derive(Debug)]
pub struct LockError {
    path: PathBuf,
    fault: Fault,
}

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LockErrorKind {
    /// Data of before would not be read any more.
    Breaks,
    /// There is no lock, and none may be written.
    Missing,
    /// The lock differs, and nothing may (`REM_LOCK=locked`).
    Stale,
    /// The file could not be read or written.
    Io,
    /// The file is no lock, or one of a newer REM.
    Parse,
    /// A type has no schema.
    Schema,
    /// `REM_LOCK` says something that is not known.
    Mode,
}

#[derive(Debug)]
enum Fault {
    Breaks(Vec<Break>),
    Missing,
    Stale,
    Read(io::Error),
    Write(io::Error),
    Parse(String),
    Form(u32),
    Schema(SchemaError),
    Mode(String),
}

impl LockError {
    pub(super) fn breaks(path: &Path, breaks: Vec<Break>) -> Self {
        Self::new(path, Fault::Breaks(breaks))
    }

    pub(super) fn missing(path: &Path) -> Self {
        Self::new(path, Fault::Missing)
    }

    pub(super) fn stale(path: &Path) -> Self {
        Self::new(path, Fault::Stale)
    }

    pub(super) fn read(path: &Path, error: io::Error) -> Self {
        Self::new(path, Fault::Read(error))
    }

    pub(super) fn write(path: &Path, error: io::Error) -> Self {
        Self::new(path, Fault::Write(error))
    }

    pub(super) fn parse(path: &Path, error: &serde_json::Error) -> Self {
        Self::new(path, Fault::Parse(error.to_string()))
    }

    pub(super) fn form(path: &Path, form: u32) -> Self {
        Self::new(path, Fault::Form(form))
    }

    pub(super) fn schema(error: SchemaError) -> Self {
        Self::new(Path::new(""), Fault::Schema(error))
    }

    pub(super) fn mode(said: &str) -> Self {
        Self::new(Path::new(""), Fault::Mode(said.chars().take(80).collect()))
    }

    fn new(path: &Path, fault: Fault) -> Self {
        Self { path: path.to_owned(), fault }
    }

    /// What is wrong.
    pub fn kind(&self) -> LockErrorKind {
        match self.fault {
            Fault::Breaks(_) => LockErrorKind::Breaks,
            Fault::Missing => LockErrorKind::Missing,
            Fault::Stale => LockErrorKind::Stale,
            Fault::Read(_) | Fault::Write(_) => LockErrorKind::Io,
            Fault::Parse(_) | Fault::Form(_) => LockErrorKind::Parse,
            Fault::Schema(_) => LockErrorKind::Schema,
            Fault::Mode(_) => LockErrorKind::Mode,
        }
    }

    /// The topics of the events whose data would not be read, in order; none for another kind.
    pub fn topics(&self) -> Vec<&str> {
        let Fault::Breaks(breaks) = &self.fault else { return Vec::new() };
        let mut topics: Vec<_> = breaks.iter().map(|found| found.topic.as_str()).collect();
        topics.dedup();
        topics
    }
}

impl fmt::Display for LockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        match &self.fault {
            Fault::Breaks(breaks) => {
                let events = self.topics().len();
                let (events, are) = (events, if events == 1 { "event is" } else { "events are" });
                writeln!(f, "{events} {are} not read as before, by {path}:\n")?;
                for found in breaks {
                    writeln!(f, "{found}")?;
                }
                f.write_str("if no such data is left anywhere, accept the change: `REM_LOCK=write cargo test`")
            }
            Fault::Missing => write!(
                f,
                "there is no lock at {path}, and none is written here: run `cargo test` where you work, or `REM_LOCK=write cargo test`, and commit the file"
            ),
            Fault::Stale => write!(
                f,
                "{path} does not say what the events are, though nothing breaks: run `REM_LOCK=write cargo test`, and commit the file"
            ),
            Fault::Read(error) => write!(f, "cannot read {path}: {error}"),
            Fault::Write(error) => write!(f, "cannot write {path}: {error}"),
            Fault::Parse(error) => write!(
                f,
                "{path} is no lock: {error}; after a merge with conflicts take one side, and run `cargo test` again"
            ),
            Fault::Form(form) => write!(
                f,
                "{path} has form {form}, and this is a REM that reads form {FORM}: use the one that wrote it"
            ),
            Fault::Schema(error) => write!(f, "{error}"),
            Fault::Mode(said) => {
                write!(f, "`REM_LOCK` is `{said}`: write `write` or `locked`, or leave it unset")
            }
        }
    }
}

impl std::error::Error for LockError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.fault {
            Fault::Read(error) | Fault::Write(error) => Some(error),
            Fault::Schema(error) => Some(error),
            _ => None,
        }
    }
}

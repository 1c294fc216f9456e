//! [`Failure`]: why a command ends too early, and with which code.

use std::fmt;
use std::io;
use std::process::ExitCode;

/// What the codes of the command mean, as `--help` tells it.
pub(crate) const CODES: &str = "\
Exit codes:
  0  it is done
  1  the answer is no: not selected, damaged, nothing found
  2  the command line is wrong, or asks for what such a source does not have
  3  the journal cannot be opened, or the inspector or the server not reached
  4  the journal, the inspector or the server has refused, or data is not what it should be
  5  something could not be written";

/// Why a command ends too early.
#[derive(Debug)]
pub(crate) struct Failure {
    code: u8,
    said: String,
    source: Option<io::Error>,
}

impl Failure {
    /// The command line is wrong.
    pub(crate) fn usage(said: impl Into<String>) -> Self {
        Self { code: 2, said: said.into(), source: None }
    }

    /// The source cannot be opened or reached.
    pub(crate) fn source(said: impl Into<String>) -> Self {
        Self { code: 3, said: said.into(), source: None }
    }

    /// It was refused, or is not what it should be.
    pub(crate) fn refused(said: impl Into<String>) -> Self {
        Self { code: 4, said: said.into(), source: None }
    }

    pub(crate) fn code(&self) -> ExitCode {
        ExitCode::from(self.code)
    }

    pub(crate) fn is_broken_pipe(&self) -> bool {
        self.source.as_ref().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
    }
}

/// Something could not be written.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self { code: 5, said: format!("it cannot be written: {error}"), source: Some(error) }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.said)
    }
}

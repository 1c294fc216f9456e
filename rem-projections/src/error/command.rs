//! What goes wrong with commands, and with names.

use std::error::Error;
use std::fmt;

use crate::WaitError;

/// A projection that is not found by its name, or not added.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RegistryError {
    /// None has that name.
    Unknown {
        /// The name.
        name: Box<str>,
        /// Those that there are.
        known: Vec<Box<str>>,
    },
    /// Another has it.
    Taken {
        /// The name.
        name: Box<str>,
    },
    /// The one of that name is of another type.
    OtherType {
        /// The name.
        name: Box<str>,
        /// Which type it is of.
        found: &'static str,
        /// Which was asked for.
        wanted: &'static str,
    },
}

impl fmt::Display for RegistryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { name, known } => {
                write!(f, "no projection is named `{name}`; there are {known:?}")
            }
            Self::Taken { name } => {
                write!(
                    f,
                    "a projection is named `{name}` already; remove that, or name this another"
                )
            }
            Self::OtherType { name, found, wanted } => {
                write!(f, "projection `{name}` is a `{found}` and no `{wanted}`; ask for that type")
            }
        }
    }
}

impl Error for RegistryError {}

/// A command that was not carried out. Nothing of it was published.
#[derive(Debug)]
#[non_exhaustive]
pub enum CommandError<R> {
    /// `decide` says no.
    Rejected(R),
    /// Others were first at every attempt.
    Contended {
        /// How often it was decided.
        attempts: u32,
        /// The number of the last event that was in the way.
        sequence: u64,
    },
    /// The state is not as far as it must be.
    Wait(WaitError),
    /// `decide` or `reads` panicked.
    Panicked {
        /// What it said.
        panic: Box<str>,
    },
    /// Its events cannot be published: a text, for their data is given back nowhere.
    Append {
        /// What was said.
        said: Box<str>,
    },
}

impl<R: fmt::Display> fmt::Display for CommandError<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rejected(rejection) => rejection.fmt(f),
            Self::Contended { attempts, sequence } => write!(
                f,
                "others were first {attempts} times, the last time with #{sequence}; try again later, or let `reads` select less"
            ),
            Self::Wait(error) => error.fmt(f),
            Self::Panicked { panic } => write!(f, "deciding panicked: {panic}; mend `decide`"),
            Self::Append { said } => f.write_str(said),
        }
    }
}

impl<R: fmt::Debug + fmt::Display> Error for CommandError<R> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Wait(error) => Some(error),
            _ => None,
        }
    }
}

//! [`UnitError`]: why a unit failed.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::work::Failure;

/// Why a unit failed, at its last attempt. Clones share it.
#[derive(Debug, Clone)]
pub struct UnitError {
    unit: Arc<str>,
    attempts: u32,
    fault: Fault,
}

/// What went wrong in an attempt.
#[derive(Debug, Clone)]
pub(crate) enum Fault {
    Failed(Arc<dyn Error + Send + Sync>),
    Panicked(Arc<str>),
    TimedOut(Duration),
    Abandoned,
}

/// Why a unit failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum UnitErrorKind {
    /// Its work returned an error: [`source`](Error::source).
    Failed,
    /// Its work panicked.
    Panicked,
    /// It took longer than its [time limit](crate::UnitBuilder::time_limit).
    TimedOut,
    /// Whoever ran it is gone: the runtime was shut down.
    Abandoned,
}

impl Fault {
    pub(crate) fn failed(failure: Failure) -> Self {
        Self::Failed(failure.into())
    }

    pub(crate) fn panicked(panic: Box<str>) -> Self {
        Self::Panicked(panic.into())
    }
}

/// Asks the user's code for its text.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(error) => write!(f, "failed: {error}"),
            Self::Panicked(panic) => write!(f, "panicked: {panic}"),
            Self::TimedOut(limit) => write!(f, "took longer than its time limit, {limit:?}"),
            Self::Abandoned => f.write_str(
                "was abandoned: the runtime of its workers was shut down; keep it until the run has ended",
            ),
        }
    }
}

impl UnitError {
    pub(crate) fn new(unit: Arc<str>, attempts: u32, fault: Fault) -> Self {
        Self { unit, attempts, fault }
    }

    /// Why, to be matched.
    pub fn kind(&self) -> UnitErrorKind {
        match &self.fault {
            Fault::Failed(_) => UnitErrorKind::Failed,
            Fault::Panicked(_) => UnitErrorKind::Panicked,
            Fault::TimedOut(_) => UnitErrorKind::TimedOut,
            Fault::Abandoned => UnitErrorKind::Abandoned,
        }
    }

    /// The name of the unit.
    pub fn unit(&self) -> &str {
        &self.unit
    }

    /// How often it was tried.
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// The error of its work, if it is of that type.
    pub fn downcast_ref<E: Error + 'static>(&self) -> Option<&E> {
        match &self.fault {
            Fault::Failed(error) => error.downcast_ref(),
            _ => None,
        }
    }
}

impl fmt::Display for UnitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unit `{}` {}", self.unit, self.fault)?;
        if self.attempts > 1 {
            write!(f, ", at the last of {} attempts", self.attempts)
        } else {
            Ok(())
        }
    }
}

impl Error for UnitError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.fault {
            Fault::Failed(error) => Some(&**error),
            _ => None,
        }
    }
}

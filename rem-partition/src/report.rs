//! [`Report`]: what became of the units of a run.

use std::fmt;
use std::sync::Arc;

use crate::attempt::typed;
use crate::error::{OutputError, OutputErrorKind, UnitError};
use crate::running::Running;
use crate::state::{NOBODY, State};
use crate::unit::UnitRef;

/// What became of the units of a run, and what they gave. Clones share it.
#[derive(Clone)]
pub struct Report {
    run: Arc<Running>,
    failures: Arc<[UnitError]>,
}

/// How many units came to which end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Did what they were to do.
    pub completed: usize,
    /// Failed at their last attempt.
    pub failed: usize,
    /// Were not run, because one that they waited for failed.
    pub skipped: usize,
    /// Were cancelled, by themselves or with one that they waited for.
    pub cancelled: usize,
    /// Have not come to an end.
    pub left: usize,
}

impl Counts {
    /// All of them.
    pub fn total(&self) -> usize {
        self.completed + self.failed + self.skipped + self.cancelled + self.left
    }
}

/// Where a unit is, or how it ended.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Status {
    /// It waits for others, or for a worker.
    Waiting,
    /// A worker is at it.
    Running,
    /// It waits to be tried again.
    Paused,
    /// It did what it was to do.
    Completed,
    /// It failed at its last attempt.
    Failed,
    /// It was not run, because a unit that it waited for, by itself or by others, failed or was refused.
    Skipped {
        /// The name of that one.
        because: Arc<str>,
    },
    /// It was cancelled.
    Cancelled {
        /// The one that was meant, which it waited for by itself or by others; `None` if it was meant itself.
        because: Option<Arc<str>>,
    },
    /// It waits for units that have not come: only in an [`EventDrivenPartitioner`](crate::EventDrivenPartitioner).
    Held {
        /// Their names.
        waits_for: Vec<Arc<str>>,
    },
    /// It was held for too long: only in an [`EventDrivenPartitioner`](crate::EventDrivenPartitioner).
    Refused,
}

impl Report {
    pub(crate) fn new(run: Arc<Running>) -> Self {
        let failures = run.errors().into();
        Self { run, failures }
    }

    /// How many units came to which end.
    pub fn counts(&self) -> Counts {
        self.run.counts()
    }

    /// The errors of the units that failed, in the order in which they did.
    pub fn failures(&self) -> &[UnitError] {
        &self.failures
    }

    /// How a unit ended; `None` if there is none of that name.
    pub fn status(&self, unit: &str) -> Option<Status> {
        status(&self.run, unit)
    }

    /// What a unit gave, shared and not copied.
    ///
    /// # Errors
    /// If it did not complete, or is of another plan, or its output is of another type.
    pub fn output<T: Send + Sync + 'static>(
        &self,
        unit: &UnitRef<T>,
    ) -> Result<Arc<T>, OutputError> {
        self.output_of(unit.name())
    }

    /// The same by its name.
    ///
    /// # Errors
    /// As for [`output`](Self::output).
    pub fn output_of<T: Send + Sync + 'static>(&self, unit: &str) -> Result<Arc<T>, OutputError> {
        let Some(number) = self.run.plan.number(unit) else {
            return Err(OutputError::new(OutputErrorKind::Unknown, unit));
        };
        if self.run.states.get(number) != State::Completed {
            return Err(OutputError::new(OutputErrorKind::NotCompleted, unit));
        }
        typed(self.run.output(number).cloned(), unit)
    }

    /// How many events the bus that watched it did not take, or 0 if none did.
    pub fn events_lost(&self) -> u64 {
        self.run.watch().map_or(0, crate::watch::Watch::lost)
    }
}

pub(crate) fn status(run: &Running, unit: &str) -> Option<Status> {
    let number = run.plan.number(unit)?;
    let because = || {
        let cause = run.states.cause(number);
        (cause != NOBODY).then(|| Arc::clone(run.plan.name(cause)))
    };
    Some(match run.states.get(number) {
        State::Waiting | State::Ready => Status::Waiting,
        State::Running => Status::Running,
        State::Paused => Status::Paused,
        State::Completed => Status::Completed,
        State::Failed => Status::Failed,
        // The cause is written a moment after the end: until then it waits.
        State::Skipped => because().map_or(Status::Waiting, |because| Status::Skipped { because }),
        State::Cancelled => Status::Cancelled { because: because() },
        State::Refused => Status::Refused,
    })
}

impl fmt::Debug for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Report")
            .field("counts", &self.counts())
            .field("failures", &self.failures)
            .finish_non_exhaustive()
    }
}

//! [`RunError`]: why a run did not complete.

use std::error::Error;
use std::fmt;

use crate::report::Report;

/// How many units are told in a text.
const SHOWN: usize = 8;

/// Why a run did not complete; with the report of what became of each unit.
#[derive(Debug, Clone)]
pub struct RunError {
    kind: RunErrorKind,
    report: Option<Report>,
}

/// Why a run did not complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RunErrorKind {
    /// Some unit failed.
    Failed,
    /// None failed, and some were cancelled.
    Cancelled,
    /// It was waited for in one of the threads that it runs on, of a pool of rayon, which might wait for itself.
    WouldDeadlock,
    /// Its end was told already, by the future: that has the report.
    AlreadyTold,
}

impl RunError {
    pub(crate) fn new(kind: RunErrorKind, report: Option<Report>) -> Self {
        Self { kind, report }
    }

    /// Why, to be matched.
    pub fn kind(&self) -> RunErrorKind {
        self.kind
    }

    /// What became of each unit; `None` if it was not waited for, or was told already.
    pub fn report(&self) -> Option<&Report> {
        self.report.as_ref()
    }

    /// The same, to be kept.
    pub fn into_report(self) -> Option<Report> {
        self.report
    }
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(report) = &self.report else {
            return f.write_str(match self.kind {
                RunErrorKind::AlreadyTold => {
                    "a run was waited for whose end its future has told already: keep the report that the future gave"
                }
                _ => {
                    "a run was waited for in one of the threads that it runs on, which might wait for itself: give it workers \
                     of its own, or wait elsewhere"
                }
            });
        };
        let counts = report.counts();
        write!(
            f,
            "{} of {} units completed, {} failed, {} were skipped and {} cancelled",
            counts.completed,
            counts.total(),
            counts.failed,
            counts.skipped,
            counts.cancelled
        )?;
        for error in report.failures().iter().take(SHOWN) {
            write!(f, "\n  {error}")?;
        }
        match report.failures().len().saturating_sub(SHOWN) {
            0 => Ok(()),
            more => write!(f, "\n  and {more} more"),
        }
    }
}

impl Error for RunError {
    /// The first unit that failed.
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.report.as_ref()?.failures().first().map(|error| error as _)
    }
}

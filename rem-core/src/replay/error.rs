//! [`ReplayError`]: a replay that did not come to its end.

use std::error::Error;
use std::fmt;

use super::ReplayReport;

/// A replay that did not come to its end: why, and what was done until then.
#[derive(Debug, Clone)]
pub struct ReplayError(Box<Inner>);

#[derive(Debug, Clone)]
struct Inner {
    kind: ReplayErrorKind,
    said: Box<str>,
    report: ReplayReport,
}

/// Why a replay did not come to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReplayErrorKind {
    /// The speed is no number above 0.
    Speed,
    /// The target is the bus whose history is read, or one above or below it.
    SameBus,
    /// It was begun within a handler.
    WithinHandler,
    /// The target is closed.
    Closed,
    /// An event failed, and it was not told to go on.
    Failed,
}

impl ReplayError {
    pub(super) fn new(
        kind: ReplayErrorKind,
        said: impl Into<Box<str>>,
        report: ReplayReport,
    ) -> Self {
        Self(Box::new(Inner { kind, said: said.into(), report }))
    }

    /// Why, to be matched.
    pub fn kind(&self) -> ReplayErrorKind {
        self.0.kind
    }

    /// What was done until then. The event that failed is the last that was read.
    pub fn report(&self) -> &ReplayReport {
        &self.0.report
    }
}

impl fmt::Display for ReplayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.said)
    }
}

impl Error for ReplayError {}

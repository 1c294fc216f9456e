//! [`AnalysisError`]: what cannot be analysed, why, and how to mend it.

use std::fmt;

/// An analysis that cannot be made as it was asked for: why, at which event, and how to mend it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnalysisError {
    kind: AnalysisErrorKind,
    said: Box<str>,
}

/// Why an analysis cannot be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AnalysisErrorKind {
    /// A path that names no field.
    Field,
    /// A pattern that captures nothing of that name.
    Capture,
    /// A window without length, or of which too many overlap.
    Window,
    /// A percentile that is not between 0 and 100, of events instead of numbers, or a resolution that is none.
    Percentile,
    /// A number that percentiles cannot hold.
    Number,
    /// More groups than the limit.
    Groups,
    /// More rows than the limit.
    Rows,
}

impl AnalysisError {
    pub(crate) fn new(kind: AnalysisErrorKind, said: impl Into<Box<str>>) -> Self {
        Self { kind, said: said.into() }
    }

    /// Why, to be matched.
    pub fn kind(&self) -> AnalysisErrorKind {
        self.kind
    }
}

impl fmt::Display for AnalysisError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.said)
    }
}

impl std::error::Error for AnalysisError {}

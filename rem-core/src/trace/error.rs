//! [`TraceError`]: why a text is no trace parent.

use std::error::Error;
use std::fmt;

/// Why a text is no [`TraceParent`](super::TraceParent): what is wrong, and at which byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceError {
    kind: TraceErrorKind,
    at: usize,
}

/// What is wrong with a text that should be a [`TraceParent`](super::TraceParent).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TraceErrorKind {
    /// It ends too early, or is no text at all.
    TooShort,
    /// It goes on after the flags: version 00 ends there, and a later one goes on with `-`.
    TooLong,
    /// A character that is no lower case hexadecimal digit.
    Digit,
    /// No `-` between two parts.
    Dash,
    /// The version `ff`, which is forbidden.
    Version,
    /// A trace id of zeros alone.
    NoTrace,
    /// A span id of zeros alone.
    NoSpan,
}

impl TraceError {
    pub(super) const fn new(kind: TraceErrorKind, at: usize) -> Self {
        Self { kind, at }
    }

    /// What is wrong.
    pub fn kind(&self) -> TraceErrorKind {
        self.kind
    }

    /// Where, in bytes from the beginning.
    pub fn at(&self) -> usize {
        self.at
    }
}

impl fmt::Display for TraceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            TraceErrorKind::TooShort => "it ends too early",
            TraceErrorKind::TooLong => "it goes on where it should end",
            TraceErrorKind::Digit => "a character is no lower case hexadecimal digit",
            TraceErrorKind::Dash => "a `-` is missing between two parts",
            TraceErrorKind::Version => "the version `ff` is forbidden",
            TraceErrorKind::NoTrace => "the trace id is zero",
            TraceErrorKind::NoSpan => "the span id is zero",
        };
        write!(
            f,
            "no traceparent: {what}, at byte {}; write `00-<32 digits>-<16 digits>-<2 digits>`, all lower case \
             hexadecimal, as in `00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01`",
            self.at
        )
    }
}

impl Error for TraceError {}

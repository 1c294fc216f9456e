//! Why bytes are no record.

use std::fmt;

/// Bytes are no record, or parts make none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordError {
    kind: RecordErrorKind,
    offset: usize,
}

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RecordErrorKind {
    /// The bytes end within a part.
    Truncated,
    /// The topic is empty, or longer than 255 bytes.
    Topic,
    /// The scope is longer than the topic, or ends within a character.
    Scope,
    /// A bit is set that this version of REM does not know.
    Flags,
    /// A text is not UTF-8.
    Text,
    /// A text is 4 GiB or longer.
    TooLong,
}

impl RecordError {
    #[cold]
    pub(super) fn new(kind: RecordErrorKind, offset: usize) -> Self {
        Self { kind, offset }
    }

    /// What is wrong.
    pub fn kind(&self) -> RecordErrorKind {
        self.kind
    }

    /// The byte of the record at which it was found.
    pub fn offset(&self) -> usize {
        self.offset
    }
}

impl fmt::Display for RecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            RecordErrorKind::Truncated => "the bytes end within a part",
            RecordErrorKind::Topic => "a topic has 1 to 255 bytes, and this one has none or more",
            RecordErrorKind::Scope => "the scope is no prefix of the topic",
            RecordErrorKind::Flags => "a bit is set that is not known: a newer REM wrote it",
            RecordErrorKind::Text => "a text is not UTF-8",
            RecordErrorKind::TooLong => "a text is 4 GiB or longer: shorten it",
        };
        write!(f, "no record of an event: {what} (byte {})", self.offset)
    }
}

impl std::error::Error for RecordError {}

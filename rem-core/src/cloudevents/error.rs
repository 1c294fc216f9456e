//! [`CloudEventError`]: what is no cloud event, why, and where in it.

use std::fmt;

/// A document or message that is no CloudEvent 1.0: why, and which part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloudEventError(Box<Told>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Told {
    kind: CloudEventErrorKind,
    path: String,
    said: Box<str>,
}

/// Why something is no cloud event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CloudEventErrorKind {
    /// More bytes than the limit.
    TooLarge,
    /// The document, or a header, is not UTF-8.
    NotUtf8,
    /// The document is not JSON, or was cut short.
    Malformed,
    /// Data or metadata that nests too deep.
    TooDeep,
    /// Another version of CloudEvents than 1.0.
    SpecVersion,
    /// An attribute that must be there is not.
    Missing,
    /// An attribute is there twice, or data in both of its forms.
    Twice,
    /// A value of another type than its attribute has: a number for a text, an object for an extension.
    WrongType,
    /// A name that no attribute can have.
    Name,
    /// A value that its attribute cannot have: an empty one, one with control characters, a number out of range.
    Value,
    /// The type is no topic, or one of REM's own.
    Topic,
    /// The time is none, or not between the years 1970 and 2554.
    Time,
    /// The data is not Base64.
    Base64,
    /// A header is not percent-encoded as it must be.
    Percent,
    /// The media type is none of CloudEvents' JSON.
    MediaType,
}

impl CloudEventError {
    pub(super) fn new(
        kind: CloudEventErrorKind,
        path: impl Into<String>,
        said: impl Into<Box<str>>,
    ) -> Self {
        Self(Box::new(Told { kind, path: path.into(), said: said.into() }))
    }

    /// The same, in the event at that place of a batch.
    pub(super) fn within(mut self, place: usize) -> Self {
        let dot = if self.0.path.is_empty() { "" } else { "." };
        self.0.path.insert_str(0, &format!("[{place}]{dot}"));
        self
    }

    /// Why.
    pub fn kind(&self) -> CloudEventErrorKind {
        self.0.kind
    }

    /// The attribute that is wrong, `time`; in a batch `[3].time`; empty if it is the whole.
    pub fn path(&self) -> &str {
        &self.0.path
    }
}

impl fmt::Display for CloudEventError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Told { path, said, .. } = &*self.0;
        f.write_str("no cloud event")?;
        if !path.is_empty() {
            write!(f, ", at `{path}`")?;
        }
        write!(f, ": {said}")
    }
}

impl std::error::Error for CloudEventError {}

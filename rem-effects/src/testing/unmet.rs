//! [`Unmet`]: an effect that did not go as the script says, shown line by line.

use std::error::Error;
use std::fmt;

use crate::error::EffectError;
use crate::node::Place;

/// An effect that did not go as [`perform_sequence`](super::perform_sequence) was told. It shows every intent that came and every
/// one that was expected; so does its `Debug`, for a test that unwraps it.
pub struct Unmet {
    kind: UnmetKind,
    lines: Vec<Line>,
    error: Option<EffectError>,
}

/// How an effect did not go as it should.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum UnmetKind {
    /// Another intent came than the one expected next.
    Other,
    /// One more came than was expected.
    TooMany,
    /// The effect ended before all that is expected had come.
    Left,
    /// All went as expected, and the effect ended in an error: [`Unmet::error`]. A test that wants that asks for it.
    Failed,
}

/// Of the log.
#[derive(Debug)]
pub(crate) enum Line {
    Met(String, Place),
    Other {
        expected: (String, Place),
        came: (String, Place),
    },
    TooMany(String, Place),
    /// Came when it was wrong already.
    After(String, Place),
    Left(String, Place),
}

impl Unmet {
    pub(crate) fn new(kind: UnmetKind, lines: Vec<Line>, error: Option<EffectError>) -> Self {
        Self { kind, lines, error }
    }

    /// How, to be matched.
    pub fn kind(&self) -> UnmetKind {
        self.kind
    }

    /// The error that the effect ended in, if it did.
    pub fn error(&self) -> Option<&EffectError> {
        self.error.as_ref()
    }
}

impl fmt::Display for Unmet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            UnmetKind::Other => "another intent came than was expected:",
            UnmetKind::TooMany => "one more intent came than was expected:",
            UnmetKind::Left => "the effect ended before all that is expected had come:",
            UnmetKind::Failed => "the effect failed:",
        })?;
        for (number, line) in self.lines.iter().enumerate() {
            let number = number + 1;
            match line {
                Line::Met(came, at) => write!(f, "\n  {number:>3}  came      {came}, at {at}"),
                Line::Other { expected, came } => {
                    write!(f, "\n> {number:>3}  expected  {}, at {}", expected.0, expected.1)?;
                    write!(f, "\n       came      {}, at {}", came.0, came.1)
                }
                Line::TooMany(came, at) => {
                    write!(f, "\n> {number:>3}  expected  nothing more")?;
                    write!(f, "\n       came      {came}, at {at}")
                }
                Line::After(came, at) => write!(f, "\n  {number:>3}  and then  {came}, at {at}"),
                Line::Left(expected, at) => {
                    write!(f, "\n  {number:>3}  expected  {expected}, at {at}, and it has not come")
                }
            }?;
        }
        match &self.error {
            Some(error) => write!(f, "\n  it ended in an error: {error}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Unmet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Error for Unmet {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.error.as_ref().map(|error| error as _)
    }
}

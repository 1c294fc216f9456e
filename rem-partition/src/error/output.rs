//! [`OutputError`]: why an output is not to be had.

use std::any::type_name;
use std::error::Error;
use std::fmt;

/// Why the output of a unit is not to be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputError {
    kind: OutputErrorKind,
    unit: Box<str>,
    wanted: &'static str,
}

/// Why an output is not to be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OutputErrorKind {
    /// Who asks does not wait for that unit, so that it may not have been there.
    NotADependency,
    /// It is of another type.
    OtherType,
    /// There is no unit of that name.
    Unknown,
    /// The unit did not complete.
    NotCompleted,
    /// The unit ended so long ago that it is not remembered.
    LetGo,
}

impl OutputError {
    pub(crate) fn new(kind: OutputErrorKind, unit: &str) -> Self {
        Self { kind, unit: unit.into(), wanted: "" }
    }

    pub(crate) fn other_type<T>(unit: &str) -> Self {
        Self { kind: OutputErrorKind::OtherType, unit: unit.into(), wanted: type_name::<T>() }
    }

    /// Why, to be matched.
    pub fn kind(&self) -> OutputErrorKind {
        self.kind
    }

    /// The unit whose output was asked for.
    pub fn unit(&self) -> &str {
        &self.unit
    }
}

impl fmt::Display for OutputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = &self.unit;
        match self.kind {
            OutputErrorKind::NotADependency => write!(
                f,
                "the output of `{unit}` was asked for by a unit that does not wait for it: add `.after({unit:?})`"
            ),
            OutputErrorKind::OtherType => {
                write!(
                    f,
                    "the output of `{unit}` is no `{}`: ask for the type that its work gives",
                    self.wanted
                )
            }
            OutputErrorKind::Unknown => write!(f, "there is no unit `{unit}`: see how it is spelt"),
            OutputErrorKind::NotCompleted => {
                write!(f, "`{unit}` has no output, for it did not complete: its status says why")
            }
            OutputErrorKind::LetGo => write!(
                f,
                "the output of `{unit}` is gone, for it ended so long ago that it is not remembered: ask sooner, or let more units \
                 be remembered"
            ),
        }
    }
}

impl Error for OutputError {}

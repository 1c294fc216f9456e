//! [`CallError`]: why the call of a function is no event.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

/// Why the call of a function with these arguments is no event: see [`UnitBuilder::call`](crate::UnitBuilder::call).
#[derive(Debug)]
pub struct CallError {
    unit: Arc<str>,
    why: Why,
}

#[derive(Debug)]
enum Why {
    Arguments(serde_json::Error),
    Retries { most: usize },
}

/// Why the call of a function is no event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CallErrorKind {
    /// The arguments cannot be written as JSON: [`source`](Error::source).
    Arguments,
    /// It is to be tried again more often than an event says.
    Retries,
}

impl CallError {
    pub(crate) fn arguments(unit: &Arc<str>, error: serde_json::Error) -> Self {
        Self { unit: Arc::clone(unit), why: Why::Arguments(error) }
    }

    pub(crate) fn retries(unit: &Arc<str>, most: usize) -> Self {
        Self { unit: Arc::clone(unit), why: Why::Retries { most } }
    }

    /// Why, to be matched.
    pub fn kind(&self) -> CallErrorKind {
        match self.why {
            Why::Arguments(_) => CallErrorKind::Arguments,
            Why::Retries { .. } => CallErrorKind::Retries,
        }
    }

    /// The unit that was to call it.
    pub fn unit(&self) -> &str {
        &self.unit
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = &self.unit;
        match &self.why {
            Why::Arguments(error) => write!(
                f,
                "the arguments of unit `{unit}` cannot be written as JSON: {error}; give it what can, or a `LocalTask`"
            ),
            Why::Retries { most } => write!(
                f,
                "unit `{unit}` is to be tried again more than {most} times, which is more than an event says: try less often, or \
                 publish it as a `LocalTask`"
            ),
        }
    }
}

impl Error for CallError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.why {
            Why::Arguments(error) => Some(error),
            Why::Retries { .. } => None,
        }
    }
}

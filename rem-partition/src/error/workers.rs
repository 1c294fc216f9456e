//! [`WorkersError`]: why there are no workers.

use std::error::Error;
use std::fmt;

/// Why there are no workers.
#[derive(Debug)]
pub struct WorkersError {
    kind: WorkersErrorKind,
    source: Option<rayon_core::ThreadPoolBuildError>,
}

/// Why there are no workers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WorkersErrorKind {
    /// None were asked for.
    None,
    /// The system gives no threads.
    Threads,
}

impl WorkersError {
    pub(crate) fn none() -> Self {
        Self { kind: WorkersErrorKind::None, source: None }
    }

    pub(crate) fn threads(source: rayon_core::ThreadPoolBuildError) -> Self {
        Self { kind: WorkersErrorKind::Threads, source: Some(source) }
    }

    /// Why, to be matched.
    pub fn kind(&self) -> WorkersErrorKind {
        self.kind
    }
}

impl fmt::Display for WorkersError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            None => f.write_str("0 workers would never begin: ask for 1 or more"),
            Some(source) => {
                write!(f, "the system gives no threads for workers: {source}; ask for fewer")
            }
        }
    }
}

impl Error for WorkersError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|source| source as _)
    }
}

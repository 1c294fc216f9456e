//! [`AttachError`]: why a partitioner is not attached; [`UnsettledError`]: what it still has to do.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

/// Why a partitioner is not attached to a bus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttachError {
    kind: AttachErrorKind,
    function: Box<str>,
}

/// Why a partitioner is not attached to a bus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AttachErrorKind {
    /// Two functions have one name.
    FunctionTwice,
    /// The bus is closed.
    Closed,
}

impl AttachError {
    pub(crate) fn twice(function: &str) -> Self {
        Self { kind: AttachErrorKind::FunctionTwice, function: function.into() }
    }

    pub(crate) fn closed() -> Self {
        Self { kind: AttachErrorKind::Closed, function: Box::default() }
    }

    /// Why, to be matched.
    pub fn kind(&self) -> AttachErrorKind {
        self.kind
    }
}

impl fmt::Display for AttachError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            AttachErrorKind::FunctionTwice => write!(
                f,
                "the function `{}` is registered twice: give each a name of its own",
                self.function
            ),
            AttachErrorKind::Closed => {
                f.write_str("the bus is closed: attach a partitioner to one that is open")
            }
        }
    }
}

impl Error for AttachError {}

/// A partitioner had units that had not ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnsettledError {
    kind: UnsettledErrorKind,
    open: usize,
    oldest: Vec<Arc<str>>,
}

/// Why units had not ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum UnsettledErrorKind {
    /// The limit came first.
    Late,
    /// It was waited for in one of the threads that units run on, of a pool of rayon, which might wait for itself.
    WouldDeadlock,
}

impl UnsettledError {
    /// How many units it names.
    pub(crate) const SHOWN: usize = 8;

    pub(crate) fn new(kind: UnsettledErrorKind, open: usize, oldest: Vec<Arc<str>>) -> Self {
        Self { kind, open, oldest }
    }

    /// Why, to be matched.
    pub fn kind(&self) -> UnsettledErrorKind {
        self.kind
    }

    /// How many units have not ended.
    pub fn open(&self) -> usize {
        self.open
    }

    /// The names of the oldest of them, up to 8.
    pub fn oldest(&self) -> impl ExactSizeIterator<Item = &str> + '_ {
        self.oldest.iter().map(|unit| &**unit)
    }
}

impl fmt::Display for UnsettledError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let late = self.kind == UnsettledErrorKind::Late;
        let when =
            if late { "when the limit came" } else { "when one of their own threads waited" };
        write!(f, "{} units had not ended {when}", self.open)?;
        for (place, unit) in self.oldest.iter().enumerate() {
            write!(f, "{}`{unit}`", if place == 0 { ", the oldest of them " } else { ", " })?;
        }
        f.write_str(if late {
            ": wait for longer, or give units time limits"
        } else {
            ": wait elsewhere"
        })
    }
}

impl Error for UnsettledError {}

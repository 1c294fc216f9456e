//! What can go wrong with signals.

use std::error::Error as StdError;
use std::fmt;
use std::panic::Location;
use std::sync::Arc;

/// A send that called nobody, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendError(Box<Refused>);

/// Boxed: a `Result` that is `Ok`, as nearly all are, should not carry its size.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Refused {
    kind: SendErrorKind,
    name: Option<Box<str>>,
}

/// Why a send called nobody.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SendErrorKind {
    /// A receiver is async, and only `send_async` waits for those.
    Async {
        /// The line that connected it.
        place: &'static Location<'static>,
    },
    /// Receivers that send, of this signal or others, have called one another too often.
    TooDeep {
        /// How many sends may stand in one another.
        limit: usize,
    },
    /// Hashing or comparing the sender panicked.
    Sender {
        /// What it said.
        panic: Box<str>,
    },
}

impl SendError {
    pub(super) fn new(kind: SendErrorKind, name: Option<&str>) -> Self {
        Self(Box::new(Refused { kind, name: name.map(Box::from) }))
    }

    /// Why.
    pub fn kind(&self) -> &SendErrorKind {
        &self.0.kind
    }
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.name {
            Some(name) => write!(f, "the signal `{name}` was not sent: ")?,
            None => f.write_str("the signal was not sent: ")?,
        }
        match &self.0.kind {
            SendErrorKind::Async { place } => write!(
                f,
                "the receiver connected at {place} is async, which `send` and `emit` cannot wait for; use `send_async`"
            ),
            SendErrorKind::TooDeep { limit } => write!(
                f,
                "{limit} sends of this thread stand in one another already; let a receiver not send what comes back to \
                 it, or raise `depth` of the signal's builder"
            ),
            SendErrorKind::Sender { panic } => write!(
                f,
                "hashing or comparing the sender panicked: {panic}; mend its `Hash` and `Eq`"
            ),
        }
    }
}

impl StdError for SendError {}

/// An async send that called nobody: why, and the value.
pub struct SendAsyncError<T: ?Sized> {
    pub(super) error: SendError,
    pub(super) value: Arc<T>,
}

impl<T: ?Sized> SendAsyncError<T> {
    /// Why.
    pub fn kind(&self) -> &SendErrorKind {
        self.error.kind()
    }

    /// The value that was to be sent, to be sent again.
    pub fn into_value(self) -> Arc<T> {
        self.value
    }
}

impl<T: ?Sized> fmt::Debug for SendAsyncError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendAsyncError").field("error", &self.error).finish_non_exhaustive()
    }
}

impl<T: ?Sized> fmt::Display for SendAsyncError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl<T: ?Sized> StdError for SendAsyncError<T> {}

/// A receiver that panicked: where it was connected, and what it said.
#[derive(Clone, PartialEq, Eq)]
pub struct Panicked(Box<(&'static Location<'static>, Box<str>)>);

impl Panicked {
    pub(super) fn new(place: &'static Location<'static>, message: Box<str>) -> Self {
        Self(Box::new((place, message)))
    }

    /// The line that connected the receiver.
    pub fn place(&self) -> &'static Location<'static> {
        self.0.0
    }

    /// What the panic said.
    pub fn message(&self) -> &str {
        &self.0.1
    }
}

impl fmt::Debug for Panicked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Panicked")
            .field("place", &format_args!("{}", self.place()))
            .field("message", &self.message())
            .finish()
    }
}

impl fmt::Display for Panicked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the receiver connected at {} panicked: {}", self.place(), self.message())
    }
}

impl StdError for Panicked {}

/// A signal that a namespace does not give.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamespaceError {
    pub(super) name: Box<str>,
    pub(super) kind: NamespaceErrorKind,
}

/// Why a namespace does not give a signal.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum NamespaceErrorKind {
    /// The name is that of a signal of another type.
    OtherType {
        /// The type of the signal that has the name.
        found: Box<str>,
        /// The type that was asked for.
        wanted: Box<str>,
    },
    /// As many signals are in it as may be.
    Full {
        /// How many that is.
        limit: usize,
    },
}

impl NamespaceError {
    /// The name that was asked for.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Why.
    pub fn kind(&self) -> &NamespaceErrorKind {
        &self.kind
    }
}

impl fmt::Display for NamespaceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.name;
        match &self.kind {
            NamespaceErrorKind::OtherType { found, wanted } => write!(
                f,
                "the signal `{name}` is a `{found}`, not a `{wanted}`; ask for that, or give yours another name"
            ),
            NamespaceErrorKind::Full { limit } => write!(
                f,
                "there is no room for the signal `{name}`: the namespace has {limit} already; remove some, or make it \
                 by `Namespace::with_limit`"
            ),
        }
    }
}

impl StdError for NamespaceError {}

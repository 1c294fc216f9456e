//! What can go wrong with declared handlers: when they are registered, and when an argument is made.

use std::error::Error as StdError;
use std::fmt;
use std::panic::Location;

use crate::error::SubscribeError;

/// An argument that a handler could not be given, with the reason.
///
/// While an event is delivered it is the handler's failure: counted, and told as `$rem.handler.failed`; the handler is
/// not called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArgumentError(Box<str>);

impl ArgumentError {
    /// An error with this reason, which says what is missing or wrong and how to mend it.
    pub fn new(reason: impl fmt::Display) -> Self {
        Self(reason.to_string().into())
    }
}

impl fmt::Display for ArgumentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl StdError for ArgumentError {}

/// Handlers that were not registered: the first that could not be, and why. None of the others is.
#[derive(Debug)]
pub struct RegisterError {
    handler: &'static str,
    place: &'static Location<'static>,
    kind: RegisterErrorKind,
}

/// Why handlers were not registered.
#[derive(Debug)]
#[non_exhaustive]
pub enum RegisterErrorKind {
    /// It could not be subscribed: the bus is closed, the pattern cannot lie below its prefix, or what else the error says.
    Subscribe(SubscribeError),
    /// One of its arguments could never be made on this bus.
    Argument {
        /// The argument's name.
        argument: &'static str,
        /// What it lacks.
        error: ArgumentError,
    },
}

impl RegisterError {
    pub(super) fn new(
        handler: &'static str,
        place: &'static Location<'static>,
        kind: RegisterErrorKind,
    ) -> Self {
        Self { handler, place, kind }
    }

    /// The name of the handler, a method or a function.
    pub fn handler(&self) -> &'static str {
        self.handler
    }

    /// Where it is declared.
    pub fn place(&self) -> &'static Location<'static> {
        self.place
    }

    /// Why.
    pub fn kind(&self) -> &RegisterErrorKind {
        &self.kind
    }
}

impl fmt::Display for RegisterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "handler `{}` ({}) was not registered: ", self.handler, self.place)?;
        match &self.kind {
            RegisterErrorKind::Subscribe(error) => error.fmt(f),
            RegisterErrorKind::Argument { argument, error } => {
                write!(f, "argument `{argument}`: {error}")
            }
        }
    }
}

impl StdError for RegisterError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.kind {
            RegisterErrorKind::Subscribe(error) => Some(error),
            RegisterErrorKind::Argument { error, .. } => Some(error),
        }
    }
}

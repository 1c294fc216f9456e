//! [`JoinError`]: why a bus did not join.

use std::error::Error;
use std::fmt;

use rem_core::{PatternError, SubscribeError};
use rem_patterns::UnionError;

use crate::settled::{SettledError, SettledErrorKind};
use crate::transport::TransportError;

/// Why a bus did not join. Nothing of the mesh is left then.
#[derive(Debug)]
pub struct JoinError(Box<Kind>);

#[derive(Debug)]
pub(crate) enum Kind {
    NoTransport,
    NoNode,
    Name { what: &'static str, name: Box<str> },
    Pattern(PatternError),
    Union(UnionError),
    System { pattern: Box<str> },
    Subscribe(SubscribeError),
    Transport(TransportError),
    Unasked(SettledError),
    Shared,
    Spawn(Box<str>),
    TooManyImports { subjects: usize, most: usize },
    Bridge,
}

/// Why a bus did not join, to be matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum JoinErrorKind {
    /// No transport was given.
    NoTransport,
    /// The node has no name.
    NoNode,
    /// A node, a mesh or a consumer cannot have that name.
    Name,
    /// A pattern cannot be read, cannot lie below the bus's prefix, or cannot be united with the others.
    Pattern,
    /// A pattern selects events of REM's own, which never leave.
    System,
    /// The bus is closed.
    Closed,
    /// The transport does not connect, or cannot do what is needed.
    Transport,
    /// The broker refuses some of what is subscribed to.
    Unasked,
    /// It ended before it had joined: its bus or its transport was closed, or its runtime dropped its work.
    Ended,
    /// The futures of the mesh could not be started.
    Spawn,
    /// What may come takes more subjects than the mesh may ask for.
    TooManyImports,
    /// The bus keeps no history that outlives the process, and a level needs one.
    NoJournal,
    /// Another mesh of this name has joined the bus, and its outbox is in use.
    InUse,
    /// A bridge has no levels but *Fast*.
    Bridge,
}

impl JoinError {
    pub(crate) fn new(kind: Kind) -> Self {
        Self(Box::new(kind))
    }

    /// Why.
    pub fn kind(&self) -> JoinErrorKind {
        match &*self.0 {
            Kind::NoTransport => JoinErrorKind::NoTransport,
            Kind::NoNode => JoinErrorKind::NoNode,
            Kind::Name { .. } => JoinErrorKind::Name,
            Kind::Pattern(_) | Kind::Union(_) => JoinErrorKind::Pattern,
            Kind::System { .. } => JoinErrorKind::System,
            Kind::Subscribe(SubscribeError::NoDurableHistory) => JoinErrorKind::NoJournal,
            Kind::Subscribe(SubscribeError::DurableInUse { .. }) => JoinErrorKind::InUse,
            Kind::Subscribe(_) | Kind::Shared => JoinErrorKind::Closed,
            Kind::Bridge => JoinErrorKind::Bridge,
            Kind::Transport(_) => JoinErrorKind::Transport,
            Kind::Unasked(error) if error.kind() == SettledErrorKind::Over => JoinErrorKind::Ended,
            Kind::Unasked(_) => JoinErrorKind::Unasked,
            Kind::Spawn(_) => JoinErrorKind::Spawn,
            Kind::TooManyImports { .. } => JoinErrorKind::TooManyImports,
        }
    }
}

impl From<PatternError> for JoinError {
    fn from(error: PatternError) -> Self {
        Self::new(Kind::Pattern(error))
    }
}

impl From<TransportError> for JoinError {
    fn from(error: TransportError) -> Self {
        Self::new(Kind::Transport(error))
    }
}

impl fmt::Display for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the bus did not join: ")?;
        match &*self.0 {
            Kind::NoTransport => f.write_str("it has no transport; give one by `transport`"),
            Kind::NoNode => f.write_str("the node has no name; give it one of its own by `node`"),
            Kind::Name { what, name } => write!(
                f,
                "`{name}` is no name of a {what}: it takes 1 to 64 of `a` to `z`, `A` to `Z`, `0` to `9`, `-` and `_`"
            ),
            Kind::Pattern(error) => error.fmt(f),
            Kind::Union(error) => error.fmt(f),
            Kind::System { pattern } => {
                write!(
                    f,
                    "`{pattern}` selects events of REM's own, and those never leave: begin it without `$`"
                )
            }
            Kind::Subscribe(error) => error.fmt(f),
            Kind::Shared => f.write_str("the bus is gone"),
            Kind::Bridge => f.write_str(
                "`reexport` sends on what came by another mesh, and that is not kept for it: export at the level Fast, or join \
                 without `reexport`",
            ),
            Kind::Transport(error) => write!(f, "the transport does not connect: {error}"),
            Kind::Unasked(error) if error.kind() == SettledErrorKind::Over => f.write_str(
                "it ended meanwhile: its bus or its transport was closed, or its runtime dropped its work",
            ),
            Kind::Unasked(error) => error.fmt(f),
            Kind::Spawn(said) => write!(f, "its work could not be started: {said}"),
            Kind::TooManyImports { subjects, most } => write!(
                f,
                "what may come takes {subjects} subjects, and {most} may be asked for: import wider patterns, or allow more by \
                 `subjects`"
            ),
        }
    }
}

impl Error for JoinError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &*self.0 {
            Kind::Pattern(error) => Some(error),
            Kind::Union(error) => Some(error),
            Kind::Subscribe(error) => Some(error),
            Kind::Transport(error) => Some(error),
            Kind::Unasked(error) => Some(error),
            _ => None,
        }
    }
}

//! [`SubscribeError`]: a subscription that was not made.

use std::error::Error as StdError;
use std::fmt;
use std::panic::Location;

use rem_patterns::{PatternError, Topic, TopicError};

use crate::durable::DurableNameError;

/// A subscription or middleware that was not added.
#[derive(Debug)]
#[non_exhaustive]
pub enum SubscribeError {
    /// The pattern is none, or cannot lie below the bus's prefix.
    Pattern(PatternError),
    /// The bus is closed.
    Closed,
    /// It begins in the past, and the bus keeps no history.
    NoHistory,
    /// An inline handler is to be called with the past, by a thread that is calling another.
    WithinHandler {
        /// Where it was to be made.
        place: &'static Location<'static>,
    },
    /// The topic of a task's dead letters is none, or too long below the bus's prefix.
    DeadLetterTopic(TopicError),
    /// The topic of a task's dead letters is one of REM's own, `$…`.
    DeadLetterSystemTopic(Topic),
    /// It is durable, and the bus's history does not outlive the process.
    NoDurableHistory,
    /// It is durable, and its name is none.
    DurableName(DurableNameError),
    /// It is durable, and another has its name.
    DurableInUse {
        /// The name, from the root bus.
        name: Box<str>,
        /// Where the other was made.
        place: &'static Location<'static>,
    },
    /// It is durable, and events of that type never leave the process, so that none is ever stored.
    DurableLocal(&'static str),
    /// It is durable, and was to begin with the last event of each topic, which is no position.
    DurableStart,
    /// Nobody runs a task: its spawner panicked, or the bus could not start a thread.
    Spawn(Box<str>),
}

impl From<DurableNameError> for SubscribeError {
    fn from(error: DurableNameError) -> Self {
        Self::DurableName(error)
    }
}

impl From<PatternError> for SubscribeError {
    fn from(error: PatternError) -> Self {
        Self::Pattern(error)
    }
}

impl fmt::Display for SubscribeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pattern(error) => error.fmt(f),
            Self::Closed => f.write_str("the bus is closed; subscribe before `close`"),
            Self::NoHistory => f.write_str(
                "a subscription that begins in the past needs a history; build the bus with \
                 `Bus::builder().history(Ring::events(10_000))`",
            ),
            Self::WithinHandler { place } => write!(
                f,
                "the inline handler subscribed at {place} cannot be called with the past while this thread calls \
                 another handler; read the past by a stream, or subscribe in another thread"
            ),
            Self::DeadLetterTopic(error) => write!(f, "no topic for dead letters: {error}"),
            Self::DeadLetterSystemTopic(topic) => write!(
                f,
                "no dead letters under `{topic}`: topics that begin with `$` are REM's own; name yours without it"
            ),
            Self::NoDurableHistory => f.write_str(
                "a durable subscription needs a history that outlives the process; build the bus with \
                 `Bus::builder().history(Journal::open(path)?)`",
            ),
            Self::DurableName(error) => error.fmt(f),
            Self::DurableInUse { name, place } => write!(
                f,
                "the durable subscription `{name}` made at {place} is not over; give this one another name, or wait for the \
                 other by `unsubscribe`"
            ),
            Self::DurableLocal(name) => write!(
                f,
                "events of `{name}` never leave the process, and no history that outlives it has them; subscribe without \
                 `durable`, or take `local` off the type"
            ),
            Self::DurableStart => f.write_str(
                "a durable subscription cannot begin with the last event of each topic, for that is no position; begin \
                 with `Start::Earliest`, or with what is published from now on by `Start::Latest`",
            ),
            Self::Spawn(error) => write!(
                f,
                "the task was not started: {error}; give the bus another spawner with `Bus::builder().spawner(…)`"
            ),
        }
    }
}

impl StdError for SubscribeError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Pattern(error) => Some(error),
            Self::DeadLetterTopic(error) => Some(error),
            Self::DurableName(error) => Some(error),
            Self::Closed
            | Self::NoHistory
            | Self::NoDurableHistory
            | Self::DurableInUse { .. }
            | Self::DurableLocal(_)
            | Self::DurableStart
            | Self::WithinHandler { .. }
            | Self::DeadLetterSystemTopic(_)
            | Self::Spawn(_) => None,
        }
    }
}

//! What goes wrong with a projection that is kept up to date.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use rem_core::{Event, Payload, Timestamp, Topic};

/// An event that could not be applied.
#[derive(Debug, Clone)]
pub struct FoldError {
    sequence: u64,
    topic: Topic,
    time: Timestamp,
    said: Box<str>,
}

impl FoldError {
    pub(crate) fn of<T: Payload + ?Sized>(event: &Event<T>, panic: Box<str>) -> Self {
        let (topic, time) = (event.topic().clone(), event.timestamp());
        Self { sequence: event.sequence().unwrap_or_default(), topic, time, said: panic }
    }

    pub(crate) fn unreadable(event: &Event) -> Self {
        Self::of(event, "its data cannot be read as the event type of the projection".into())
    }

    /// Its number.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// Its topic.
    pub fn topic(&self) -> &Topic {
        &self.topic
    }

    /// When it happened.
    pub fn time(&self) -> Timestamp {
        self.time
    }

    /// What the panic said, or that its data cannot be read.
    pub fn said(&self) -> &str {
        &self.said
    }
}

impl fmt::Display for FoldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` (#{}) could not be applied: {}", self.topic, self.sequence, self.said)
    }
}

impl Error for FoldError {}

/// Why a projector stands still.
#[derive(Debug)]
#[non_exhaustive]
pub enum ProjectionError {
    /// An event could not be applied.
    Fold {
        /// The projection.
        name: Box<str>,
        /// Which event, and why.
        error: FoldError,
        /// How often it was tried.
        attempts: u32,
    },
    /// More events could not be applied than may be skipped.
    TooManySkipped {
        /// The projection.
        name: Box<str>,
        /// The one that is too many.
        error: FoldError,
    },
    /// The history let go of events before they were read.
    Lost {
        /// The projection.
        name: Box<str>,
        /// The first that is gone.
        from: u64,
        /// The last of them.
        to: u64,
    },
    /// Users' code other than `apply` panicked: `Clone`, most likely.
    Panicked {
        /// The projection.
        name: Box<str>,
        /// What it said.
        panic: Box<str>,
    },
}

impl fmt::Display for ProjectionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fold { name, error, attempts } => write!(
                f,
                "projection `{name}` stands before an event: {error} ({attempts} attempts); mend `apply` and `resume`, or let \
                 it skip such events by `on_failure`"
            ),
            Self::TooManySkipped { name, error } => write!(
                f,
                "projection `{name}` has skipped as many events as it may: {error}; mend `apply` and rebuild it"
            ),
            Self::Lost { name, from, to } => write!(
                f,
                "projection `{name}` was too slow: the history has let go of #{from} to #{to} before it read them; keep a \
                 longer history and rebuild it, or make it with `may_miss`"
            ),
            Self::Panicked { name, panic } => write!(
                f,
                "projection `{name}` panicked outside of `apply`: {panic}; mend the `Clone` of its state and `resume`"
            ),
        }
    }
}

impl Error for ProjectionError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Fold { error, .. } | Self::TooManySkipped { error, .. } => Some(error),
            Self::Lost { .. } | Self::Panicked { .. } => None,
        }
    }
}

/// A projection that did not come as far as was waited for.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum WaitError {
    /// The time came first.
    TimedOut {
        /// The projection.
        name: Box<str>,
        /// How long it was waited for.
        limit: Duration,
        /// What was waited for.
        wanted: u64,
        /// Where it stands.
        at: u64,
    },
    /// It stands still.
    Failed(std::sync::Arc<ProjectionError>),
    /// It was stopped, or its bus is closed, and it will not come there.
    Over {
        /// The projection.
        name: Box<str>,
        /// What was waited for.
        wanted: u64,
        /// Where it stands.
        at: u64,
    },
}

impl fmt::Display for WaitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TimedOut { name, limit, wanted, at } => write!(
                f,
                "projection `{name}` is at #{at} and not at #{wanted} after {limit:?}; wait longer, or see whether #{wanted} is \
                 published"
            ),
            Self::Failed(error) => error.fmt(f),
            Self::Over { name, wanted, at } => write!(
                f,
                "projection `{name}` has ended at #{at} and will not come to #{wanted}; keep it and its bus for as long as it is \
                 waited for"
            ),
        }
    }
}

impl Error for WaitError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Failed(error) => Some(&**error),
            _ => None,
        }
    }
}

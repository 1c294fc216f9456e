//! [`InFlight`]: what is not finished, by name.

use std::fmt;
use std::panic::Location;

use rem_patterns::Topic;

use crate::subscription::{About, SubscriptionId};

/// Something that is not finished, for whoever waited for it: see [`Bus::settle`](crate::Bus::settle).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum InFlight {
    /// A publish is under way: in middleware, in an inline handler, or waiting for room in a queue.
    #[non_exhaustive]
    Publish {
        /// Under which topic it was published.
        topic: Topic,
        /// Whose inline handlers it calls, of the bus that waits and those below it.
        subscriptions: Box<[Whose]>,
    },
    /// Events wait in a queue to be read.
    #[non_exhaustive]
    Queued {
        /// Whose queue it is.
        subscription: Whose,
        /// How many there are.
        events: usize,
        /// How many publishers wait for room there.
        publishers: usize,
    },
    /// A task has events to handle.
    #[non_exhaustive]
    Task {
        /// Whose handler it is.
        subscription: Whose,
        /// How many events wait: in its queue, or behind others of their keys.
        queued: usize,
        /// How many calls are running.
        running: usize,
        /// How many events wait to be tried again.
        retrying: usize,
        /// How many publishers wait for room in its queue.
        publishers: usize,
    },
    /// A history that outlives the process has events that it has not committed.
    #[non_exhaustive]
    History {
        /// How many at most.
        events: u64,
        /// Why, if it cannot.
        reason: Option<Box<str>>,
    },
}

/// A subscription, by what tells it from others.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Whose {
    /// Its identity.
    pub id: SubscriptionId,
    /// What it selects.
    pub pattern: Box<str>,
    /// Where it was made.
    pub place: &'static Location<'static>,
}

impl Whose {
    pub(crate) fn of(about: &About) -> Self {
        Self { id: about.id, pattern: about.pattern.as_str().into(), place: about.place }
    }
}

impl fmt::Display for Whose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to `{}` ({})", self.id, self.pattern, self.place)
    }
}

impl fmt::Display for InFlight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Publish { topic, subscriptions } => {
                write!(f, "`{topic}` is being published")?;
                for (at, subscription) in subscriptions.iter().enumerate() {
                    write!(f, "{}{subscription}", if at == 0 { ", to " } else { " and " })?;
                }
                Ok(())
            }
            Self::Queued { subscription, events, publishers } => {
                let s = if *events == 1 { "" } else { "s" };
                write!(f, "{events} event{s} not read from the queue of {subscription}")?;
                who_waits(f, *publishers)
            }
            Self::Task { subscription, queued, running, retrying, publishers } => {
                let s = if *running == 1 { "" } else { "s" };
                write!(f, "{running} call{s} of the task of {subscription} running")?;
                if *retrying > 0 {
                    write!(f, ", {retrying} to be tried again")?;
                }
                if *queued > 0 {
                    write!(f, ", {queued} queued")?;
                }
                who_waits(f, *publishers)
            }
            Self::History { events, reason } => {
                let s = if *events == 1 { "" } else { "s" };
                write!(f, "{events} event{s} not committed by the history")?;
                reason.iter().try_for_each(|reason| write!(f, ": {reason}"))
            }
        }
    }
}

fn who_waits(f: &mut fmt::Formatter<'_>, publishers: usize) -> fmt::Result {
    match publishers {
        0 => Ok(()),
        1 => f.write_str(", and a publisher waits for room there"),
        more => write!(f, ", and {more} publishers wait for room there"),
    }
}

/// The list, as part of a sentence.
pub(super) fn list(f: &mut fmt::Formatter<'_>, in_flight: &[InFlight]) -> fmt::Result {
    for (at, one) in in_flight.iter().enumerate() {
        write!(f, "{}{one}", if at == 0 { "" } else { "; " })?;
    }
    Ok(())
}

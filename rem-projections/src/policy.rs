//! [`OnFailure`]: what becomes of an event that a projection cannot apply.

use std::time::Duration;

use rem_core::Timestamp;

use crate::FoldError;

/// How many events may be skipped, unless told: one that fails so often is not to be trusted.
pub(crate) const SKIPS: usize = 1_000;

/// What a projector does when `apply` panics, or an event's data cannot be read. The state is that before the event in any
/// case: whatever a panicking `apply` left half done is undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum OnFailure {
    /// It stops before the event. Readers keep the last state, and
    /// [`Projector::resume`](crate::Projector::resume) tries again.
    #[default]
    Stop,
    /// It goes on without the event, which is kept as [`Skipped`], at most 1,000 of them; then it stops.
    Skip,
    /// It tries the event again, and then stops.
    RetryThenStop {
        /// How often.
        times: u32,
        /// How long it waits before each.
        pause: Duration,
    },
    /// It tries the event again, and then goes on without it.
    RetryThenSkip {
        /// How often.
        times: u32,
        /// How long it waits before each.
        pause: Duration,
    },
}

impl OnFailure {
    pub(crate) fn retries(self) -> (u32, Duration) {
        match self {
            Self::Stop | Self::Skip => (0, Duration::ZERO),
            Self::RetryThenStop { times, pause } | Self::RetryThenSkip { times, pause } => {
                (times, pause)
            }
        }
    }

    pub(crate) fn skips(self) -> bool {
        matches!(self, Self::Skip | Self::RetryThenSkip { .. })
    }
}

/// The dead letter of a projection: an event that it went on without. The event itself is in the history, by its number.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Skipped {
    /// Which event, and what was wrong.
    pub error: FoldError,
    /// When it happened.
    pub time: Timestamp,
    /// How often it was tried.
    pub attempts: u32,
}

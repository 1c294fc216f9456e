//! [`Reading`]: whether who is at the other end of a connection reads what he is sent.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Whether the other end reads what it is sent, as far as a stream can tell. Its clones are of one connection.
#[derive(Debug, Clone)]
pub(crate) struct Reading(Arc<State>);

#[derive(Debug)]
struct State {
    begun: Instant,
    /// Since when, in milliseconds and 1 more, what was given away is not taken; 0 if it is.
    since: AtomicU64,
    /// That it was cut off is counted.
    is_counted: AtomicBool,
}

impl Reading {
    pub(crate) fn new() -> Self {
        let (since, is_counted) = Default::default();
        Self(Arc::new(State { begun: Instant::now(), since, is_counted }))
    }

    /// There is room for more.
    pub(crate) fn reads(&self) {
        self.0.since.store(0, Ordering::Relaxed);
    }

    /// Something was given away.
    pub(crate) fn waits(&self) {
        let now = u64::try_from(self.0.begun.elapsed().as_millis()).unwrap_or(u64::MAX - 1);
        self.0.since.store(now + 1, Ordering::Relaxed);
    }

    /// For how long nothing was taken.
    pub(crate) fn stalled(&self) -> Duration {
        match self.0.since.load(Ordering::Relaxed) {
            0 => Duration::ZERO,
            since => self.0.begun.elapsed().saturating_sub(Duration::from_millis(since - 1)),
        }
    }

    /// That it is cut off is counted; `false` if it was already.
    pub(crate) fn counted(&self) -> bool {
        !self.0.is_counted.swap(true, Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_takes_what_is_given_is_not_stalled() {
        let reading = Reading::new();
        assert_eq!(reading.stalled(), Duration::ZERO);
        reading.waits();
        let before = reading.stalled();
        while reading.stalled() <= before {
            std::hint::spin_loop();
        }
        reading.reads();
        assert_eq!(reading.stalled(), Duration::ZERO);
        assert!(reading.counted() && !reading.counted(), "once");
    }
}

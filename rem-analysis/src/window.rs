//! [`Window`]: a span of time, and which windows an event lies in.

use std::time::Duration;

use rem_core::Timestamp;
use serde::Serialize;

use crate::error::{AnalysisError, AnalysisErrorKind as Kind};

/// How many windows an event lies in at most.
const MAX_OVERLAP: u64 = 1_000;

/// A span of time: from its start on, up to its end and without it. Windows begin at multiples of their step since the epoch,
/// 1970-01-01T00:00:00Z, so that those of two analyses are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Window {
    start: Timestamp,
    end: Timestamp,
}

impl Window {
    pub(crate) fn new(start: u64, length: u64) -> Self {
        let end = Timestamp::from_nanos(start.saturating_add(length));
        Self { start: Timestamp::from_nanos(start), end }
    }

    /// The first moment in it.
    pub fn start(&self) -> Timestamp {
        self.start
    }

    /// The first moment behind it.
    pub fn end(&self) -> Timestamp {
        self.end
    }

    pub(crate) fn seconds(&self) -> f64 {
        self.end.since(self.start).as_secs_f64()
    }
}

/// How time is cut, in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Windows {
    pub(crate) step: u64,
    pub(crate) length: u64,
}

impl Windows {
    pub(crate) fn new(step: Duration, length: Duration) -> Result<Self, AnalysisError> {
        let refused = |said: String| Err(AnalysisError::new(Kind::Window, said));
        let nanos = |time: Duration| u64::try_from(time.as_nanos()).ok().filter(|nanos| *nanos > 0);
        let (Some(step), Some(length)) = (nanos(step), nanos(length)) else {
            return refused(format!(
                "windows of {length:?} every {step:?}: both are more than nothing and less than 584 years"
            ));
        };
        if length < step {
            return refused(format!(
                "windows of {length} ns every {step} ns leave out what lies between them: make `over` at least as long as `every`"
            ));
        }
        if length.div_ceil(step) > MAX_OVERLAP {
            return refused(format!(
                "each event would lie in {} windows and at most {MAX_OVERLAP} overlap: make `every` longer or `over` shorter",
                length.div_ceil(step)
            ));
        }
        Ok(Self { step, length })
    }

    /// The starts of those in which that moment lies, oldest first. None begins before the epoch.
    pub(crate) fn around(self, time: Timestamp) -> impl Iterator<Item = u64> {
        let time = time.as_nanos();
        let last = time / self.step;
        // The first that ends behind the moment.
        let first = match time.checked_sub(self.length) {
            Some(before) => before / self.step + 1,
            None => 0,
        };
        (first..=last).map(move |place| place * self.step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn starts(step: u64, length: u64, time: u64) -> Vec<u64> {
        let windows = Windows::new(Duration::from_nanos(step), Duration::from_nanos(length));
        windows.unwrap().around(Timestamp::from_nanos(time)).collect()
    }

    #[test]
    fn a_moment_lies_in_every_window_that_holds_it() {
        assert_eq!(starts(10, 10, 0), [0]);
        assert_eq!(starts(10, 10, 9), [0]);
        assert_eq!(starts(10, 10, 10), [10]);
        assert_eq!(starts(10, 25, 100), [80, 90, 100]);
        assert_eq!(starts(10, 25, 104), [80, 90, 100]);
        assert_eq!(starts(10, 25, 105), [90, 100]);
        assert_eq!(starts(10, 30, 5), [0], "none begins before the epoch");
        for (step, length, time) in [(7, 20, 93), (7, 21, 98), (1, 5, u64::MAX), (3, 3, 8)] {
            for start in starts(step, length, time) {
                assert!(start <= time && time - start < length && start % step == 0);
            }
            let count = starts(step, length, time).len() as u64;
            assert!(count == length / step || count == length.div_ceil(step), "{count}");
        }
    }

    #[test]
    fn windows_that_are_none_are_refused() {
        for (step, length, said) in [
            (0, 10, "more than nothing"),
            (10, 5, "leave out"),
            (1, 2_000, "2000 windows and at most 1000"),
        ] {
            let (step, length) = (Duration::from_nanos(step), Duration::from_nanos(length));
            let error = Windows::new(step, length).unwrap_err();
            assert!(error.to_string().contains(said), "{error}");
        }
        assert!(Windows::new(Duration::MAX, Duration::MAX).is_err());
    }
}

//! [`ReplayReport`] and [`Progress`]: how far a replay has come, and what became of it.

use std::fmt;
use std::ops::RangeInclusive;

use crate::clock::Timestamp;

/// How many ranges of numbers, and how many failures, are told one by one; the others are counted.
const TOLD: usize = 1_024;

/// What became of a replay.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReplayReport {
    /// How many events the target has had: the handler returned, or the bus published it.
    pub replayed: u64,
    /// How many it did not want: not of the handler's type, or stopped by middleware.
    pub skipped: u64,
    /// How many could not be published, or a handler failed at.
    pub failed: u64,
    /// How many numbers the history had let go of before they were read, which the query might have selected.
    pub lost: u64,
    /// These numbers, the first 1,024 ranges of them.
    pub lost_ranges: Vec<RangeInclusive<u64>>,
    /// The numbers of the events that failed, and why: the first 1,024.
    pub failures: Vec<(u64, Box<str>)>,
    /// It was stopped by a handle.
    pub stopped: bool,
    /// The last number that was read, 0 for none: [`Query::after`](crate::Query::after) goes on behind it.
    pub last: u64,
}

impl ReplayReport {
    pub(super) fn lose(&mut self, numbers: RangeInclusive<u64>) {
        self.lost += (numbers.end() + 1).saturating_sub(*numbers.start());
        self.last = *numbers.end();
        let told = self.lost_ranges.len();
        match self.lost_ranges.last_mut() {
            Some(last) if last.end() + 1 == *numbers.start() => {
                *last = *last.start()..=*numbers.end();
            }
            _ if told < TOLD => self.lost_ranges.push(numbers),
            _ => {}
        }
    }

    pub(super) fn fail(&mut self, number: u64, why: Box<str>) {
        self.failed += 1;
        if self.failures.len() < TOLD {
            self.failures.push((number, why));
        }
    }
}

/// One line: `12 replayed, 1 failed`.
impl fmt::Display for ReplayReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} replayed", self.replayed)?;
        let counts = [("skipped", self.skipped), ("failed", self.failed), ("lost", self.lost)];
        for (name, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
            write!(f, ", {count} {name}")?;
        }
        if self.stopped {
            write!(f, ", stopped behind #{}", self.last)?;
        }
        Ok(())
    }
}

/// How far a replay has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// How many events the target was given: replayed, skipped and failed.
    pub done: u64,
    /// How many numbers of the history are behind it, those of events that the query does not ask for among them.
    pub read: u64,
    /// How many there are to be read.
    pub of: u64,
    /// When the last event that was given happened: where in the time of the history it is.
    pub time: Timestamp,
}

impl Progress {
    /// About how many events the target will have been given at the end, if it goes on as it went.
    pub fn total(&self) -> u64 {
        let total = u128::from(self.done) * u128::from(self.of) / u128::from(self.read.max(1));
        u64::try_from(total).unwrap_or(u64::MAX).max(self.done)
    }

    /// How much is read, from 0 to 1.
    pub fn fraction(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "for a bar")]
        let of = |count: u64| count as f64;
        if self.of == 0 { 1.0 } else { of(self.read.min(self.of)) / of(self.of) }
    }
}

/// One line: `50 % read, 120 of about 240 events, at 2024-03-01T09:00:00Z`.
impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = (self.fraction() * 100.0).floor();
        write!(
            f,
            "{percent} % read, {} of about {} events, at {}",
            self.done,
            self.total(),
            self.time
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_are_told_and_the_others_counted() {
        let mut report = ReplayReport::default();
        for at in 1..=2_000 {
            report.lose(3 * at..=3 * at + 1);
            report.fail(at, "no".into());
        }
        report.lose(6_002..=6_002);
        assert_eq!((report.lost, report.lost_ranges.len()), (4_001, TOLD));
        assert_eq!((report.failed, report.failures.len()), (2_000, TOLD));
    }

    #[test]
    fn ranges_in_a_row_are_one() {
        let mut report = ReplayReport::default();
        for numbers in [1..=2, 3..=3, 5..=6] {
            report.lose(numbers);
        }
        assert_eq!((report.lost_ranges, report.last), (vec![1..=3, 5..=6], 6));
    }
}

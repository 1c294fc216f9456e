//! [`Times`]: a histogram of bounded size, eight steps to each doubling.

use std::fmt;
use std::time::Duration;

use crate::sync::atomic::{AtomicU64, Ordering};

/// Steps to a doubling: what is told is above what was measured by an eighth at the most.
const STEPS: u32 = 8;
const BITS: u32 = STEPS.trailing_zeros();
/// Of all numbers of nanoseconds in 64 bits.
const PLACES: usize = ((64 - BITS + 1) * STEPS) as usize;

/// Times being counted.
pub(super) struct Histogram(Box<[AtomicU64]>);

impl Default for Histogram {
    fn default() -> Self {
        Self((0..PLACES).map(|_| AtomicU64::new(0)).collect())
    }
}

impl Histogram {
    pub(super) fn count(&self, took: Duration) {
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        self.0[place(nanos)].fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn read(&self) -> Times {
        Times(self.0.iter().map(|count| count.load(Ordering::Relaxed)).collect())
    }
}

/// The first steps are of one nanosecond; then each doubling has as many.
fn place(nanos: u64) -> usize {
    let doublings = (u64::BITS - nanos.leading_zeros()).saturating_sub(BITS + 1);
    let step = nanos >> doublings; // below 2 × STEPS
    usize::try_from(u64::from(doublings * STEPS) + step).unwrap_or(usize::MAX)
}

/// The last nanosecond of a place.
fn last(place: usize) -> u64 {
    let place = place as u64;
    let doublings = (place / u64::from(STEPS)).saturating_sub(1);
    let step = place - doublings * u64::from(STEPS);
    // The last one of all ends with the numbers.
    ((u128::from(step) + 1) << doublings).saturating_sub(1).try_into().unwrap_or(u64::MAX)
}

/// How long events took: see [`Timing::times`](super::Timing::times).
///
/// Each doubling has eight steps: what is told here is what was measured, or up to an eighth more.
#[derive(Clone, PartialEq, Eq)]
pub struct Times(Box<[u64]>);

impl Times {
    /// How many were measured.
    pub fn count(&self) -> u64 {
        self.0.iter().sum()
    }

    /// The time within which that part of the events was done: 0.5 for the median, 0.99, 1.0 for the longest. `None` if none
    /// was measured. A part below 0 counts as 0, the shortest; one above 1, or no number, as 1, the longest.
    pub fn within(&self, part: f64) -> Option<Duration> {
        let count = self.count();
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "what is lost is less than one event in 2^53, and a part below 0 is 0"
        )]
        let wanted = ((count as f64 * part.min(1.0)).ceil() as u64).clamp(1, count.max(1));
        let mut so_far = 0;
        let reached = |count: &u64| {
            so_far += count;
            so_far >= wanted
        };
        self.0.iter().position(reached).map(|place| Duration::from_nanos(last(place)))
    }
}

impl fmt::Debug for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Times({self})")
    }
}

/// One line: how many, the median, and within what 99 of 100 were done, and all.
impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [Some(half), Some(most), Some(all)] = [0.5, 0.99, 1.0].map(|part| self.within(part))
        else {
            return f.write_str("none measured");
        };
        write!(f, "{} measured: half within {half:?}, 99 % {most:?}, all {all:?}", self.count())
    }
}

#[cfg(all(test, not(rem_loom)))]
mod tests {
    use super::*;

    #[test]
    fn every_time_has_a_place_that_ends_an_eighth_above_it_at_the_most() {
        let edges = (0..64).flat_map(|bit| [(1_u64 << bit) - 1, 1 << bit, (1 << bit) + 1]);
        let mut times: Vec<u64> = edges.chain(0..5_000).chain([u64::MAX - 1, u64::MAX]).collect();
        times.sort_unstable();
        let mut before = 0;
        for nanos in times {
            let place = place(nanos);
            assert!(place < PLACES && place >= before, "{nanos} at {place}");
            before = place;
            let last = last(place);
            assert!(last >= nanos && last - nanos <= nanos / 8, "{nanos} told as {last}");
        }
        assert_eq!(place(u64::MAX), PLACES - 1);
    }

    #[test]
    fn parts_of_what_was_measured() {
        let histogram = Histogram::default();
        assert_eq!(histogram.read().within(0.5), None);
        assert_eq!(histogram.read().to_string(), "none measured");
        for nanos in 1..=8 {
            histogram.count(Duration::from_nanos(nanos));
        }
        let times = histogram.read();
        assert_eq!(times.count(), 8);
        for (part, nanos) in
            [(-1.0, 1), (f64::NAN, 8), (0.0, 1), (0.5, 4), (0.51, 5), (1.0, 8), (7.0, 8)]
        {
            assert_eq!(times.within(part), Some(Duration::from_nanos(nanos)), "{part}");
        }
    }
}

//! [`Retry`]: how often a task tries again, and when.

use std::iter;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};

/// How often a task calls its handler again with an event that it failed at, and how long it waits before that.
///
/// ```
/// use std::time::Duration;
///
/// use rem_core::Retry;
///
/// // After about 50 ms, 150 ms, 450 ms.
/// let retry = Retry::times(3).backoff(Duration::from_millis(50), 3.0, Duration::from_secs(1));
/// ```
#[derive(Debug, Clone)]
pub struct Retry {
    times: usize,
    first: Duration,
    factor: f32,
    most: Duration,
    jitter: bool,
    seed: Option<u64>,
}

impl Retry {
    /// Again at most so many times, so that the handler has an event once more than that. Waits 100 ms before the first,
    /// twice as long before each that follows, and 10 s at the most, with jitter.
    pub fn times(times: usize) -> Self {
        Self {
            times,
            first: Duration::from_millis(100),
            factor: 2.0,
            most: Duration::from_secs(10),
            jitter: true,
            seed: None,
        }
    }

    /// Waits so long before the first, `factor` times as long before each that follows, and `most` at the most. A factor
    /// below 1, and one that is no number, is as 1.
    #[must_use]
    pub fn backoff(mut self, first: Duration, factor: f32, most: Duration) -> Self {
        let factor = if factor.is_finite() { factor.clamp(1.0, 1e6) } else { 1.0 };
        (self.first, self.factor, self.most) = (first.min(most), factor, most);
        self
    }

    /// Whether a random time is added to each wait, up to as much again, so that those who failed together do not come
    /// together again. It is, unless told.
    #[must_use]
    pub fn jitter(mut self, jitter: bool) -> Self {
        self.jitter = jitter;
        self
    }

    /// The same jitter for each event, by this number: for tests.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// How long to wait before each further try, in order; when it ends, no other try follows. For what is tried again
    /// elsewhere than in a task.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use rem_core::Retry;
    ///
    /// let ms = Duration::from_millis;
    /// let retry = Retry::times(3).backoff(ms(10), 3.0, ms(50)).jitter(false);
    /// assert!(retry.schedule().eq([ms(10), ms(30), ms(50)]));
    /// ```
    pub fn schedule(&self) -> impl Iterator<Item = Duration> + Send + Sync + 'static + use<> {
        self.waits()
    }

    /// The times to wait for one event.
    pub(super) fn waits(&self) -> Waits {
        let mut builder = ExponentialBuilder::new()
            .with_min_delay(self.first)
            .with_factor(self.factor)
            .with_max_delay(self.most)
            .with_max_times(self.times);
        if self.jitter {
            builder = builder.with_jitter();
        }
        if let Some(seed) = self.seed {
            builder = builder.with_jitter_seed(seed);
        }
        builder.build().map(rounded as fn(Duration) -> Duration)
    }
}

/// The times to wait for one event.
pub(super) type Waits = iter::Map<ExponentialBackoff, fn(Duration) -> Duration>;

/// To the microsecond, which hides that a factor of `f32` has seven digits.
fn rounded(wait: Duration) -> Duration {
    let below = Duration::from_nanos(u64::from(wait.subsec_nanos() % 1_000));
    let up =
        if below >= Duration::from_nanos(500) { Duration::from_micros(1) } else { Duration::ZERO };
    wait.saturating_sub(below).saturating_add(up)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn waits_grow_up_to_the_most() {
        let retry = Retry::times(4).backoff(10 * MS, 3.0, 50 * MS).jitter(false);
        assert_eq!(retry.waits().collect::<Vec<_>>(), [10 * MS, 30 * MS, 50 * MS, 50 * MS]);
        assert!(retry.schedule().eq(retry.waits()), "and so for what is tried elsewhere");
    }

    #[test]
    fn jitter_adds_up_to_as_much_again_and_is_the_same_for_a_seed() {
        let retry = Retry::times(64).backoff(10 * MS, 1.0, 10 * MS).seed(7);
        let waits: Vec<_> = retry.waits().collect();
        assert_eq!(waits, retry.waits().collect::<Vec<_>>());
        assert!(waits.iter().all(|wait| (10 * MS..=20 * MS).contains(wait)), "{waits:?}");
        assert!(waits.iter().any(|wait| *wait != waits[0]), "{waits:?}");
    }

    #[test]
    fn what_is_no_factor_is_one() {
        for factor in [f32::NAN, f32::INFINITY, 0.0, -1.0] {
            let retry = Retry::times(2).backoff(MS, factor, 9 * MS).jitter(false);
            assert_eq!(retry.waits().collect::<Vec<_>>(), [MS, MS], "{factor}");
        }
        let retry = Retry::times(1).backoff(9 * MS, 2.0, MS).jitter(false);
        assert_eq!(retry.waits().collect::<Vec<_>>(), [MS], "the first is no longer than the most");
        assert_eq!(Retry::times(0).waits().count(), 0);
        let long = Retry::times(3).backoff(Duration::MAX, 1e6, Duration::MAX);
        assert_eq!(long.waits().count(), 3);
    }
}

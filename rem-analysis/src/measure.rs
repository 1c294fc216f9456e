//! [`Measure`]: what is kept of the events of one row.

use crate::percentiles::Distribution;

/// Counts, and what a mean needs.
#[derive(Debug, Clone, Default)]
pub(crate) struct Measure {
    pub(crate) events: u64,
    pub(crate) numbers: u64,
    sum: f64,
    /// What the sum lost by rounding (Neumaier).
    lost: f64,
    pub(crate) min: Option<f64>,
    pub(crate) max: Option<f64>,
    /// The times of the first and the last.
    pub(crate) times: Option<(u64, u64)>,
    pub(crate) distribution: Option<Box<Distribution>>,
}

impl Measure {
    pub(crate) fn event(&mut self, nanos: u64) {
        self.events += 1;
        self.times = Some(match self.times {
            None => (nanos, nanos),
            Some((first, last)) => (first.min(nanos), last.max(nanos)),
        });
    }

    pub(crate) fn number(&mut self, number: f64) {
        self.numbers += 1;
        self.min = Some(self.min.map_or(number, |least| least.min(number)));
        self.max = Some(self.max.map_or(number, |most| most.max(number)));
        let sum = self.sum + number;
        self.lost += if self.sum.abs() >= number.abs() {
            (self.sum - sum) + number
        } else {
            (number - sum) + self.sum
        };
        self.sum = sum;
    }

    pub(crate) fn sum(&self) -> f64 {
        // Of infinite sums what was lost is no number.
        if self.lost.is_finite() { self.sum + self.lost } else { self.sum }
    }

    #[expect(clippy::cast_precision_loss, reason = "nobody counts to 2^53 events")]
    pub(crate) fn mean(&self) -> Option<f64> {
        (self.numbers > 0).then(|| self.sum() / self.numbers as f64)
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "sums that are exact, which is what is tested")]
mod tests {
    use super::*;

    #[test]
    fn a_sum_does_not_drift() {
        let mut measure = Measure::default();
        for number in [1e100, 1.0, -1e100, 1.0] {
            measure.number(number);
        }
        assert_eq!(measure.sum(), 2.0);
        let mut measure = Measure::default();
        (0..1_000_000).for_each(|_| measure.number(0.1));
        assert_eq!(measure.sum(), 100_000.0);
        assert_eq!((measure.min, measure.max), (Some(0.1), Some(0.1)));
        let mut measure = Measure::default();
        (0..2).for_each(|_| measure.number(f64::MAX));
        assert_eq!(measure.sum(), f64::INFINITY);
    }
}

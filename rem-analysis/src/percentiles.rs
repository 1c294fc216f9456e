//! [`Distribution`]: numbers as a histogram of high dynamic range, and which percentiles are asked of it.

use hdrhistogram::Histogram;

use crate::error::{AnalysisError, AnalysisErrorKind as Kind};

/// What is asked of the numbers of a row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Percentiles {
    /// From 0 to 100, in the order in which they were asked for.
    pub(crate) wanted: Vec<f64>,
    /// What numbers are multiples of; `None` if nothing was said, and then they are whole.
    step: Option<f64>,
    digits: u8,
}

/// Numbers, in buckets that are as wide as `digits` allow. Those below zero are kept by their size, in a histogram of their own.
#[derive(Debug, Clone)]
pub(crate) struct Distribution {
    positive: Histogram<u64>,
    negative: Option<Histogram<u64>>,
}

impl Percentiles {
    pub(crate) fn new(
        wanted: Vec<f64>,
        step: Option<f64>,
        digits: u8,
    ) -> Result<Self, AnalysisError> {
        let refused = |said: String| Err(AnalysisError::new(Kind::Percentile, said));
        if let Some(wrong) = wanted.iter().find(|wanted| !(0.0..=100.0).contains(*wanted)) {
            return refused(format!("there is no percentile {wrong}: they go from 0 to 100"));
        }
        if let Some(step) = step.filter(|step| !step.is_finite() || *step <= 0.0) {
            return refused(format!(
                "numbers are no multiples of {step}: say a resolution above 0"
            ));
        }
        if !(1..=5).contains(&digits) {
            return refused(format!("{digits} significant digits: from 1 to 5 can be kept"));
        }
        Ok(Self { wanted, step, digits })
    }

    pub(crate) fn distribution(&self) -> Distribution {
        Distribution { positive: self.histogram(), negative: None }
    }

    fn histogram(&self) -> Histogram<u64> {
        match Histogram::new(self.digits) {
            Ok(histogram) => histogram,
            Err(_) => unreachable!("the digits were looked at"),
        }
    }

    /// Keeps a finite number.
    ///
    /// # Errors
    /// What it is, if it cannot be kept.
    pub(crate) fn record(&self, to: &mut Distribution, number: f64) -> Result<(), String> {
        let step = self.step.unwrap_or(1.0);
        let size = (number.abs() / step).round();
        if self.step.is_none() && number.fract().abs() > 0.0 {
            return Err(format!(
                "{number} is not whole: say what resolution percentiles are to have, `resolution(0.001)`"
            ));
        }
        // The greatest that a histogram holds is 2^63 and somewhat more.
        if size >= 9_223_372_036_854_775_808.0 {
            return Err(format!(
                "{number} is more than 2^63 times the resolution {step}: say a coarser one by `resolution`"
            ));
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it is whole, above zero and below 2^63"
        )]
        let size = size as u64;
        let histogram = if number < 0.0 && size > 0 {
            to.negative.get_or_insert_with(|| self.histogram())
        } else {
            &mut to.positive
        };
        // It grows by itself.
        histogram.record(size).map_err(|error| format!("{number} cannot be kept: {error}"))
    }

    /// The number that so many of a hundred are not above, as far as the digits tell.
    pub(crate) fn of(&self, from: &Distribution, percentile: f64) -> Option<f64> {
        let below = from.negative.as_ref().map_or(0, Histogram::len);
        let all = below + from.positive.len();
        if all == 0 {
            return None;
        }
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a rank of at most the count"
        )]
        let rank = ((percentile / 100.0 * all as f64).ceil() as u64).clamp(1, all);
        let size = |value: u64| {
            #[expect(clippy::cast_precision_loss, reason = "the digits are less than 53 bits")]
            let value = value as f64;
            // Division keeps what is short in decimals: 15 / 1000 and not 15 × 0.001.
            let per = 1.0 / self.step.unwrap_or(1.0);
            if per.fract() == 0.0 { value / per } else { value * self.step.unwrap_or(1.0) }
        };
        match &from.negative {
            // The least is the greatest in size.
            Some(negative) if rank <= below => Some(-size(at(negative, below - rank + 1))),
            _ => Some(size(at(&from.positive, rank - below))),
        }
    }
}

/// The value at that rank, from 1, not above the greatest that was kept.
fn at(histogram: &Histogram<u64>, rank: u64) -> u64 {
    let mut seen = 0;
    for step in histogram.iter_recorded() {
        seen += step.count_at_value();
        if seen >= rank {
            return step.value_iterated_to().min(histogram.max());
        }
    }
    histogram.max()
}

#[cfg(test)]
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "ranks of at most 200"
)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn percentiles(numbers: &[f64], step: Option<f64>, wanted: &[f64]) -> Vec<f64> {
        let asked = Percentiles::new(wanted.to_vec(), step, 3).unwrap();
        let mut distribution = asked.distribution();
        for number in numbers {
            asked.record(&mut distribution, *number).unwrap();
        }
        wanted.iter().map(|wanted| asked.of(&distribution, *wanted).unwrap()).collect()
    }

    #[test]
    fn the_least_the_middle_and_the_greatest() {
        let numbers: Vec<f64> = (1..=100).map(f64::from).collect();
        assert_eq!(
            percentiles(&numbers, None, &[0.0, 50.0, 99.0, 100.0]),
            [1.0, 50.0, 99.0, 100.0]
        );
        let numbers = [-30.0, -2.0, 0.0, 5.0];
        assert_eq!(
            percentiles(&numbers, None, &[0.0, 25.0, 50.0, 75.0, 100.0]),
            [-30.0, -30.0, -2.0, 0.0, 5.0]
        );
        assert_eq!(percentiles(&[0.015, 0.25], Some(0.001), &[50.0, 100.0]), [0.015, 0.25]);
    }

    #[test]
    fn what_cannot_be_held_is_told() {
        let asked = Percentiles::new(vec![50.0], None, 3).unwrap();
        let mut distribution = asked.distribution();
        let error = asked.record(&mut distribution, 12.5).unwrap_err();
        assert!(
            error.contains("12.5 is not whole") && error.contains("resolution(0.001)"),
            "{error}"
        );
        let error = asked.record(&mut distribution, 1e19).unwrap_err();
        assert!(error.contains("2^63 times the resolution 1"), "{error}");
        assert_eq!(asked.of(&distribution, 50.0), None);
        for (wanted, step, digits, said) in [
            (101.0, None, 3, "no percentile 101"),
            (f64::NAN, None, 3, "no percentile NaN"),
            (50.0, Some(0.0), 3, "resolution above 0"),
            (50.0, Some(f64::INFINITY), 3, "resolution above 0"),
            (50.0, None, 9, "9 significant digits"),
        ] {
            let error = Percentiles::new(vec![wanted], step, digits).unwrap_err();
            assert!(error.to_string().contains(said), "{error}");
        }
    }

    proptest! {
        /// Against the numbers themselves, sorted.
        #[test]
        fn a_percentile_is_within_its_digits(
            numbers in proptest::collection::vec(-1_000_000_i32..1_000_000, 1..200),
            wanted in 0.0..=100.0_f64,
        ) {
            let mut numbers: Vec<f64> = numbers.into_iter().map(f64::from).collect();
            let found = percentiles(&numbers, None, &[wanted])[0];
            numbers.sort_by(f64::total_cmp);
            let rank = ((wanted / 100.0 * numbers.len() as f64).ceil() as usize).max(1);
            let exact = numbers[rank - 1];
            prop_assert!((found - exact).abs() <= exact.abs() * 0.001, "{found} for {exact}");
        }
    }
}

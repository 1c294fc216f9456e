//! [`Gone`]: the numbers that a history let go of out of turn, and by what.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

/// What let an event go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    /// The quota with that place.
    Quota(usize),
    /// What bounds all, or its publisher came too late.
    Bounds,
}

/// Numbers that were let go, as ranges of one cause each: so many ranges at most, of which the newest are known.
#[derive(Debug)]
pub(super) struct Gone {
    /// By the first number: the last one, and the cause.
    ranges: BTreeMap<u64, (u64, Cause)>,
    most: usize,
    /// What was let go below this is not known by number any more.
    known_from: u64,
}

impl Gone {
    pub(super) fn new(most: usize) -> Self {
        Self { ranges: BTreeMap::new(), most, known_from: 1 }
    }

    /// From which number on it is known what was let go.
    pub(super) fn known_from(&self) -> u64 {
        self.known_from
    }

    /// Adds numbers of which none is here yet.
    pub(super) fn add(&mut self, numbers: RangeInclusive<u64>, cause: Cause) {
        let (mut from, mut to) = numbers.into_inner();
        if let Some((before, (last, by))) = self.ranges.range(..from).next_back()
            && last + 1 == from
            && *by == cause
        {
            from = *before;
        }
        if let Some((last, by)) = self.ranges.get(&(to + 1)).copied()
            && by == cause
        {
            self.ranges.remove(&(to + 1));
            to = last;
        }
        self.ranges.insert(from, (to, cause));
        if self.ranges.len() > self.most
            && let Some((_, (last, _))) = self.ranges.pop_first()
        {
            self.known_from = last + 1;
        }
    }

    /// The first part of a gap that was let go by something that counts.
    pub(super) fn first(
        &self,
        gap: RangeInclusive<u64>,
        counts: impl Fn(Cause) -> bool,
    ) -> Option<RangeInclusive<u64>> {
        let (from, to) = gap.into_inner();
        let before = self.ranges.range(..from).next_back().filter(|(_, (last, _))| *last >= from);
        let mut lost: Option<RangeInclusive<u64>> = None;
        for (&first, &(last, cause)) in before.into_iter().chain(self.ranges.range(from..)) {
            let goes_on = lost.as_ref().is_none_or(|lost| lost.end() + 1 == first);
            if first > to || !goes_on {
                break;
            }
            if counts(cause) {
                let start = lost.map_or(first.max(from), |lost| *lost.start());
                lost = Some(start..=last.min(to));
            } else if lost.is_some() {
                break;
            }
        }
        lost
    }
}

#[cfg(test)]
mod tests {
    use super::Cause::{Bounds, Quota};
    use super::*;

    #[test]
    fn what_was_let_go_is_found_by_its_cause() {
        let mut gone = Gone::new(16);
        for (numbers, cause) in [
            (3..=3, Quota(0)),
            (5..=5, Quota(0)),
            (4..=4, Quota(0)),
            (6..=8, Bounds),
            (9..=9, Quota(1)),
        ] {
            gone.add(numbers, cause);
        }
        assert_eq!(gone.ranges.len(), 3, "{gone:?}");
        let first = |gap, counts: &dyn Fn(Cause) -> bool| gone.first(gap, counts);
        assert_eq!(first(1..=20, &|_| true), Some(3..=9));
        assert_eq!(first(4..=7, &|_| true), Some(4..=7));
        assert_eq!(first(1..=20, &|cause| cause == Bounds), Some(6..=8));
        assert_eq!(first(7..=20, &|cause| cause == Bounds), Some(7..=8));
        assert_eq!(first(1..=20, &|cause| cause == Quota(1)), Some(9..=9));
        assert_eq!(first(1..=20, &|cause| cause != Bounds), Some(3..=5));
        assert_eq!(first(6..=20, &|cause| cause == Quota(0)), None);
        assert_eq!(first(10..=20, &|_| true), None);
    }

    #[test]
    fn the_oldest_are_forgotten() {
        let mut gone = Gone::new(2);
        for number in [1, 3, 5] {
            gone.add(number..=number, Bounds);
        }
        assert_eq!((gone.known_from(), gone.first(1..=9, |_| true)), (2, Some(3..=3)));
    }
}

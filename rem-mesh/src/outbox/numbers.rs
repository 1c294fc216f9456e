//! [`Numbers`]: which numbers wait, as few ranges as can be.

use std::collections::VecDeque;
use std::ops::RangeInclusive;

/// Of the journal, those that are to be sent and are not settled: 16 bytes at most for each, and none for those in a row.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    /// In their order; between two there is a number that does not wait.
    ranges: VecDeque<(u64, u64)>,
    count: u64,
}

impl Numbers {
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// Nearly always behind the last, or shortly before: where several publish, one is slow to say his number.
    pub(super) fn insert(&mut self, number: u64) {
        let ranges = &mut self.ranges;
        let at = ranges.partition_point(|(_, end)| *end < number);
        if ranges.get(at).is_some_and(|(start, _)| *start <= number) {
            return;
        }
        self.count += 1;
        let follows = at > 0 && ranges[at - 1].1 + 1 == number;
        let precedes = ranges.get(at).is_some_and(|(start, _)| *start == number + 1);
        match (follows, precedes) {
            (false, false) => ranges.insert(at, (number, number)),
            (true, false) => ranges[at - 1].1 = number,
            (false, true) => ranges[at].0 = number,
            (true, true) => {
                ranges[at - 1].1 = ranges[at].1;
                ranges.remove(at);
            }
        }
    }

    /// These wait no more.
    pub(super) fn remove(&mut self, numbers: RangeInclusive<u64>) {
        let (from, to) = numbers.into_inner();
        let first = self.ranges.partition_point(|(_, end)| *end < from);
        let behind = self.ranges.partition_point(|(start, _)| *start <= to);
        if first >= behind {
            return;
        }
        let (start, end) = (self.ranges[first].0, self.ranges[behind - 1].1);
        let gone = self.ranges.drain(first..behind);
        self.count -= gone.map(|(start, end)| end.min(to) - start.max(from) + 1).sum::<u64>();
        if end > to {
            self.ranges.insert(first, (to + 1, end));
        }
        if start < from {
            self.ranges.insert(first, (start, from - 1));
        }
    }
}

#[cfg(all(test, not(rem_loom)))]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn they_are_what_a_set_of_them_is(
            steps in proptest::collection::vec((any::<bool>(), 1..60_u64, 0..20_u64), 0..200)
        ) {
            let (mut numbers, mut set) = (Numbers::default(), BTreeSet::new());
            for (comes, number, more) in steps {
                if comes {
                    numbers.insert(number);
                    set.insert(number);
                } else {
                    numbers.remove(number..=number + more);
                    set.retain(|one| !(number..=number + more).contains(one));
                }
                let all = numbers.ranges.iter().flat_map(|(start, end)| *start..=*end);
                prop_assert!(all.eq(set.iter().copied()));
                prop_assert_eq!(numbers.count(), set.len() as u64);
                let (first, second) = (numbers.ranges.iter(), numbers.ranges.iter().skip(1));
                prop_assert!(first.zip(second).all(|((_, end), (start, _))| end + 1 < *start));
            }
        }
    }

    #[test]
    fn those_in_a_row_are_one_range_whoever_is_late() {
        let mut numbers = Numbers::default();
        for number in [1, 2, 4, 3, 7, 6, 5] {
            numbers.insert(number);
        }
        assert_eq!((numbers.ranges.len(), numbers.count()), (1, 7));
    }
}

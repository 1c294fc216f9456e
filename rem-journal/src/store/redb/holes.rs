//! Numbers that no event has, as ranges that ascend and do not touch: there are as many as there are runs.

use std::ops::RangeInclusive;

/// The parts of `range` that none of these has. They ascend and do not overlap.
pub(super) fn outside(
    holes: &[RangeInclusive<u64>],
    range: &RangeInclusive<u64>,
) -> Vec<RangeInclusive<u64>> {
    let (mut next, end) = range.clone().into_inner();
    let mut outside = Vec::new();
    for hole in holes {
        if next > end || *hole.start() > end {
            break;
        }
        if *hole.end() < next {
            continue;
        }
        if *hole.start() > next {
            outside.push(next..=hole.start() - 1);
        }
        match hole.end().checked_add(1) {
            Some(behind) => next = behind,
            None => return outside,
        }
    }
    if next <= end {
        outside.push(next..=end);
    }
    outside
}

/// Adds a range to holes, as one with those that it overlaps or touches. Costs little where it comes behind all of them.
pub(super) fn add(holes: &mut Vec<RangeInclusive<u64>>, range: &RangeInclusive<u64>) {
    let touched = touched(holes, range);
    let known = &holes[touched.clone()];
    let start = known.first().map_or(*range.start(), |hole| *hole.start().min(range.start()));
    let end = known.last().map_or(*range.end(), |hole| *hole.end().max(range.end()));
    holes.splice(touched, [start..=end]);
}

/// Which of the holes overlap or touch the range.
fn touched(holes: &[RangeInclusive<u64>], range: &RangeInclusive<u64>) -> std::ops::Range<usize> {
    let first = holes.partition_point(|hole| hole.end().saturating_add(1) < *range.start());
    let behind = holes.partition_point(|hole| *hole.start() <= range.end().saturating_add(1));
    first..behind
}

/// What ranges that are added change in the table of holes.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Change {
    /// Where those begin that are none any more, for they are part of another.
    pub(super) gone: Vec<u64>,
    /// Those that are new, or end elsewhere than before.
    pub(super) put: Vec<RangeInclusive<u64>>,
}

impl Change {
    /// Looks at those holes alone that the ranges have to do with.
    pub(super) fn of(holes: &[RangeInclusive<u64>], ranges: &[RangeInclusive<u64>]) -> Self {
        let mut before = Vec::new();
        for range in ranges {
            before.extend_from_slice(&holes[touched(holes, range)]);
        }
        before.sort_unstable_by_key(|hole| *hole.start());
        before.dedup();
        let mut after = before.clone();
        for range in ranges {
            add(&mut after, range);
        }
        let begins = |hole: &RangeInclusive<u64>| *hole.start();
        let is_gone = |start: &u64| after.binary_search_by_key(start, begins).is_err();
        let gone = before.iter().map(begins).filter(is_gone).collect();
        let is_new = |hole: &RangeInclusive<u64>| {
            before.binary_search_by_key(hole.start(), begins).ok().map(|at| &before[at])
                != Some(hole)
        };
        let put = after.iter().filter(|hole| is_new(hole)).cloned().collect();
        Self { gone, put }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    #[test]
    fn neighbours_are_one_hole_whatever_is_added() {
        let mut holes = Vec::new();
        for (range, all) in [
            (5..=7, vec![5..=7]),
            (6..=6, vec![5..=7]),
            (10..=12, vec![5..=7, 10..=12]),
            (8..=8, vec![5..=8, 10..=12]),
            (1..=2, vec![1..=2, 5..=8, 10..=12]),
            (9..=9, vec![1..=2, 5..=12]),
            (2..=15, vec![1..=15]),
            (u64::MAX..=u64::MAX, vec![1..=15, u64::MAX..=u64::MAX]),
            (17..=u64::MAX, vec![1..=15, 17..=u64::MAX]),
        ] {
            add(&mut holes, &range);
            assert_eq!(holes, all, "{range:?}");
        }
        assert_eq!(outside(&holes, &(0..=16)), [0..=0, 16..=16]);
    }

    /// A table that is changed has the same holes as a list that is added to, and those of a set of numbers.
    #[test]
    fn a_table_that_is_changed_has_the_runs_of_all_that_was_added() {
        let mut drawn = 7_u64;
        let mut draw = |most: u64| {
            drawn = drawn
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (drawn >> 33) % most
        };
        let (mut holes, mut table, mut numbers) = (Vec::new(), BTreeMap::new(), BTreeSet::new());
        for round in 0..2_000 {
            if round % 200 == 0 {
                (holes, table, numbers) = (Vec::new(), BTreeMap::new(), BTreeSet::new());
            }
            let ranges: Vec<_> = (0..draw(4))
                .map(|_| {
                    let start = draw(500);
                    start..=start + draw(6)
                })
                .collect();
            let change = Change::of(&holes, &ranges);
            change.gone.iter().for_each(|start| assert!(table.remove(start).is_some()));
            for hole in &change.put {
                assert_ne!(table.insert(*hole.start(), hole.clone()), Some(hole.clone()));
            }
            for range in &ranges {
                add(&mut holes, range);
                numbers.extend(range.clone());
            }
            assert_eq!(table.values().cloned().collect::<Vec<_>>(), holes, "{ranges:?}");
            assert_eq!(holes.iter().cloned().flatten().collect::<BTreeSet<_>>(), numbers);
            let apart = holes.windows(2).all(|pair| pair[0].end() + 1 < *pair[1].start());
            assert!(apart, "{holes:?}");
        }
    }
}

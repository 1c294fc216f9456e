//! Numbers that no event has.

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

/// Adds a range to holes, those parts of it that are new, and returns them.
pub(super) fn add(
    holes: &mut Vec<RangeInclusive<u64>>,
    range: &RangeInclusive<u64>,
) -> Vec<RangeInclusive<u64>> {
    let new = outside(holes, range);
    for hole in &new {
        let at = holes.partition_point(|known| known.start() < hole.start());
        holes.insert(at, hole.clone());
    }
    new
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holes_stay_apart_whatever_is_added() {
        let mut holes = Vec::new();
        for (range, new) in [
            (5..=7, vec![5..=7]),
            (6..=6, vec![]),
            (10..=12, vec![10..=12]),
            (3..=15, vec![3..=4, 8..=9, 13..=15]),
            (1..=15, vec![1..=2]),
            (u64::MAX..=u64::MAX, vec![u64::MAX..=u64::MAX]),
            (16..=u64::MAX, vec![16..=u64::MAX - 1]),
        ] {
            assert_eq!(add(&mut holes, &range), new, "{range:?}");
            assert!(holes.is_sorted_by(|a, b| a.end() < b.start()));
        }
        assert_eq!(outside(&holes, &(0..=9)), [0..=0]);
    }
}

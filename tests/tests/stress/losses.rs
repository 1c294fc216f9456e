//! Losses: what was not delivered is told, and counted right.

use std::collections::HashSet;

use rem::Lagged;

use crate::Tick;

/// The numbers of what was delivered.
pub(crate) fn numbers(delivered: &[(u64, Tick)]) -> Vec<u64> {
    delivered.iter().map(|(number, _)| *number).collect()
}

/// Of events with these numbers, each published once, nobody gets one twice. Each loss names, as its first and its last,
/// events that were published and not delivered, and encloses none that was; together they name each, and count as many,
/// but for those that a newer one of their key has replaced. One that a publisher numbered and was slow to queue may be
/// told later, by itself.
pub(crate) fn check(
    published: impl IntoIterator<Item = u64>,
    delivered: &[u64],
    lost: &[Lagged],
    replaced: u64,
) {
    let mut total = 0;
    let published: HashSet<_> = published.into_iter().inspect(|_| total += 1).collect();
    assert_eq!(published.len(), total, "each has a number of its own");
    let count = delivered.len();
    let delivered: HashSet<_> = delivered.iter().copied().collect();
    assert_eq!(delivered.len(), count, "none came twice");
    assert!(delivered.is_subset(&published));
    let mut told = HashSet::new();
    for lagged in lost {
        let range = lagged.from()..=lagged.to();
        let within: Vec<_> = range.clone().filter(|number| published.contains(number)).collect();
        assert!(within.contains(range.start()) && within.contains(range.end()), "{lagged}");
        assert!(within.iter().all(|number| !delivered.contains(number)), "{lagged}");
        let most = within.len() as u64;
        assert!((1..=most).contains(&lagged.missed()), "{lagged}: there are {most} there");
        told.extend(within);
    }
    let missed: u64 = lost.iter().map(Lagged::missed).sum();
    assert_eq!(delivered.len() as u64 + missed + replaced, total as u64, "{lost:?}");
    let untold = published.difference(&delivered).filter(|number| !told.contains(number));
    assert!(untold.count() as u64 <= replaced, "{lost:?}");
}

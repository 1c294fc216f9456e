//! What each subscriber had, held against what was published.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use crate::{PUBLISHERS, Tick};

/// What handlers found wrong, where a panic would be caught.
#[derive(Clone, Default)]
pub(crate) struct Faults(Arc<Mutex<Vec<String>>>);

impl Faults {
    pub(crate) fn unless(&self, holds: bool, fault: impl FnOnce() -> String) {
        if !holds {
            let mut faults = self.0.lock().unwrap();
            // A fault that comes again and again says no more.
            if faults.len() < 20 {
                faults.push(fault());
            }
        }
    }

    pub(crate) fn check(&self) {
        let faults = self.0.lock().unwrap();
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }
}

/// The numbers that one subscriber had of each publisher: in their order, and each so much above the one before.
///
/// One lock a publisher: an inline handler is called by all of them at once.
pub(crate) struct Rows {
    /// Of each publisher.
    last: [Mutex<Option<u64>>; PUBLISHERS],
    count: AtomicU64,
    step: u64,
    faults: Faults,
}

impl Rows {
    /// Of one that wants every number, or those of one name.
    pub(crate) fn new(step: u64, faults: &Faults) -> Self {
        let last = std::array::from_fn(|_| Mutex::default());
        Self { last, count: AtomicU64::new(0), step, faults: faults.clone() }
    }

    /// It has this one: there is no gap before it.
    pub(crate) fn has(&self, tick: &Tick) {
        self.see(tick, |last, number| number == last + self.step, "next");
    }

    /// It has this one, and what is between may be lost.
    pub(crate) fn has_later(&self, tick: &Tick) {
        self.see(tick, |last, number| number > last, "later");
    }

    fn see(&self, tick: &Tick, follows: impl FnOnce(u64, u64) -> bool, how: &str) {
        let Tick::By { publisher, number, .. } = *tick else { return };
        let mut last = self.last[usize::try_from(publisher).unwrap()].lock().unwrap();
        let holds = last.is_none_or(|last| follows(last, number));
        self.faults.unless(holds, || format!("{tick:?} is not {how} after {last:?}"));
        *last = Some(number);
        drop(last);
        self.count.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    /// That it had all so many of each publisher.
    pub(crate) fn check(&self, published: &[u64], who: &str) {
        for (row, published) in self.last.iter().zip(published) {
            let last = *row.lock().unwrap();
            assert_eq!(last, published.checked_sub(1), "{who}");
        }
        assert_eq!(self.count(), published.iter().sum::<u64>(), "{who}");
    }
}

#[test]
fn a_gap_a_repeat_and_a_wrong_turn_are_found() {
    let tick = |number| Tick::By { name: 0, publisher: 1, number };
    let finds = |step, numbers: &[u64]| {
        let faults = Faults::default();
        let rows = Rows::new(step, &faults);
        for number in numbers {
            rows.has(&tick(*number));
        }
        std::panic::catch_unwind(|| faults.check()).is_err()
    };
    assert!(!finds(1, &[3, 4, 5]) && !finds(10, &[7, 17]));
    for numbers in [[3, 5], [3, 3], [3, 2]] {
        assert!(finds(1, &numbers), "{numbers:?}");
    }
    let faults = Faults::default();
    let rows = Rows::new(1, &faults);
    for number in [0, 2] {
        rows.has_later(&tick(number));
    }
    faults.check();
    assert!(std::panic::catch_unwind(|| rows.check(&[0, 3, 0, 0], "one lost")).is_err());
}

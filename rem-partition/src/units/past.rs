//! [`Past`]: which units have ended, and in which order they are let go.

use std::collections::{HashMap, VecDeque};
use std::hash::BuildHasher;

use foldhash::fast::RandomState;

/// How many names are known of units that were let go, for each that is remembered; and so many in any case.
const NAMES: usize = 8;
const LEAST_NAMES: usize = 1_024;

/// Units that have ended.
pub(super) struct Past {
    /// Those that are remembered, in the order in which they ended.
    ended: VecDeque<u64>,
    remembered: usize,
    /// The names of those that were let go last, as hashes of 64 bits: that two are the same need not be feared.
    gone: VecDeque<u64>,
    counts: HashMap<u64, u32, RandomState>,
    hasher: RandomState,
}

impl Past {
    pub(super) fn new(remembered: usize) -> Self {
        let (ended, gone) = (VecDeque::new(), VecDeque::new());
        let counts = HashMap::default();
        Self { ended, remembered, gone, counts, hasher: RandomState::default() }
    }

    pub(super) fn len(&self) -> usize {
        self.ended.len()
    }

    /// One has ended; gives another that is to be let go.
    pub(super) fn push(&mut self, number: u64) -> Option<u64> {
        self.ended.push_back(number);
        if self.ended.len() > self.remembered { self.ended.pop_front() } else { None }
    }

    /// The one of that name was let go.
    pub(super) fn let_go(&mut self, name: &str) {
        let hash = self.hasher.hash_one(name);
        self.gone.push_back(hash);
        *self.counts.entry(hash).or_default() += 1;
        let most = self.remembered.saturating_mul(NAMES).saturating_add(LEAST_NAMES);
        if self.gone.len() > most
            && let Some(oldest) = self.gone.pop_front()
            && let Some(count) = self.counts.get_mut(&oldest)
        {
            *count -= 1;
            if *count == 0 {
                self.counts.remove(&oldest);
            }
        }
    }

    pub(super) fn is_gone(&self, name: &str) -> bool {
        self.counts.contains_key(&self.hasher.hash_one(name))
    }
}

#[cfg(all(test, not(rem_loom)))]
mod tests {
    use super::*;

    #[test]
    fn the_first_to_end_is_let_go_first_and_names_are_forgotten_in_time() {
        let mut past = Past::new(2);
        assert_eq!([7, 3, 5].map(|number| past.push(number)), [None, None, Some(7)]);
        assert_eq!(past.len(), 2);
        let most = 2 * NAMES + LEAST_NAMES;
        past.let_go("first");
        past.let_go("again");
        for name in 0..most - 2 {
            past.let_go(&name.to_string());
        }
        assert!(past.is_gone("first") && past.is_gone("again") && !past.is_gone("other"));
        past.let_go("again");
        assert!(!past.is_gone("first") && past.is_gone("again"));
        past.let_go("last");
        assert!(past.is_gone("again"), "it was let go once more");
        assert_eq!((past.gone.len(), past.counts.len()), (most, most));
    }
}

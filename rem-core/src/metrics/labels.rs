//! [`Bounded`]: the first so many have a label of their own.

use std::collections::HashSet;
use std::hash::Hash;

/// What all others are called. No topic of a user's begins so.
pub(super) const OTHER: &str = "$other";

/// Which of the things that are seen have a label of their own.
#[derive(Debug)]
pub(super) struct Bounded<K> {
    own: HashSet<K>,
    at_most: usize,
}

impl<K: Hash + Eq + Clone> Bounded<K> {
    pub(super) fn new(at_most: usize) -> Self {
        Self { own: HashSet::new(), at_most }
    }

    /// No more than so many have one; who has one keeps it.
    pub(super) fn limit(&mut self, at_most: usize) {
        self.at_most = at_most;
    }

    /// Whether it has one: it is given one if there is one left.
    pub(super) fn has_own(&mut self, key: &K) -> bool {
        self.own.contains(key) || (self.own.len() < self.at_most && self.own.insert(key.clone()))
    }
}

#[cfg(all(test, not(rem_loom)))]
mod tests {
    use super::*;

    #[test]
    fn the_first_have_their_own_and_keep_it() {
        let mut bounded = Bounded::new(2);
        let has = ["a", "b", "c", "a", "d", "b"].map(|key| bounded.has_own(&key));
        assert_eq!(has, [true, true, false, true, false, true]);
        bounded.limit(0);
        assert_eq!(["a", "e"].map(|key| bounded.has_own(&key)), [true, false]);
        assert!(!Bounded::new(0).has_own(&"a"));
    }
}

//! [`Ready`]: the units that are ready, by their rank: a tree of words, of which the lowest bit that is set is the next.
//!
//! A bit of a leaf is a rank; a bit of a word above says that the word below it has one. Who sets the first bit of a word sets
//! that above; who takes the last one clears that above and looks again, for another may have come between. So every rank
//! that is in can be found from the root, but for moments in which somebody is about to mend that, who says so: see
//! [`Ready::take`]. Nothing locks, and a rank costs two bits.

use crate::sync::atomic::{AtomicU64, Ordering};

/// Bits of a word: few under loom, so that a small tree has several levels.
const FAN: u32 = if cfg!(rem_loom) { 2 } else { 64 };

/// A set of ranks, shared by threads.
#[derive(Debug)]
pub(crate) struct Ready {
    /// Of the leaves first; the last has one word.
    levels: Box<[Box<[AtomicU64]>]>,
}

/// What was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Taken {
    pub(crate) rank: u32,
    /// For a moment others did not find what was there: whoever went to rest meanwhile is to be called.
    pub(crate) ring: bool,
}

impl Ready {
    /// An empty one for ranks below `ranks`.
    pub(crate) fn new(ranks: u32) -> Self {
        let mut levels = Vec::new();
        let mut words = ranks.div_ceil(FAN).max(1);
        loop {
            levels.push((0..words).map(|_| AtomicU64::new(0)).collect());
            if words == 1 {
                return Self { levels: levels.into() };
            }
            words = words.div_ceil(FAN);
        }
    }

    /// Puts one in. Whoever takes it sees what was done before.
    pub(crate) fn put(&self, rank: u32) {
        self.raise(0, rank);
    }

    /// Takes the lowest; `None` if none is found.
    pub(crate) fn take(&self) -> Option<Taken> {
        let mut ring = false;
        'again: loop {
            let (mut level, mut index) = (self.levels.len() - 1, 0);
            loop {
                let word = self.word(level, index).load(Ordering::Acquire);
                if word == 0 {
                    if level == self.levels.len() - 1 {
                        return None;
                    }
                    // It has just been emptied, or its bit above was set late: above is to be as it is here.
                    ring |= self.clear_above(level, index);
                    continue 'again;
                }
                let bit = word.trailing_zeros();
                let below = index * FAN + bit;
                if level > 0 {
                    (level, index) = (level - 1, below);
                    continue;
                }
                let before = self.word(0, index).fetch_and(!(1 << bit), Ordering::AcqRel);
                if before & (1 << bit) == 0 {
                    continue; // another was quicker
                }
                if before == 1 << bit {
                    ring |= self.clear_above(0, index);
                }
                return Some(Taken { rank: below, ring });
            }
        }
    }

    /// Whether none is found, by who has told all others that it goes to rest.
    pub(crate) fn is_empty(&self) -> bool {
        // As a change, it sees the newest there is.
        self.word(self.levels.len() - 1, 0).fetch_or(0, Ordering::AcqRel) == 0
    }

    /// Sets the bit of `below` at a level and, if it is its word's first, those above.
    fn raise(&self, mut level: usize, mut below: u32) {
        loop {
            let (index, bit) = (below / FAN, below % FAN);
            let before = self.word(level, index).fetch_or(1 << bit, Ordering::AcqRel);
            if before != 0 || level + 1 == self.levels.len() {
                return;
            }
            (level, below) = (level + 1, index);
        }
    }

    /// A word is empty: clears its bit above, and so on. Whether others may have missed one meanwhile.
    fn clear_above(&self, mut level: usize, mut index: u32) -> bool {
        while level + 1 < self.levels.len() {
            let bit = 1_u64 << (index % FAN);
            let above = self.word(level + 1, index / FAN).fetch_and(!bit, Ordering::AcqRel);
            if self.word(level, index).load(Ordering::Acquire) != 0 {
                self.raise(level + 1, index);
                return true;
            }
            if above & !bit != 0 {
                return false;
            }
            (level, index) = (level + 1, index / FAN);
        }
        false
    }

    fn word(&self, level: usize, index: u32) -> &AtomicU64 {
        &self.levels[level][index as usize]
    }
}

#[cfg(all(test, not(rem_loom)))]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[test]
    fn the_lowest_comes_first() {
        for ranks in [1, 2, 63, 64, 65, 4_096, 4_097, 300_000] {
            let ready = Ready::new(ranks);
            assert!(ready.is_empty() && ready.take().is_none());
            let mut wanted: Vec<_> = [0, ranks / 3, ranks / 2, ranks - 1].into();
            wanted.iter().rev().for_each(|rank| ready.put(*rank));
            wanted.dedup();
            let taken: Vec<_> =
                std::iter::from_fn(|| ready.take()).map(|taken| taken.rank).collect();
            assert_eq!(taken, wanted, "{ranks}");
            assert!(ready.is_empty());
        }
    }

    #[test]
    fn threads_take_each_once() {
        let (ranks, taken) = (20_000, AtomicU32::new(0));
        let ready = Ready::new(ranks);
        let seen: Vec<_> = (0..ranks).map(|_| AtomicU32::new(0)).collect();
        std::thread::scope(|scope| {
            for part in 0..2 {
                let ready = &ready;
                scope.spawn(move || {
                    (0..ranks).filter(|rank| rank % 2 == part).for_each(|rank| ready.put(rank));
                });
            }
            for _ in 0..2 {
                scope.spawn(|| {
                    while taken.load(Ordering::Relaxed) < ranks {
                        let Some(Taken { rank, .. }) = ready.take() else { continue };
                        seen[rank as usize].fetch_add(1, Ordering::Relaxed);
                        taken.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
        });
        assert!(seen.iter().all(|count| count.load(Ordering::Relaxed) == 1));
        assert!(ready.is_empty());
    }
}

//! A flat hash table from one word to another: open addressing, linear probing, no tombstones.
//!
//! A `HashMap` of the standard library reads two cache lines a look-up (its control bytes, then the pair) and needs
//! `std`; here it is one, for a pair is 16 bytes and neighbours share a line.

use alloc::vec::Vec;
use core::mem::size_of;

/// Pairs of a key and a value that is never zero.
#[derive(Clone, Default)]
pub(super) struct Table {
    /// A power of two of them, or none. A zero value marks a free place.
    pairs: Vec<(u64, u64)>,
    len: usize,
    seed: u64,
}

/// The fewest places of a table that is not empty.
const LEAST: usize = 8;

impl Table {
    pub(super) fn new(seed: u64) -> Self {
        Self { pairs: Vec::new(), len: 0, seed }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn memory(&self) -> usize {
        self.pairs.capacity() * size_of::<(u64, u64)>()
    }

    #[inline]
    fn home(&self, key: u64) -> usize {
        #[expect(clippy::cast_possible_truncation, reason = "any bits of the hash will do")]
        let home = mix(key ^ self.seed, MULTIPLIER) as usize;
        home
    }

    /// The value of a key, or 0.
    #[inline]
    pub(super) fn get(&self, key: u64) -> u64 {
        let mask = self.pairs.len().wrapping_sub(1);
        let mut at = self.home(key);
        while let Some(&(there, value)) = self.pairs.get(at & mask) {
            if there == key || value == 0 {
                return value;
            }
            at = at.wrapping_add(1);
        }
        0
    }

    /// Sets the value of a key, which must not be 0.
    pub(super) fn set(&mut self, key: u64, value: u64) {
        debug_assert_ne!(value, 0, "zero marks a free place");
        if self.len * 5 >= self.pairs.len() * 4 {
            self.resize((self.pairs.len() * 2).max(LEAST));
        }
        let at = self.place(key);
        self.len += usize::from(self.pairs[at].1 == 0);
        self.pairs[at] = (key, value);
    }

    /// Removes a key; the pairs behind it that it kept from their places move up.
    pub(super) fn remove(&mut self, key: u64) {
        if self.pairs.is_empty() {
            return;
        }
        let mask = self.pairs.len() - 1;
        let mut hole = self.place(key);
        if self.pairs[hole].1 == 0 {
            return;
        }
        self.len -= 1;
        let mut at = hole;
        loop {
            at = (at + 1) & mask;
            let (there, value) = self.pairs[at];
            if value == 0 {
                break;
            }
            // It may move up if its home is not between the hole and where it stands.
            let displaced = at.wrapping_sub(self.home(there)) & mask;
            if displaced >= at.wrapping_sub(hole) & mask {
                self.pairs[hole] = self.pairs[at];
                hole = at;
            }
        }
        self.pairs[hole] = (0, 0);
        if self.len == 0 {
            self.pairs = Vec::new();
        } else if self.len * 8 < self.pairs.len() && self.pairs.len() > LEAST {
            self.resize(self.pairs.len() / 4);
        }
    }

    /// The size that as many pairs would have grown to.
    pub(super) fn shrink_to_fit(&mut self) {
        let mut places = LEAST;
        // It grows when one more is set, so it is the one before the last that must have found room.
        while self.len.saturating_sub(1) * 5 >= places * 4 {
            places *= 2;
        }
        if self.len > 0 && places < self.pairs.len() {
            self.resize(places);
        }
    }

    /// Where the key stands, or the free place where it would.
    fn place(&self, key: u64) -> usize {
        let mask = self.pairs.len() - 1;
        let mut at = self.home(key) & mask;
        while self.pairs[at].1 != 0 && self.pairs[at].0 != key {
            at = (at + 1) & mask;
        }
        at
    }

    fn resize(&mut self, places: usize) {
        let places = places.max(LEAST);
        let old = core::mem::replace(&mut self.pairs, alloc::vec![(0, 0); places]);
        for (key, value) in old {
            if value != 0 {
                let at = self.place(key);
                self.pairs[at] = (key, value);
            }
        }
    }
}

/// The fraction of the golden ratio, the usual odd multiplier without pattern.
pub(super) const MULTIPLIER: u64 = 0x9E37_79B9_7F4A_7C15;

/// Both halves of the product of two words, folded: every bit of one word moves every bit of the result.
#[inline]
pub(super) fn mix(one: u64, other: u64) -> u64 {
    let product = u128::from(one) * u128::from(other);
    #[expect(clippy::cast_possible_truncation, reason = "the two halves are what is wanted")]
    let (low, high) = (product as u64, (product >> 64) as u64);
    low ^ high
}

/// A number that nobody who chooses patterns can know, so that nobody can choose them to collide. Where instructions are counted,
/// under `cfg(rem_fixed_seeds)`, it is always the same.
pub(super) fn seed() -> u64 {
    #[cfg(all(feature = "std", not(rem_fixed_seeds)))]
    {
        use core::hash::BuildHasher;
        std::hash::RandomState::new().hash_one(0)
    }
    #[cfg(any(not(feature = "std"), rem_fixed_seeds))]
    {
        MULTIPLIER.rotate_left(17)
    }
}

#[cfg(test)]
mod tests {
    use super::{LEAST, Table};

    #[test]
    fn behaves_as_a_map_and_gives_its_memory_back() {
        let mut table = Table::new(7);
        let mut random = 1_u64;
        let mut model = std::collections::HashMap::new();
        for round in 0..40_000_u64 {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let key = (random >> 33) % 3_000;
            // First it grows, then it shrinks.
            if (random >> 20) % 10 < if round < 20_000 { 7 } else { 2 } {
                table.set(key, round + 1);
                model.insert(key, round + 1);
            } else {
                table.remove(key);
                model.remove(&key);
            }
            assert_eq!(table.len(), model.len());
        }
        for key in 0..3_000 {
            assert_eq!(table.get(key), model.get(&key).copied().unwrap_or(0));
        }
        for key in 0..3_000 {
            table.remove(key);
            assert!(table.pairs.len() <= (table.len() * 8).max(LEAST));
        }
        assert_eq!(table.memory(), 0);
    }
}

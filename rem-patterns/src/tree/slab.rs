//! Numbered places that are given out and given back; memory follows the highest number in use.

use alloc::vec::Vec;
use core::mem::size_of;

/// Items by number. What is given back is used first, and free places at the end go at once.
#[derive(Clone)]
pub(super) struct Slab<T> {
    items: Vec<T>,
    /// A bit for each item: whether it is in use.
    used: Vec<u64>,
    /// Free numbers, and some that are free no longer: at most twice as many as there are items.
    free: Vec<u32>,
    /// How many are in use.
    len: usize,
}

impl<T: Default> Slab<T> {
    pub(super) fn new() -> Self {
        Self { items: Vec::new(), used: Vec::new(), free: Vec::new(), len: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// How many places there are, in use or not.
    pub(super) fn held(&self) -> usize {
        self.items.len()
    }

    pub(super) fn memory(&self) -> usize {
        self.items.capacity() * size_of::<T>()
            + self.used.capacity() * size_of::<u64>()
            + self.free.capacity() * size_of::<u32>()
    }

    pub(super) fn items(&self) -> &[T] {
        &self.items
    }

    #[inline]
    pub(super) fn get(&self, number: u32) -> Option<&T> {
        self.items.get(number as usize)
    }

    #[inline]
    pub(super) fn at(&self, number: u32) -> &T {
        &self.items[number as usize]
    }

    #[inline]
    pub(super) fn at_mut(&mut self, number: u32) -> &mut T {
        &mut self.items[number as usize]
    }

    pub(super) fn get_mut(&mut self, number: u32) -> Option<&mut T> {
        self.items.get_mut(number as usize)
    }

    /// A number for the item.
    pub(super) fn take(&mut self, item: T) -> u32 {
        self.len += 1;
        while let Some(number) = self.free.pop() {
            if (number as usize) < self.items.len() && !self.is_used(number as usize) {
                self.mark(number as usize);
                self.items[number as usize] = item;
                return number;
            }
        }
        let number = self.items.len();
        self.items.push(item);
        if number / 64 == self.used.len() {
            self.used.push(0);
        }
        self.mark(number);
        // More than 2^32 items of some tens of bytes: allocation has failed long before.
        u32::try_from(number).unwrap_or(u32::MAX)
    }

    /// Gives a number back, and the item that stood there.
    pub(super) fn give(&mut self, number: u32) -> T {
        let item = core::mem::take(&mut self.items[number as usize]);
        self.used[number as usize / 64] &= !(1 << (number % 64));
        self.len -= 1;
        self.free.push(number);
        while let Some(last) = self.items.len().checked_sub(1)
            && !self.is_used(last)
        {
            self.items.pop();
        }
        self.used.truncate(self.items.len().div_ceil(64));
        if self.items.len() * 4 < self.items.capacity() {
            self.items.shrink_to(self.items.len() * 2);
            self.used.shrink_to(self.used.len() * 2);
        }
        if self.free.len() > self.items.len() * 2 {
            self.forget_stale();
        }
        item
    }

    /// Keeps no place beyond the highest number in use.
    pub(super) fn shrink_to_fit(&mut self) {
        if self.free.len() > self.items.len() - self.len {
            self.forget_stale();
        }
        self.items.shrink_to_fit();
        self.used.shrink_to_fit();
        self.free.shrink_to_fit();
    }

    /// Every item, in use or not, to change what it owns.
    pub(super) fn items_mut(&mut self) -> &mut [T] {
        &mut self.items
    }

    /// Keeps of the free numbers those that are. Its cost is that of as many numbers given back.
    fn forget_stale(&mut self) {
        let unused = (0..self.items.len()).filter(|&number| !self.is_used(number));
        self.free = unused.filter_map(|number| u32::try_from(number).ok()).collect();
    }

    fn is_used(&self, number: usize) -> bool {
        self.used[number / 64] & 1 << (number % 64) != 0
    }

    fn mark(&mut self, number: usize) {
        self.used[number / 64] |= 1 << (number % 64);
    }
}

#[cfg(test)]
mod tests {
    use super::Slab;

    #[test]
    fn memory_follows_the_highest_number_in_use() {
        let mut slab = Slab::new();
        let numbers: std::vec::Vec<u32> = (0..10_000_u32).map(|item| slab.take(item)).collect();
        let stays = numbers[7];
        for &number in numbers.iter().filter(|&&number| number != stays && number % 3 == 0) {
            assert_eq!(slab.give(number), number);
        }
        for &number in numbers.iter().filter(|&&number| number != stays && number % 3 != 0) {
            slab.give(number);
        }
        assert_eq!((slab.len(), *slab.at(stays)), (1, 7));
        assert!(slab.memory() < 500, "{} bytes", slab.memory());
        // Numbers are given out once each.
        let mut again: std::vec::Vec<u32> = (0..100).map(|item| slab.take(item)).collect();
        again.push(stays);
        again.sort_unstable();
        again.dedup();
        assert_eq!((again.len(), slab.len()), (101, 101));
        for number in again {
            slab.give(number);
        }
        assert_eq!(slab.memory(), 0);
    }
}

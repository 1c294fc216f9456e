//! Numbered places that are given out, given back, and shrunk.

use alloc::vec::Vec;
use core::mem::size_of;

/// Items by number. What is given back is used first; places at the end that are free go, in time.
#[derive(Clone)]
pub(super) struct Slab<T> {
    items: Vec<T>,
    free: Vec<u32>,
    /// How many were given back since the last look at what could go.
    given_back: usize,
}

impl<T: Default> Slab<T> {
    pub(super) fn new() -> Self {
        Self { items: Vec::new(), free: Vec::new(), given_back: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.items.len() - self.free.len()
    }

    pub(super) fn memory(&self) -> usize {
        self.items.capacity() * size_of::<T>() + self.free.capacity() * size_of::<u32>()
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
        if let Some(number) = self.free.pop() {
            self.items[number as usize] = item;
            return number;
        }
        self.items.push(item);
        // More than 2^32 items of some tens of bytes: allocation has failed long before.
        u32::try_from(self.items.len() - 1).unwrap_or(u32::MAX)
    }

    /// Gives a number back, and the item that stood there.
    pub(super) fn give(&mut self, number: u32) -> T {
        let item = core::mem::take(&mut self.items[number as usize]);
        self.free.push(number);
        self.given_back += 1;
        if self.free.len() == self.items.len() {
            *self = Self::new();
        } else if self.free.len() * 2 > self.items.len() && self.given_back * 4 > self.items.len() {
            self.shrink();
        }
        item
    }

    /// Lets the free places at the end go. Called once for a quarter of the places given back, so that its cost is theirs.
    #[cold]
    fn shrink(&mut self) {
        self.given_back = 0;
        self.free.sort_unstable();
        while self.free.last().is_some_and(|&last| last as usize + 1 == self.items.len()) {
            self.items.pop();
            self.free.pop();
        }
        // The lowest numbers are given out first, so that the end comes free.
        self.free.reverse();
        self.free.shrink_to(self.free.len() * 2);
        self.items.shrink_to(self.items.len() * 2);
    }
}

//! A stack that lives on the stack until it is long.

use alloc::vec::Vec;

/// The first `N` items stand in place, the others in a `Vec`.
pub(super) struct Stack<T, const N: usize> {
    inline: [T; N],
    used: usize,
    spilled: Vec<T>,
}

impl<T: Copy + Default + Ord, const N: usize> Stack<T, N> {
    #[inline]
    pub(super) fn new() -> Self {
        Self { inline: [T::default(); N], used: 0, spilled: Vec::new() }
    }

    #[inline]
    pub(super) fn push(&mut self, item: T) {
        if let Some(place) = self.inline.get_mut(self.used) {
            *place = item;
            self.used += 1;
        } else {
            self.spilled.push(item);
        }
    }

    #[inline]
    pub(super) fn pop(&mut self) -> Option<T> {
        if let Some(item) = self.spilled.pop() {
            return Some(item);
        }
        self.used = self.used.checked_sub(1)?;
        self.inline.get(self.used).copied()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.used == 0
    }

    pub(super) fn len(&self) -> usize {
        self.used + self.spilled.len()
    }

    pub(super) fn clear(&mut self) {
        self.used = 0;
        self.spilled.clear();
    }

    /// All items, in the order pushed where none was popped.
    pub(super) fn iter(&self) -> impl Iterator<Item = T> + '_ {
        self.inline[..self.used].iter().chain(&self.spilled).copied()
    }

    /// All items in order, in one piece.
    pub(super) fn sorted(&mut self) -> &[T] {
        if self.spilled.is_empty() {
            let items = &mut self.inline[..self.used];
            items.sort_unstable();
            return items;
        }
        self.spilled.extend_from_slice(&self.inline[..self.used]);
        self.used = 0;
        self.spilled.sort_unstable();
        &self.spilled
    }
}

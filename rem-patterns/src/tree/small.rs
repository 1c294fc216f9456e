//! What a match keeps in hand: on the stack while it is little, in memory when it is much.

use alloc::vec::Vec;

use super::symbols::NONE;

/// A list. The first `N` items stand in place, the others in a `Vec`.
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

/// Which nodes were met: in a list while they are few, in a table when they are many.
pub(super) struct Met {
    few: Stack<u32, 16>,
    /// A power of two of places, [`NONE`] where free.
    table: Vec<u32>,
    entered: usize,
}

impl Met {
    pub(super) fn new() -> Self {
        Self { few: Stack::new(), table: Vec::new(), entered: 0 }
    }

    /// Whether the node was not met before.
    pub(super) fn first(&mut self, number: u32) -> bool {
        if self.table.is_empty() {
            if self.few.iter().any(|met| met == number) {
                return false;
            }
            if self.few.len() < 16 {
                self.few.push(number);
                return true;
            }
        }
        if self.entered * 2 >= self.table.len() {
            self.grow();
        }
        let first = self.enter(number);
        self.entered += usize::from(first);
        first
    }

    fn enter(&mut self, number: u32) -> bool {
        let mask = self.table.len() - 1;
        let mut at = number.wrapping_mul(0x9E37_79B1).rotate_left(15) as usize & mask;
        while self.table[at] != NONE {
            if self.table[at] == number {
                return false;
            }
            at = (at + 1) & mask;
        }
        self.table[at] = number;
        true
    }

    #[cold]
    fn grow(&mut self) {
        let fresh = alloc::vec![NONE; (self.table.len() * 2).max(128)];
        let old = core::mem::replace(&mut self.table, fresh);
        if old.is_empty() {
            self.entered = self.few.len();
        }
        let few = core::mem::replace(&mut self.few, Stack::new());
        for number in old.into_iter().filter(|&number| number != NONE).chain(few.iter()) {
            self.enter(number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_pushed_is_there_whether_it_stands_in_place_or_not() {
        let mut stack = Stack::<u32, 2>::new();
        assert!(stack.is_empty());
        for (at, item) in [5, 3, 9, 1].into_iter().enumerate() {
            stack.push(item);
            assert!(!stack.is_empty());
            assert_eq!(stack.len(), at + 1);
        }
        assert!(stack.iter().eq([5, 3, 9, 1]));
        assert_eq!((stack.pop(), stack.pop(), stack.pop()), (Some(1), Some(9), Some(3)));
        assert!(!stack.is_empty());
        assert_eq!((stack.pop(), stack.pop()), (Some(5), None));
        assert!(stack.is_empty());
        for item in [5, 3, 9] {
            stack.push(item);
        }
        assert_eq!(stack.sorted(), [3, 5, 9]);
        stack.clear();
        assert_eq!((stack.is_empty(), stack.len()), (true, 0));
    }
}

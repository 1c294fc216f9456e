//! [`Window`]: how many parcels a consumer has asked for and not read.

use std::sync::Mutex;

use crate::inbox::lock;

/// How many parcels a consumer has asked for and not read: never more than so many, so that one who does not read is given no
/// more, however often what it did not answer is due again.
pub(super) struct Window {
    most: usize,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    /// Asked for, and not come.
    asked: usize,
    /// Come, and not read.
    unread: usize,
}

impl Window {
    pub(super) fn new(most: usize) -> Self {
        Self { most, open: Mutex::default() }
    }

    /// How many to ask for now: none until half of them are read, so that one asks seldom.
    pub(super) fn claim(&self) -> usize {
        let mut open = lock(&self.open);
        let free = self.most.saturating_sub(open.asked + open.unread);
        if free == 0 || free < self.most / 2 {
            return 0;
        }
        open.asked += free;
        free
    }

    /// One has come; to be read, or it was of no concern.
    pub(super) fn came(&self, is_to_be_read: bool) -> bool {
        let mut open = lock(&self.open);
        open.asked = open.asked.saturating_sub(1);
        open.unread += usize::from(is_to_be_read);
        self.is_wide(&open)
    }

    /// One was read; whether to ask for more.
    pub(super) fn read(&self) -> bool {
        let mut open = lock(&self.open);
        open.unread = open.unread.saturating_sub(1);
        self.is_wide(&open)
    }

    /// So many of those that were asked for do not come; all of them, if nobody knows.
    pub(super) fn ended(&self, count: Option<usize>) {
        let mut open = lock(&self.open);
        open.asked = count.map_or(0, |count| open.asked.saturating_sub(count));
    }

    fn is_wide(&self, open: &Open) -> bool {
        let free = self.most.saturating_sub(open.asked + open.unread);
        free > 0 && free >= self.most / 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_asked_for_than_may_be_unread() {
        let window = Window::new(10);
        assert_eq!((window.claim(), window.claim()), (10, 0));
        for _ in 0..10 {
            assert!(!window.came(true));
        }
        assert_eq!(window.claim(), 0, "nothing was read");
        assert_eq!(
            (1..=5).map(|_| window.read()).collect::<Vec<_>>(),
            [false, false, false, false, true]
        );
        assert_eq!(window.claim(), 5);
        window.ended(Some(3));
        assert_eq!(window.claim(), 0, "less than half is free");
        window.ended(None);
        assert_eq!(window.claim(), 5);
        let one = Window::new(1);
        assert_eq!((one.claim(), one.came(true), one.read(), one.claim()), (1, false, true, 1));
    }

    #[test]
    fn what_is_of_no_concern_is_asked_for_again() {
        let window = Window::new(2);
        assert_eq!(window.claim(), 2);
        assert!(window.came(false));
        assert_eq!(window.claim(), 1);
    }
}

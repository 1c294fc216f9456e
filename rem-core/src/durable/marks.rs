//! [`Marks`]: what was taken and is not handled yet, and so up to where all is handled.

use std::collections::VecDeque;

use crate::deliver::isolate;
use crate::sync::{Mutex, lock};

/// The protocol: whoever reads says what it takes and what it passes by, in the order of the numbers; whoever has handled
/// something says so, in any order. The position is the number below which nothing is left. It is noted by one thread at a
/// time, under no lock of ours: who finds another at it leaves it to that one, which looks again before it ends. So the
/// position that is noted never goes back, and never lags behind for good. Checked by loom (`durable/loom.rs`).
pub(crate) struct Marks {
    /// How many events may be taken from the oldest on that is not handled.
    window: usize,
    state: Mutex<State>,
}

struct State {
    /// Taken, and whether it is handled; the first is not.
    taken: VecDeque<(u64, bool)>,
    /// All up to this number was taken or passed by.
    passed: u64,
    /// The position that was noted last.
    noted: u64,
    /// To be noted with the next position.
    note: Option<Vec<u8>>,
    is_noting: bool,
}

impl State {
    fn position(&self) -> u64 {
        self.taken.front().map_or(self.passed, |(number, _)| number - 1)
    }
}

impl Marks {
    pub(crate) fn new(position: u64, window: usize) -> Self {
        let state = State {
            taken: VecDeque::new(),
            passed: position,
            noted: position,
            note: None,
            is_noting: false,
        };
        Self { window: window.max(1), state: Mutex::new(state) }
    }

    /// Whether another may be taken.
    pub(crate) fn has_room(&self) -> bool {
        lock(&self.state).taken.len() < self.window
    }

    /// An event was taken.
    pub(crate) fn take(&self, number: u64) {
        let mut state = lock(&self.state);
        state.taken.push_back((number, false));
        state.passed = number;
    }

    /// All up to that number was taken before, or is none to be handled.
    pub(crate) fn pass(&self, number: u64) {
        let mut state = lock(&self.state);
        state.passed = state.passed.max(number);
    }

    /// An event was handled; whether that made room where there was none.
    pub(crate) fn finish(&self, number: u64) -> bool {
        let mut state = lock(&self.state);
        let was_full = state.taken.len() >= self.window;
        let Ok(at) = state.taken.binary_search_by_key(&number, |(number, _)| *number) else {
            return false; // it was before: a dead letter that was sent again
        };
        state.taken[at].1 = true;
        while state.taken.front().is_some_and(|(_, is_handled)| *is_handled) {
            state.taken.pop_front();
        }
        was_full && state.taken.len() < self.window
    }

    /// Has this kept with the next position that is noted.
    pub(crate) fn keep(&self, number: u64, note: Vec<u8>) {
        let mut state = lock(&self.state);
        state.passed = state.passed.max(number);
        state.note = Some(note);
    }

    /// Up to which number all is handled.
    pub(crate) fn position(&self) -> u64 {
        lock(&self.state).position()
    }

    /// How many were taken from the oldest on that is not handled.
    pub(crate) fn taken(&self) -> usize {
        lock(&self.state).taken.len()
    }

    /// Notes the position, if it is at least so many numbers further than the one that was noted last.
    pub(crate) fn note(&self, least: u64, mut note: impl FnMut(u64, Option<Vec<u8>>)) {
        loop {
            let (position, value) = {
                let mut state = lock(&self.state);
                let position = state.position();
                let is_far = position >= state.noted.saturating_add(least);
                if state.is_noting || !(is_far || state.note.is_some()) {
                    return;
                }
                state.is_noting = true;
                state.noted = position.max(state.noted);
                (state.noted, state.note.take())
            };
            // Others' code: under no lock, and a panic of it is no reason to note nothing any more.
            let _ = isolate(|| note(position, value));
            lock(&self.state).is_noting = false;
        }
    }
}

#[cfg(all(test, not(rem_loom)))]
mod tests {
    use super::*;

    fn noted(marks: &Marks, least: u64) -> Vec<u64> {
        let mut noted = Vec::new();
        marks.note(least, |position, _| noted.push(position));
        noted
    }

    #[test]
    fn the_position_is_below_the_oldest_that_is_not_handled() {
        let marks = Marks::new(10, 8);
        assert_eq!(marks.position(), 10);
        for number in [11, 14, 15] {
            marks.take(number);
        }
        marks.pass(20);
        assert_eq!(marks.position(), 10);
        for (handled, position) in [(15, 10), (11, 13), (14, 20)] {
            marks.finish(handled);
            assert_eq!(marks.position(), position, "{handled} is handled");
        }
        assert_eq!(marks.taken(), 0);
    }

    #[test]
    fn it_is_noted_once_and_when_it_is_far_enough() {
        let marks = Marks::new(0, 8);
        assert!(noted(&marks, 1).is_empty());
        marks.pass(255);
        assert!(noted(&marks, 256).is_empty());
        marks.pass(256);
        assert_eq!(noted(&marks, 256), [256]);
        assert!(noted(&marks, 1).is_empty());
        marks.take(257);
        assert!(noted(&marks, 1).is_empty());
        marks.finish(257);
        assert_eq!(noted(&marks, 1), [257]);
        marks.finish(257);
        assert!(noted(&marks, 1).is_empty(), "twice is once");
    }

    #[test]
    fn so_many_are_taken_from_the_oldest_on() {
        let marks = Marks::new(0, 2);
        marks.take(1);
        marks.take(2);
        assert!(!marks.has_room());
        assert!(!marks.finish(2), "the oldest is not handled");
        assert!(!marks.has_room());
        assert!(marks.finish(1));
        assert!(marks.has_room());
    }

    #[test]
    fn a_value_goes_with_its_position_and_a_panic_stops_nothing() {
        let marks = Marks::new(0, 2);
        marks.keep(3, b"three".to_vec());
        marks.note(1, |_, _| panic!("no disk"));
        marks.keep(4, b"four".to_vec());
        let mut said = Vec::new();
        marks.note(1, |position, note| said.push((position, note)));
        assert_eq!(said, [(4, Some(b"four".to_vec()))]);
    }
}

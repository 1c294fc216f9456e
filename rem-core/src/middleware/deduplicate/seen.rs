//! What was seen: so many prints, the oldest first.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use foldhash::fast::FixedState;

use crate::clock::Timestamp;

/// The prints of events, each with when it came. No user code runs here.
pub(super) struct Seen {
    capacity: usize,
    /// By prints, which are hashes already and nobody can foresee.
    known: HashMap<u128, Known, FixedState>,
    /// In the order in which they came; one that was released or came anew is passed over.
    order: VecDeque<(u128, Place)>,
    next: u64,
    forgotten: u64,
}

#[derive(Clone, Copy)]
struct Known {
    at: Timestamp,
    place: Place,
}

/// One stay in the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place(u64);

impl Seen {
    pub(super) fn new(capacity: usize) -> Self {
        let (known, order) = (HashMap::default(), VecDeque::new());
        Self { capacity, known, order, next: 0, forgotten: 0 }
    }

    /// Takes a place for a print that comes now; `None` if it came within the window.
    pub(super) fn claim(&mut self, print: u128, now: Timestamp, window: Duration) -> Option<Place> {
        let is_over = |known: Known| now.since(known.at) >= window;
        if self.known.get(&print).is_some_and(|known| !is_over(*known)) {
            return None;
        }
        while let Some(&(oldest, place)) = self.order.front() {
            match self.known.get(&oldest).filter(|known| known.place == place) {
                Some(known) if !is_over(*known) => break,
                Some(_) => drop(self.known.remove(&oldest)),
                None => {}
            }
            self.order.pop_front();
        }
        if self.order.len() >= self.capacity {
            self.forget_oldest();
        }
        let place = Place(self.next);
        self.next += 1;
        self.known.insert(print, Known { at: now, place });
        self.order.push_back((print, place));
        Some(place)
    }

    /// Forgets a print that came to nothing, if it is still there.
    pub(super) fn release(&mut self, print: u128, place: Place) {
        if self.known.get(&print).is_some_and(|known| known.place == place) {
            self.known.remove(&print);
            // Mostly it is the last that came.
            if self.order.back() == Some(&(print, place)) {
                self.order.pop_back();
            }
        }
    }

    fn forget_oldest(&mut self) {
        if let Some((oldest, place)) = self.order.pop_front()
            && self.known.get(&oldest).is_some_and(|known| known.place == place)
        {
            self.known.remove(&oldest);
            self.forgotten += 1;
        }
    }

    pub(super) fn len(&self) -> usize {
        self.known.len()
    }

    pub(super) fn forgotten(&self) -> u64 {
        self.forgotten
    }
}

#[cfg(all(test, not(rem_loom)))]
mod tests {
    use super::*;

    const WINDOW: Duration = Duration::from_nanos(10);

    fn at(nanos: u64) -> Timestamp {
        Timestamp::from_nanos(nanos)
    }

    #[test]
    fn nothing_grows_beyond_the_capacity_whatever_comes() {
        let mut seen = Seen::new(4);
        for number in 0..1_000_u128 {
            let now = at(u64::try_from(number % 7).unwrap());
            let place = seen.claim(number % 9, now, WINDOW);
            if let Some(place) = place.filter(|_| number % 3 == 0) {
                seen.claim(number + 100, now, WINDOW);
                seen.release(number % 9, place);
            }
            assert!(seen.order.len() <= 4 && seen.known.len() <= seen.order.len());
        }
        assert!(seen.forgotten() > 0);
    }

    #[test]
    fn what_is_released_does_not_take_a_later_stay_with_it() {
        let mut seen = Seen::new(4);
        let first = seen.claim(1, at(0), WINDOW).unwrap();
        let second = seen.claim(1, at(10), WINDOW).unwrap();
        assert_ne!(first, second);
        seen.release(1, first);
        assert_eq!(seen.claim(1, at(19), WINDOW), None, "the second stay is not over");
        seen.release(1, second);
        assert!(seen.claim(1, at(19), WINDOW).is_some());
    }
}

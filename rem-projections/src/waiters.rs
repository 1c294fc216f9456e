//! [`Waiters`]: who is woken when a projection has come to a number.

use std::collections::BTreeMap;
use std::fmt;
use std::task::Waker;

use crate::sync::{Mutex, lock};

/// Who waits for a number, in futures.
///
/// Who waits puts itself in first and looks at the state then; who folds lets the state be seen first and looks here then. So
/// one of them sees the other. Wakers are called, cloned and let go under no lock.
#[derive(Default)]
pub(crate) struct Waiters(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    /// By what they wait for, and then by who came first.
    wakers: BTreeMap<(u64, u64), Waker>,
    last: u64,
}

/// One who waits.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    sequence: u64,
    number: u64,
}

impl Waiters {
    /// Puts one in who waits for that number, or gives the one in that place another waker.
    pub(crate) fn put(&self, sequence: u64, place: Option<Place>, waker: &Waker) -> Place {
        let waker = waker.clone();
        let mut waiting = lock(&self.0);
        let place = place.unwrap_or_else(|| {
            waiting.last += 1;
            Place { sequence, number: waiting.last }
        });
        let old = waiting.wakers.insert((place.sequence, place.number), waker);
        drop(waiting);
        drop(old);
        place
    }

    /// Takes one out who waits no more.
    pub(crate) fn leave(&self, place: Place) {
        let gone = lock(&self.0).wakers.remove(&(place.sequence, place.number));
        drop(gone);
    }

    /// Wakes those who wait for numbers up to this one.
    pub(crate) fn reached(&self, sequence: u64) {
        let mut waiting = lock(&self.0);
        if waiting.wakers.is_empty() {
            return;
        }
        let reached = match sequence.checked_add(1) {
            Some(next) => {
                let later = waiting.wakers.split_off(&(next, 0));
                std::mem::replace(&mut waiting.wakers, later)
            }
            None => std::mem::take(&mut waiting.wakers),
        };
        drop(waiting);
        reached.into_values().for_each(Waker::wake);
    }

    /// Wakes all, for something else has come to pass.
    pub(crate) fn wake_all(&self) {
        self.reached(u64::MAX);
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        lock(&self.0).wakers.len()
    }
}

impl fmt::Debug for Waiters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Waiters").finish_non_exhaustive()
    }
}

#[cfg(all(test, not(rem_loom)))]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
    use std::task::Wake;

    use super::*;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Relaxed);
        }
    }

    #[test]
    fn those_are_woken_whose_number_has_come_and_each_once() {
        let (waiters, counts) = (Waiters::default(), [0, 1, 2].map(|_| Arc::new(Count::default())));
        let wakers = counts.clone().map(Waker::from);
        let woken = || counts.each_ref().map(|count| count.0.load(Relaxed));
        let first = waiters.put(5, None, &wakers[0]);
        let _ = waiters.put(5, Some(first), &wakers[0]); // polled again
        let _ = waiters.put(6, None, &wakers[1]);
        let third = waiters.put(u64::MAX, None, &wakers[2]);
        waiters.reached(4);
        assert_eq!((woken(), waiters.len()), ([0, 0, 0], 3));
        waiters.reached(5);
        assert_eq!((woken(), waiters.len()), ([1, 0, 0], 2));
        waiters.leave(first); // it is out already
        waiters.leave(third);
        waiters.wake_all();
        assert_eq!((woken(), waiters.len()), ([1, 1, 0], 0));
    }
}

//! [`Tally`]: how many events took one route, counted by many threads that do not meet.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, Weak};

use super::Route;
use crate::sync::keep_room;

/// How many threads count each for itself; beyond that some share a place, and pay for it, and still count right.
const PLACES: usize = 8;

/// A count in as many places as there are threads that count: one that all of them changed would be what two publishers of
/// one topic wait for. The first place is here, and the others are made when a second thread comes.
#[derive(Debug, Default)]
#[repr(C)]
pub(crate) struct Tally {
    first: AtomicU64,
    /// So that it shares no cache line with `others`, which all threads read; by room and not by alignment, for every new
    /// topic has a tally, and memory that is aligned costs several times as much.
    _room: [u64; 7],
    others: OnceLock<Box<[Place; PLACES - 1]>>,
}

/// Alone on its cache line.
#[derive(Debug, Default)]
#[repr(align(64))]
struct Place(AtomicU64);

thread_local! {
    /// Which place is this thread's, from 1; 0 until it has counted.
    static OWN: Cell<usize> = const { Cell::new(0) };
}

impl Tally {
    /// Counts one event.
    #[inline]
    pub(crate) fn add(&self) {
        let own = OWN.get();
        let place = if own == 1 { &self.first } else { self.other(own) };
        place.fetch_add(1, Ordering::Relaxed);
    }

    #[inline(never)]
    fn other(&self, own: usize) -> &AtomicU64 {
        let own = if own == 0 { number_thread() } else { own };
        match own.checked_sub(2) {
            Some(at) => &self.others.get_or_init(Box::default)[at].0,
            None => &self.first,
        }
    }

    /// How many there were. While others count this is a moment between the first and the last look.
    pub(crate) fn total(&self) -> u64 {
        let others = self.others.get().into_iter().flat_map(|others| others.iter());
        let count = |place: &AtomicU64| place.load(Ordering::Relaxed);
        count(&self.first) + others.map(|place| count(&place.0)).sum::<u64>()
    }
}

/// Gives this thread a place, in turn.
#[cold]
fn number_thread() -> usize {
    static THREADS: AtomicUsize = AtomicUsize::new(0);
    let own = THREADS.fetch_add(1, Ordering::Relaxed) % PLACES + 1;
    OWN.set(own);
    own
}

/// The tallies of all routes that something is or was in, added up.
#[derive(Debug, Default)]
pub(crate) struct Tallies {
    /// Of routes that no publish goes any more.
    gone: u64,
    of: Vec<(Weak<Route>, Arc<Tally>)>,
}

impl Tallies {
    /// Counts what goes that route too. To be noted before anybody uses it.
    pub(crate) fn note(&mut self, route: &Arc<Route>) {
        // As of all lists of routes: those that are gone make room before it has to grow.
        if self.of.len() == self.of.capacity() {
            let gone = &mut self.gone;
            self.of.retain(|(route, tally)| {
                let here = route.strong_count() > 0;
                *gone += if here { 0 } else { tally.total() };
                here
            });
            keep_room(&mut self.of);
        }
        if let Some(tally) = &route.tally {
            self.of.push((Arc::downgrade(route), Arc::clone(tally)));
        }
    }

    pub(crate) fn total(&self) -> u64 {
        self.gone + self.of.iter().map(|(_, tally)| tally.total()).sum::<u64>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_lost_between_more_threads_than_places() {
        let tally = Tally::default();
        std::thread::scope(|scope| {
            for _ in 0..2 * PLACES {
                scope.spawn(|| (0..10_000).for_each(|_| tally.add()));
            }
        });
        assert_eq!(tally.total(), 2 * PLACES as u64 * 10_000);
    }

    /// A thread without a place would ask for one each time.
    #[test]
    fn each_thread_has_a_place() {
        for _ in 0..4 * PLACES {
            assert!((1..=PLACES).contains(&number_thread()));
        }
    }
}

//! [`Drains`]: waiting until what a queue holds at one time is gone.

use crate::sync::{Latch, Watch, latch};

/// Those who wait until the events that a queue held when they asked are gone, to the reader or otherwise. What comes
/// meanwhile is not waited for: each event that comes while somebody waits is told how many had begun to wait before it.
#[derive(Default)]
pub(super) struct Drains {
    /// How many ever began to wait.
    begun: u64,
    waiting: Vec<Drain>,
}

/// One of them. It is told by being dropped, under no lock, for it wakes who waits.
pub(super) struct Drain {
    /// Its place among those that began, from 1.
    number: u64,
    left: usize,
    latch: Latch,
}

impl Drains {
    /// Waits for the `left` events that are there. Gives back those who wait no longer, to be dropped under no lock.
    pub(super) fn wait(&mut self, left: usize) -> (Watch, Vec<Drain>) {
        let gone = self.waiting.extract_if(.., |drain| !drain.latch.is_watched()).collect();
        let (latch, watch) = latch();
        self.begun += 1;
        self.waiting.push(Drain { number: self.begun, left, latch });
        (watch, gone)
    }

    /// Whether nobody waits.
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// What an event is told that comes now; 0 if nobody waits, and whoever is going to waits for it.
    #[inline]
    pub(super) fn begun(&self) -> u64 {
        if self.is_empty() { 0 } else { self.begun }
    }

    /// An event is gone that came when so many had begun to wait: gives those who have waited for it as the last.
    #[inline]
    pub(super) fn gone(&mut self, begun: u64) -> Option<Vec<Drain>> {
        if self.is_empty() { None } else { Some(self.count(begun)) }
    }

    #[cold]
    fn count(&mut self, begun: u64) -> Vec<Drain> {
        for drain in self.waiting.iter_mut().filter(|drain| begun < drain.number) {
            drain.left -= 1;
        }
        self.waiting.extract_if(.., |drain| drain.left == 0).collect()
    }
}

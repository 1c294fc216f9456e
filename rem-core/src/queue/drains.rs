//! [`Drains`]: waiting until what a queue holds at one time is gone.

use crate::sync::{Latch, Watch, latch};

/// Those who wait until the events that a queue held when they asked are gone, to the reader or otherwise. What comes
/// meanwhile is not waited for. Events are known by their place among those that came.
#[derive(Default)]
pub(super) struct Drains(Vec<Drain>);

/// One of them. It is told by being dropped, under no lock, for it wakes who waits.
pub(super) struct Drain {
    came: u64,
    left: usize,
    latch: Latch,
}

impl Drains {
    /// Waits for `left` events, the last of which has the place `came`. Gives back those who wait no longer, to be dropped
    /// under no lock.
    pub(super) fn wait(&mut self, came: u64, left: usize) -> (Watch, Vec<Drain>) {
        let gone = self.0.extract_if(.., |drain| !drain.latch.is_watched()).collect();
        let (latch, watch) = latch();
        self.0.push(Drain { came, left, latch });
        (watch, gone)
    }

    /// An event is gone: gives those who have waited for it as the last.
    #[inline]
    pub(super) fn gone(&mut self, came: u64) -> Option<Vec<Drain>> {
        if self.0.is_empty() { None } else { Some(self.count(came)) }
    }

    #[cold]
    fn count(&mut self, came: u64) -> Vec<Drain> {
        for drain in self.0.iter_mut().filter(|drain| came <= drain.came) {
            drain.left -= 1;
        }
        self.0.extract_if(.., |drain| drain.left == 0).collect()
    }
}

//! [`Log`]: what a recorder keeps, its mark, and who waits for more.

use std::mem;
use std::sync::Arc;
use std::task::{Poll, Waker};
use std::time::Instant;

use crate::bus::End;
use crate::deliver::{quietly, wake};
use crate::event::Event;
use crate::sync::{self, Mutex, lock, park, thread_waker};

/// What was recorded, shared by the handler, the recorder and who waits.
pub(super) struct Log<T: ?Sized>(Mutex<Kept<T>>);

struct Kept<T: ?Sized> {
    events: Vec<Arc<Event<T>>>,
    /// How many were taken out before the first of `events`: places are counted from the first that was recorded.
    taken: u64,
    /// The place behind the last event that an expectation met.
    mark: u64,
    limit: usize,
    lost: u64,
    /// Counts all that may let a wait go on.
    changes: u64,
    ended: bool,
    /// Of those who wait, by their number.
    wakers: Vec<(u64, Waker)>,
    waits: u64,
}

/// The log at one moment.
pub(super) struct Look<T: ?Sized> {
    pub(super) events: Vec<Arc<Event<T>>>,
    /// The place of the first of them.
    pub(super) first: u64,
    pub(super) lost: u64,
    pub(super) ended: bool,
    changes: u64,
}

impl<T: ?Sized> Log<T> {
    pub(super) fn new(limit: usize) -> Self {
        Self(Mutex::new(Kept {
            events: Vec::new(),
            taken: 0,
            mark: 0,
            limit,
            lost: 0,
            changes: 0,
            ended: false,
            wakers: Vec::new(),
            waits: 0,
        }))
    }

    /// Keeps an event, or counts it if there is no room.
    pub(super) fn push(&self, event: Arc<Event<T>>) {
        self.change(|kept| {
            if kept.events.len() < kept.limit {
                kept.events.push(event);
            } else {
                kept.lost += 1;
            }
        });
    }

    /// Nothing will come any more.
    pub(super) fn end(&self) {
        self.change(|kept| kept.ended = true);
    }

    fn change(&self, change: impl FnOnce(&mut Kept<T>)) {
        let mut kept = lock(&self.0);
        change(&mut kept);
        kept.changes += 1;
        let wakers = mem::take(&mut kept.wakers);
        drop(kept);
        for (_, waker) in wakers {
            wake(waker); // user code perhaps: under no lock
        }
    }

    /// All that is kept.
    pub(super) fn all(&self) -> Look<T> {
        let kept = lock(&self.0);
        kept.look(kept.taken)
    }

    /// What came since the mark.
    pub(super) fn since_mark(&self) -> Look<T> {
        let kept = lock(&self.0);
        kept.look(kept.mark)
    }

    /// Sets the mark behind so many events, unless it is further on.
    pub(super) fn mark(&self, place: u64) {
        let mut kept = lock(&self.0);
        kept.mark = kept.mark.max(place);
    }

    pub(super) fn take(&self) -> Vec<Arc<Event<T>>> {
        let mut kept = lock(&self.0);
        let events = mem::take(&mut kept.events);
        kept.taken += events.len() as u64;
        kept.mark = kept.taken;
        kept.lost = 0;
        events
    }

    pub(super) fn limit(&self) -> usize {
        lock(&self.0).limit
    }

    pub(super) fn lost(&self) -> u64 {
        lock(&self.0).lost
    }

    /// Waits in this thread until there is more than in that look; `false` if the time has come before.
    pub(super) fn wait(self: &Arc<Self>, look: &Look<T>, until: Option<Instant>) -> bool {
        let (mut place, waker) = (Place::new(self), thread_waker());
        while place.poll(look, &waker).is_pending() {
            if until.is_some_and(|until| sync::now() >= until) {
                return false;
            }
            park(until);
        }
        true
    }
}

/// The bus is closed, and what it had to deliver is delivered.
impl<T: Send + Sync + ?Sized> End for Log<T> {
    fn end(&self) {
        Self::end(self);
    }
}

impl<T: ?Sized> Kept<T> {
    fn look(&self, from: u64) -> Look<T> {
        let from = from.max(self.taken);
        let at = usize::try_from(from - self.taken).unwrap_or(usize::MAX);
        let events = self.events.get(at..).unwrap_or_default().to_vec();
        Look { events, first: from, lost: self.lost, ended: self.ended, changes: self.changes }
    }
}

/// A place among those who wait, which is left when it is dropped.
pub(super) struct Place<T: ?Sized> {
    log: Arc<Log<T>>,
    number: Option<u64>,
}

impl<T: ?Sized> Place<T> {
    pub(super) fn new(log: &Arc<Log<T>>) -> Self {
        Self { log: Arc::clone(log), number: None }
    }

    /// Ready when there is more than in that look; until then `waker` is woken when there is.
    pub(super) fn poll(&mut self, look: &Look<T>, waker: &Waker) -> Poll<()> {
        // Cloned and dropped under no lock, for both are user code.
        let waker = waker.clone();
        let mut kept = lock(&self.log.0);
        if kept.changes != look.changes {
            drop(kept);
            quietly(waker);
            return Poll::Ready(());
        }
        let before = self.number.and_then(|number| kept.remove(number));
        kept.waits += 1;
        let number = kept.waits;
        kept.wakers.push((number, waker));
        drop(kept);
        self.number = Some(number);
        quietly(before);
        Poll::Pending
    }
}

impl<T: ?Sized> Kept<T> {
    fn remove(&mut self, number: u64) -> Option<Waker> {
        let at = self.wakers.iter().position(|(other, _)| *other == number)?;
        Some(self.wakers.swap_remove(at).1)
    }
}

impl<T: ?Sized> Drop for Place<T> {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            let waker = lock(&self.log.0).remove(number);
            quietly(waker);
        }
    }
}

#[cfg(all(test, rem_loom))]
mod tests {
    use super::*;
    use crate::loom::{event, model, spawn};

    /// Waits until there are so many, or none will come; how many there are.
    fn waits_for(log: &Arc<Log<dyn crate::event::Payload>>, count: usize) -> usize {
        loop {
            let look = log.all();
            if look.events.len() >= count || look.ended {
                return look.events.len();
            }
            assert!(log.wait(&look, None));
        }
    }

    /// Two wait for what comes, of which each needs another number: whoever pushes wakes both, and no wait is left.
    #[test]
    fn loom_what_comes_wakes_all_who_wait() {
        model(|| {
            let log = Arc::new(Log::new(8));
            let other = Arc::clone(&log);
            let waiter = spawn(move || waits_for(&other, 1));
            let other = Arc::clone(&log);
            let publisher = spawn(move || {
                other.push(event(1));
                other.push(event(2));
            });
            assert_eq!(waits_for(&log, 2), 2);
            assert!(waiter.join().unwrap() >= 1);
            publisher.join().unwrap();
            assert!(lock(&log.0).wakers.is_empty(), "nobody waits any more");
        });
    }

    /// The end beside an event and a wait for more than will ever come: it ends, and has what came before the end.
    #[test]
    fn loom_the_end_wakes_who_waits_for_more() {
        model(|| {
            let log = Arc::new(Log::new(8));
            let other = Arc::clone(&log);
            let publisher = spawn(move || {
                other.push(event(1));
                other.end();
            });
            assert_eq!(waits_for(&log, 2), 1);
            publisher.join().unwrap();
            assert!(lock(&log.0).wakers.is_empty());
        });
    }

    /// A wait that is given up beside what would wake it leaves no waker, and what comes later is not missed.
    #[test]
    fn loom_who_gives_up_leaves_nothing() {
        model(|| {
            let log = Arc::new(Log::new(1));
            let look = log.all();
            let other = Arc::clone(&log);
            let publisher = spawn(move || {
                other.push(event(1));
                other.push(event(2));
            });
            let mut place = Place::new(&log);
            let _ = place.poll(&look, &thread_waker());
            drop(place);
            publisher.join().unwrap();
            assert!(lock(&log.0).wakers.is_empty());
            assert_eq!((waits_for(&log, 1), log.lost()), (1, 1));
        });
    }
}

//! [`Slot`]: where whoever does the work of a projection lies while nobody has it at work, with what it is asked for.

use std::fmt;
use std::time::{Duration, Instant};

use crate::sync::{Condvar, Mutex, lock, wait, wait_at_most};

/// A worker of whom there is one, what it was asked for meanwhile, and how it stands.
///
/// One at a time takes it, and no lock is held while it works. Whoever has it gives it back, or says that it has ended: then
/// nobody waits for it any more.
pub(crate) struct Slot<W, O, S> {
    held: Mutex<Held<W, O, S>>,
    /// It is back, it has ended, or something else has moved.
    moved: Condvar,
}

struct Held<W, O, S> {
    worker: Option<W>,
    orders: Vec<O>,
    status: S,
    /// No worker will be here any more.
    is_over: bool,
}

impl<W, O, S: Clone> Slot<W, O, S> {
    pub(crate) fn new(status: S) -> Self {
        let held = Held { worker: None, orders: Vec::new(), status, is_over: false };
        Self { held: Mutex::new(held), moved: Condvar::new() }
    }

    pub(crate) fn status(&self) -> S {
        lock(&self.held).status.clone()
    }

    /// Asks for something; gives it back when there will be no worker, and when the `same` was asked for just before it.
    pub(crate) fn order(&self, order: O, same: impl Fn(&O) -> bool) -> Option<O> {
        let mut held = lock(&self.held);
        if held.is_over || held.orders.last().is_some_and(same) {
            return Some(order);
        }
        held.orders.push(order);
        None
    }

    /// Takes the worker, with what it was asked for; waits for it at most so long, and not when it has ended.
    pub(crate) fn take(&self, until: Option<Instant>) -> Option<(W, Vec<O>)> {
        let mut held = lock(&self.held);
        loop {
            if held.is_over {
                return None;
            }
            if let Some(worker) = held.worker.take() {
                return Some((worker, std::mem::take(&mut held.orders)));
            }
            held = match until {
                None => wait(&self.moved, held),
                Some(until) => {
                    let left = until.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return None;
                    }
                    wait_at_most(&self.moved, held, left)
                }
            };
        }
    }

    /// Gives the worker back: whether orders came meanwhile. If it was told that it has ended, whoever had it is to let it go.
    pub(crate) fn put(&self, worker: W, status: S) -> Result<bool, W> {
        let mut held = lock(&self.held);
        if held.is_over {
            return Err(worker);
        }
        held.worker = Some(worker);
        held.status = status;
        let has_orders = !held.orders.is_empty();
        drop(held);
        self.moved.notify_all();
        Ok(has_orders)
    }

    /// There will be no worker any more; the first to say so says how it ended.
    pub(crate) fn end(&self, status: S) {
        let mut held = lock(&self.held);
        if !held.is_over {
            held.is_over = true;
            held.status = status;
        }
        drop(held);
        self.moved.notify_all();
    }

    /// Something has moved that whoever waits here looks at.
    pub(crate) fn wake(&self) {
        // Whoever has looked and does not wait yet has the lock.
        drop(lock(&self.held));
        self.moved.notify_all();
    }

    /// Waits until something has moved, so long at most; not if it is so already.
    pub(crate) fn wait_a_moment(&self, limit: Duration, is_so: impl FnOnce() -> bool) {
        let held = lock(&self.held);
        if !is_so() {
            drop(wait_at_most(&self.moved, held, limit));
        }
    }

    #[cfg(all(test, not(rem_loom)))]
    pub(crate) fn has_orders(&self) -> bool {
        !lock(&self.held).orders.is_empty()
    }
}

impl<W, O, S> fmt::Debug for Slot<W, O, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slot").finish_non_exhaustive()
    }
}

#[cfg(all(test, not(rem_loom)))]
mod tests {
    use std::sync::{Arc, mpsc};
    use std::thread;

    use super::*;

    /// Until then a test would have hung.
    const HUNG: Duration = Duration::from_secs(60);

    #[test]
    fn who_waits_for_a_worker_that_ends_elsewhere_waits_no_more() {
        let slot = Arc::new(Slot::<u32, (), &str>::new("live"));
        assert_eq!(slot.put(7, "live"), Ok(false));
        let (worker, _) = slot.take(None).unwrap();
        let (tell, told) = mpsc::channel();
        let its = Arc::clone(&slot);
        thread::spawn(move || tell.send(its.take(None).is_none()));
        assert_eq!(worker, 7); // and it goes
        slot.end("ended");
        assert_eq!(told.recv_timeout(HUNG), Ok(true), "it has come to its end");
        slot.end("stopped");
        assert_eq!(slot.status(), "ended");
    }

    #[test]
    fn one_that_ends_while_its_worker_is_away_stays_at_its_end() {
        let slot = Slot::<u32, u32, &str>::new("live");
        assert_eq!(slot.put(7, "live"), Ok(false));
        let (worker, _) = slot.take(None).unwrap();
        assert_eq!(
            (slot.order(1, |last| *last == 1), slot.order(1, |last| *last == 1)),
            (None, Some(1))
        );
        slot.end("stopped");
        assert_eq!((slot.put(worker, "live"), slot.order(2, |_| false)), (Err(7), Some(2)));
        assert_eq!(slot.status(), "stopped");
    }
}

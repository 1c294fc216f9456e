//! [`Bell`]: what wakes one fiber; [`Ready`]: which of them are to go on.

use std::collections::VecDeque;
use std::sync::{Arc, PoisonError};
use std::task::{Wake, Waker};

use crate::sync::atomic::{AtomicBool, Ordering, fence};
use crate::sync::{Mutex, MutexGuard};

/// The fibers that are to go on, and who is woken for them.
#[derive(Debug, Default)]
pub(crate) struct Ready(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// Their places. A bell puts its fiber's in once until it is taken; who has gone meanwhile is found by nobody.
    places: VecDeque<usize>,
    waker: Option<Waker>,
}

impl Ready {
    pub(crate) fn push(&self, place: usize) {
        self.lock().places.push_back(place);
    }

    pub(crate) fn pop(&self) -> Option<usize> {
        self.lock().places.pop_front()
    }

    /// Wakes that one from now on. It comes before the places are taken, so that none is put in unseen.
    pub(crate) fn wakes(&self, waker: &Waker) {
        let waker = waker.clone(); // the runtime's code, as its drop is: under no lock
        let old = self.lock().waker.replace(waker);
        drop(old);
    }

    fn ring(&self, place: usize) {
        let mut state = self.lock();
        state.places.push_back(place);
        let waker = state.waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Wakes one fiber.
#[derive(Debug)]
pub(crate) struct Bell {
    place: usize,
    rung: AtomicBool,
    ready: Arc<Ready>,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.rung.swap(true, Ordering::AcqRel) {
            self.ready.ring(self.place);
        }
    }
}

/// A bell with its waker.
#[derive(Debug)]
pub(crate) struct Rope {
    bell: Arc<Bell>,
    waker: Waker,
}

impl Rope {
    pub(crate) fn new(place: usize, ready: &Arc<Ready>) -> Self {
        let (rung, ready) = (AtomicBool::new(false), Arc::clone(ready));
        let bell = Arc::new(Bell { place, rung, ready });
        Self { waker: Waker::from(Arc::clone(&bell)), bell }
    }

    /// To be given to who is polled; what rang before counts no more.
    pub(crate) fn hand_out(&self) -> &Waker {
        // Not a store: whoever rang before this without ringing again is seen by it, with what came before that ring. A store
        // could be seen by others after what follows it here is read.
        self.bell.rung.swap(false, Ordering::AcqRel);
        &self.waker
    }

    /// Whether nobody has rung and nobody can: it has been handed out, and no clone of it is left.
    pub(crate) fn is_lost(&self) -> bool {
        if Arc::strong_count(&self.bell) > 2 {
            return false;
        }
        // Who rings does so before its clone goes: with the count seen, so is that.
        fence(Ordering::Acquire);
        !self.bell.rung.load(Ordering::Acquire)
    }
}

#[cfg(all(test, not(rem_loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_bell_is_lost_when_nobody_can_ring_it() {
        let ready = Arc::new(Ready::default());
        let rope = Rope::new(3, &ready);
        let kept = rope.hand_out().clone();
        assert!(!rope.is_lost(), "somebody keeps it");
        drop(kept);
        assert!(rope.is_lost());
        rope.hand_out().wake_by_ref();
        assert!(!rope.is_lost(), "it has been rung");
        assert_eq!((ready.pop(), ready.pop()), (Some(3), None));
    }

    #[test]
    fn it_puts_its_fiber_in_once() {
        let ready = Arc::new(Ready::default());
        let rope = Rope::new(1, &ready);
        let waker = rope.hand_out().clone();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..1_000).for_each(|_| waker.wake_by_ref()));
            }
        });
        assert_eq!((ready.pop(), ready.pop()), (Some(1), None));
        let _ = rope.hand_out();
        waker.wake();
        assert_eq!(ready.pop(), Some(1), "once more when it is handed out anew");
    }
}

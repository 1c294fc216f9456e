//! Waiting in a thread for a future, with a limit or without: for this crate and those that are built on it.
//!
//! By [`sync`](crate::sync), so that a scheduler of tests that fixes the interleaving sees the wait.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::Instant;

use crate::sync::atomic::{AtomicBool, Ordering};
use crate::sync::{self, now, park};

/// What a future gives; `None` if that moment came first.
pub fn block_until<T>(future: impl Future<Output = T>, until: Option<Instant>) -> Option<T> {
    let mut future = pin!(future);
    let alert = Alert::of_this_thread();
    let waker = alert.waker();
    let mut cx = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(given) = future.as_mut().poll(&mut cx) {
            return Some(given);
        }
        while !alert.take() {
            if until.is_some_and(|until| now() >= until) {
                return None;
            }
            park(until);
        }
    }
}

/// What a future gives.
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    match block_until(future, None) {
        Some(given) => given,
        None => unreachable!("without a limit it waits until it is ready"),
    }
}

/// Wakes the thread that made it, and remembers that: what the thread polls may park it as well, and use up what unparks it.
#[derive(Debug)]
pub struct Alert(Arc<Woken>);

#[derive(Debug)]
struct Woken {
    thread: Waker,
    is: AtomicBool,
}

impl Alert {
    /// For this thread.
    pub fn of_this_thread() -> Self {
        Self(Arc::new(Woken { thread: sync::thread_waker(), is: AtomicBool::new(false) }))
    }

    /// What wakes it.
    pub fn waker(&self) -> Waker {
        Waker::from(Arc::clone(&self.0))
    }

    /// Whether it was woken since this was asked last. One that was not parks, and asks again.
    pub fn take(&self) -> bool {
        self.0.is.swap(false, Ordering::AcqRel)
    }
}

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.is.store(true, Ordering::Release);
        self.thread.wake_by_ref();
    }
}

#[cfg(all(test, not(any(rem_loom, rem_shuttle))))]
mod tests {
    use std::future::{pending, poll_fn};
    use std::thread;
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_wait_ends_with_what_is_given_or_with_its_limit() {
        let mut polls = 0;
        let given = block_on(poll_fn(|cx| {
            polls += 1;
            let waker = cx.waker().clone();
            if polls == 3 {
                return Poll::Ready(polls);
            }
            thread::spawn(move || waker.wake());
            Poll::Pending
        }));
        assert_eq!(given, 3);
        let until = now() + Duration::from_millis(5);
        assert_eq!(block_until(pending::<()>(), Some(until)), None);
        assert!(now() >= until);
        // A limit in the past: what is there already is given all the same.
        assert_eq!(block_until(async { 7 }, Some(until)), Some(7));
    }

    #[test]
    fn a_wake_is_not_lost_when_what_is_polled_parks_the_thread() {
        let mut polls = 0;
        block_on(poll_fn(|cx| {
            polls += 1;
            if polls == 2 {
                return Poll::Ready(());
            }
            cx.waker().wake_by_ref();
            thread::park(); // it uses up what the waker said to the thread
            Poll::Pending
        }));
        assert_eq!(polls, 2);
    }
}

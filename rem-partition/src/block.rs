//! Waiting in a thread for a future, with a limit or without.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Instant;

/// What a future gives; `None` if that moment came first.
pub(crate) fn block_until<T>(future: impl Future<Output = T>, until: Option<Instant>) -> Option<T> {
    let mut future = pin!(future);
    let alert = Arc::new(Alert { thread: thread::current(), woken: AtomicBool::new(false) });
    let waker = Waker::from(Arc::clone(&alert));
    let mut cx = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(given) = future.as_mut().poll(&mut cx) {
            return Some(given);
        }
        while !alert.woken.swap(false, Ordering::AcqRel) {
            match until {
                None => thread::park(),
                Some(until) => {
                    let left = until.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return None;
                    }
                    thread::park_timeout(left);
                }
            }
        }
    }
}

/// Wakes a thread, whoever else parks it.
struct Alert {
    thread: Thread,
    woken: AtomicBool,
}

impl Wake for Alert {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.woken.store(true, Ordering::Release);
        self.thread.unpark();
    }
}

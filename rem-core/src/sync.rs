//! Atomics, locks and snapshots: the standard library's; loom's under `cfg(rem_loom)`, so that loom sees every protocol that
//! threads share; shuttle's under `cfg(rem_shuttle)`, so that a seed decides which thread goes on (`testing::interleave`).
//!
//! No user code (handlers, `Drop`, `Clone`, wakers) runs while one of these locks is held.

mod latch;
#[cfg(any(rem_loom, rem_shuttle))]
mod locals;
mod snapshot;
#[cfg(rem_shuttle)]
pub(crate) mod time;

#[cfg(rem_loom)]
use loom::{sync, thread};
#[cfg(rem_shuttle)]
use shuttle::{sync, thread};
#[cfg(not(any(rem_loom, rem_shuttle)))]
use std::{sync, thread};

pub(crate) use sync::{Mutex, MutexGuard, RwLock, RwLockReadGuard, RwLockWriteGuard, atomic};
#[cfg(not(rem_loom))]
pub(crate) use thread::JoinHandle;
pub(crate) use thread::ThreadId;

#[cfg(rem_loom)]
pub(crate) use locals::thread_local;
#[cfg(any(rem_loom, rem_shuttle))]
pub(crate) use locals::{Scoped, scoped_thread_local};
#[cfg(not(any(rem_loom, rem_shuttle)))]
pub(crate) use scoped_tls::scoped_thread_local;
#[cfg(rem_shuttle)]
pub(crate) use shuttle::thread_local;
#[cfg(not(any(rem_loom, rem_shuttle)))]
pub(crate) use std::thread_local;

use std::sync::{Arc, PoisonError};
use std::task::{Wake, Waker};
#[cfg(not(rem_shuttle))]
use std::time::Instant;

/// Takes a lock. That a thread panicked while it held one says nothing here: no user code runs under it, and what it
/// protects is changed in one step.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// [`lock`], to read.
#[cfg(any(rem_loom, rem_shuttle))]
pub(crate) fn read<T>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

/// [`lock`], to write.
pub(crate) fn write<T>(lock: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}

/// Gives a list of what others hold weakly, out of which those that are gone were taken, room for as many again and a few:
/// when that is used up it is looked through again. So it costs each one a look or two, and keeps no more of those that are
/// gone than there are others.
pub(crate) fn keep_room<T>(list: &mut Vec<T>) {
    let room = list.len() + 4;
    list.shrink_to(list.len() + room);
    list.reserve_exact(room);
}

/// Between two looks at something that another thread is about to have done.
pub(crate) fn spin() {
    #[cfg(any(rem_loom, rem_shuttle))]
    thread::yield_now();
    #[cfg(not(any(rem_loom, rem_shuttle)))]
    std::hint::spin_loop();
}

/// The identity of this thread.
pub(crate) fn current_thread() -> ThreadId {
    thread::current().id()
}

/// What ends this thread's [`park`].
pub(crate) fn thread_waker() -> Waker {
    struct Unpark(thread::Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
            // Behind it, for it begins with a turn for others: a thread that took what is noted for a reason to go on, and parked
            // again, would be unparked and seem to sleep.
            #[cfg(rem_shuttle)]
            time::wake(self.0.id());
        }
    }
    Waker::from(Arc::new(Unpark(thread::current())))
}

/// The time by which limits are kept.
#[cfg(not(rem_shuttle))]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Sleeps until this thread's waker is woken or the time has come; sometimes for less, for no reason.
#[cfg(not(any(rem_loom, rem_shuttle)))]
pub(crate) fn park(until: Option<Instant>) {
    match until {
        None => thread::park(),
        Some(until) => thread::park_timeout(until.saturating_duration_since(now())),
    }
}

/// The same; loom has no time.
#[cfg(rem_loom)]
pub(crate) fn park(_: Option<Instant>) {
    thread::park();
}

#[cfg(rem_shuttle)]
pub(crate) use time::{now, park};

/// Starts a thread that ends by itself.
///
/// # Errors
/// When the system has none.
pub(crate) fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
    thread::Builder::new().name(name.into()).spawn(run).map(drop)
}

/// Lets another thread run, which is about to have done what this one waits for.
pub(crate) fn yield_now() {
    thread::yield_now();
}

pub(crate) use latch::{Latch, Watch, latch};
pub(crate) use snapshot::{Guard, Slot, Snapshot};

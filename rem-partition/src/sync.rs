//! Atomics and locks: the standard library's, or loom's under `cfg(rem_loom)`.
//!
//! No user code (units, `Drop` of what they give, wakers, handlers of events) runs while one of these locks is held.

#[cfg(rem_loom)]
pub(crate) use loom::sync::atomic;
#[cfg(not(rem_loom))]
pub(crate) use std::sync::atomic;

#[cfg(rem_loom)]
pub(crate) use loom::sync::{Condvar, Mutex, MutexGuard};
use std::sync::PoisonError;
#[cfg(not(rem_loom))]
pub(crate) use std::sync::{Condvar, Mutex, MutexGuard};

/// Takes a lock. That a thread panicked while it held one says nothing here: what it protects is changed in one step.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Sleeps until it is told, sometimes for no reason.
pub(crate) fn sleep<'a, T>(told: &Condvar, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
    told.wait(guard).unwrap_or_else(PoisonError::into_inner)
}

/// A moment, before one looks again: under loom another thread has its turn.
pub(crate) fn pause() {
    #[cfg(rem_loom)]
    loom::thread::yield_now();
    #[cfg(not(rem_loom))]
    std::hint::spin_loop();
}

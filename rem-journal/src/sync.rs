//! Atomics, locks and threads: the standard library's, or loom's under `cfg(rem_loom)`.
//!
//! No user code (wakers, `Drop` of events) runs while one of these locks is held.

#[cfg(rem_loom)]
pub(crate) use loom::sync::{Condvar, Mutex, MutexGuard, atomic};
#[cfg(not(rem_loom))]
pub(crate) use std::sync::{Condvar, Mutex, MutexGuard, atomic};

use std::sync::PoisonError;
use std::time::Duration;

/// Takes a lock. That a thread panicked while it held one says nothing here: what it protects is changed in one step.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Sleeps until it is told, sometimes for no reason.
pub(crate) fn sleep<'a, T>(told: &Condvar, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
    told.wait(guard).unwrap_or_else(PoisonError::into_inner)
}

/// The same, at most so long. Under loom, which has no time, until it is told.
pub(crate) fn sleep_at_most<'a, T>(
    told: &Condvar,
    guard: MutexGuard<'a, T>,
    limit: Duration,
) -> MutexGuard<'a, T> {
    let woken = told.wait_timeout(guard, limit).unwrap_or_else(PoisonError::into_inner);
    woken.0
}

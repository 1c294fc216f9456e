//! Locks: the standard library's, or loom's under `cfg(rem_loom)`, for what loom looks at.
//!
//! No user code (projections, wakers) runs while one of these locks is held.

use std::sync::PoisonError;
use std::time::Duration;

#[cfg(rem_loom)]
pub(crate) use loom::sync::{Condvar, Mutex, MutexGuard};
#[cfg(not(rem_loom))]
pub(crate) use std::sync::{Condvar, Mutex, MutexGuard};

/// Takes a lock. That a thread panicked while it held one says nothing here: what it protects is changed in one step.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits until it is told that something has moved, or for less.
pub(crate) fn wait<'a, T>(moved: &Condvar, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
    moved.wait(guard).unwrap_or_else(PoisonError::into_inner)
}

/// The same, so long at most: under loom, until it is told.
pub(crate) fn wait_at_most<'a, T>(
    moved: &Condvar,
    guard: MutexGuard<'a, T>,
    limit: Duration,
) -> MutexGuard<'a, T> {
    moved.wait_timeout(guard, limit).unwrap_or_else(PoisonError::into_inner).0
}

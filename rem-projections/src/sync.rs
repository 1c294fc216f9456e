//! Locks: the standard library's, or loom's under `cfg(rem_loom)`, for what loom looks at.
//!
//! No user code (projections, wakers) runs while one of these locks is held.

use std::sync::PoisonError;

#[cfg(rem_loom)]
pub(crate) use loom::sync::{Mutex, MutexGuard};
#[cfg(not(rem_loom))]
pub(crate) use std::sync::{Mutex, MutexGuard};

/// Takes a lock. That a thread panicked while it held one says nothing here: what it protects is changed in one step.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

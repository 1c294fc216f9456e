//! Locks and atomics: the standard library's, or loom's under `cfg(rem_loom)`.
//!
//! No user code (wakers, `Drop` of events, handlers) runs while one of these locks is held.

use std::sync::PoisonError;
use std::task::Waker;

#[cfg(rem_loom)]
pub(crate) use loom::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicUsize, Ordering},
};
#[cfg(not(rem_loom))]
pub(crate) use std::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicUsize, Ordering},
};

/// Takes a lock. That a thread panicked while it held one says nothing here: what it protects is changed in one step.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Wakes, under no lock. A waker is user code: if it panics, that harms nobody else.
pub(crate) fn wake(waker: Waker) {
    drop(rem_core::__private::isolate(|| waker.wake()));
}

//! Atomics and locks: the standard library's, or loom's under `cfg(rem_loom)`.
//!
//! No user code (performers, what they give, wakers) runs while one of these locks is held.

#[cfg(rem_loom)]
pub(crate) use loom::sync::{Mutex, MutexGuard, atomic};
#[cfg(not(rem_loom))]
pub(crate) use std::sync::{Mutex, MutexGuard, atomic};

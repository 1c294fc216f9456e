//! What threads share, for the body of an [`Interleave`](super::Interleave) and what it tests: shuttle's in a build with
//! `--cfg rem_shuttle`, else the standard library's.

#[cfg(rem_shuttle)]
#[doc(no_inline)]
pub use shuttle::sync::{
    Barrier, Condvar, Mutex, MutexGuard, RwLock, RwLockReadGuard, RwLockWriteGuard, atomic, mpsc,
};
#[cfg(not(rem_shuttle))]
#[doc(no_inline)]
pub use std::sync::{
    Barrier, Condvar, Mutex, MutexGuard, RwLock, RwLockReadGuard, RwLockWriteGuard, atomic, mpsc,
};

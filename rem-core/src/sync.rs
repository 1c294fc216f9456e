//! Atomics, locks and snapshots: the standard library's, or loom's under `cfg(rem_loom)`, so that loom sees every
//! protocol that threads share.
//!
//! No user code (handlers, `Drop`, `Clone`, wakers) runs while one of these locks is held.

mod latch;
#[cfg(rem_loom)]
mod locals;

#[cfg(rem_loom)]
pub(crate) use loom::sync::{Mutex, MutexGuard, RwLock, RwLockReadGuard, RwLockWriteGuard, atomic};
#[cfg(not(rem_loom))]
pub(crate) use std::sync::{Mutex, MutexGuard, RwLock, RwLockReadGuard, RwLockWriteGuard, atomic};

#[cfg(rem_loom)]
pub(crate) use locals::{Scoped, scoped_thread_local, thread_local};
#[cfg(not(rem_loom))]
pub(crate) use scoped_tls::scoped_thread_local;
#[cfg(not(rem_loom))]
pub(crate) use std::thread_local;

use std::sync::{Arc, PoisonError};
use std::task::{Wake, Waker};
use std::time::Instant;

/// Takes a lock. That a thread panicked while it held one says nothing here: no user code runs under it, and what it
/// protects is changed in one step.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// [`lock`], to read.
#[cfg(rem_loom)]
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
    #[cfg(rem_loom)]
    thread::yield_now();
    #[cfg(not(rem_loom))]
    std::hint::spin_loop();
}

#[cfg(rem_loom)]
pub(crate) use loom::thread::ThreadId;
#[cfg(not(rem_loom))]
pub(crate) use std::thread::ThreadId;

#[cfg(rem_loom)]
use loom::thread;
#[cfg(not(rem_loom))]
use std::thread;

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
        }
    }
    Waker::from(Arc::new(Unpark(thread::current())))
}

/// Sleeps until this thread's waker is woken or the time has come; sometimes for no reason less.
#[cfg(not(rem_loom))]
pub(crate) fn park(until: Option<Instant>) {
    match until {
        None => thread::park(),
        Some(until) => thread::park_timeout(until.saturating_duration_since(Instant::now())),
    }
}

/// The same; loom has no time.
#[cfg(rem_loom)]
pub(crate) fn park(_: Option<Instant>) {
    thread::park();
}

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

#[cfg(not(rem_loom))]
mod snapshot {
    use std::sync::Arc;

    use arc_swap::{ArcSwap, ArcSwapOption};

    /// What a reader holds: the value as it was, for as long as it looks, without a shared count being changed.
    pub(crate) type Guard<T> = arc_swap::Guard<T>;

    /// A shared value that is read without a lock and replaced as a whole.
    pub(crate) struct Snapshot<T>(ArcSwap<T>);

    impl<T> Snapshot<T> {
        pub(crate) fn new(value: Arc<T>) -> Self {
            Self(ArcSwap::new(value))
        }
        pub(crate) fn load(&self) -> Guard<Arc<T>> {
            self.0.load()
        }
        pub(crate) fn store(&self, value: Arc<T>) {
            self.0.store(value);
        }
        pub(crate) fn swap(&self, value: Arc<T>) -> Arc<T> {
            self.0.swap(value)
        }
    }

    /// The same with room for no value.
    pub(crate) struct Slot<T>(ArcSwapOption<T>);

    impl<T> Default for Slot<T> {
        fn default() -> Self {
            Self(ArcSwapOption::new(None))
        }
    }

    impl<T> Slot<T> {
        pub(crate) fn load(&self) -> Guard<Option<Arc<T>>> {
            self.0.load()
        }
        pub(crate) fn store(&self, value: Option<Arc<T>>) {
            self.0.store(value);
        }
    }
}

/// The same by locks, for loom cannot see into arc-swap: what is proved is the protocol around it.
#[cfg(rem_loom)]
mod snapshot {
    use std::mem;
    use std::ops::Deref;
    use std::sync::Arc;

    use loom::sync::RwLock;

    pub(crate) struct Guard<T>(T);

    impl<T> Guard<T> {
        pub(crate) fn from_inner(value: T) -> Self {
            Self(value)
        }
    }

    impl<T> Deref for Guard<T> {
        type Target = T;
        fn deref(&self) -> &T {
            &self.0
        }
    }

    pub(crate) struct Snapshot<T>(RwLock<Arc<T>>);

    impl<T> Snapshot<T> {
        pub(crate) fn new(value: Arc<T>) -> Self {
            Self(RwLock::new(value))
        }
        pub(crate) fn load(&self) -> Guard<Arc<T>> {
            Guard(super::read(&self.0).clone())
        }
        pub(crate) fn store(&self, value: Arc<T>) {
            drop(self.swap(value));
        }
        pub(crate) fn swap(&self, value: Arc<T>) -> Arc<T> {
            mem::replace(&mut *super::write(&self.0), value)
        }
    }

    pub(crate) struct Slot<T>(RwLock<Option<Arc<T>>>);

    impl<T> Default for Slot<T> {
        fn default() -> Self {
            Self(RwLock::new(None))
        }
    }

    impl<T> Slot<T> {
        pub(crate) fn load(&self) -> Guard<Option<Arc<T>>> {
            Guard(super::read(&self.0).clone())
        }
        pub(crate) fn store(&self, value: Option<Arc<T>>) {
            let old = mem::replace(&mut *super::write(&self.0), value);
            drop(old);
        }
    }
}

//! Values that are read without a lock and replaced as a whole: by arc-swap, or by locks under loom and shuttle.

pub(crate) use by::{Guard, Slot, Snapshot};

#[cfg(not(any(rem_loom, rem_shuttle)))]
mod by {
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

/// The same by locks, for neither loom nor shuttle can see into arc-swap: what is checked is the protocol around it.
#[cfg(any(rem_loom, rem_shuttle))]
mod by {
    use std::mem;
    use std::ops::Deref;
    use std::sync::Arc;

    use crate::sync::{RwLock, read, write};

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
            Guard(read(&self.0).clone())
        }
        pub(crate) fn store(&self, value: Arc<T>) {
            drop(self.swap(value));
        }
        pub(crate) fn swap(&self, value: Arc<T>) -> Arc<T> {
            mem::replace(&mut *write(&self.0), value)
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
            Guard(read(&self.0).clone())
        }
        pub(crate) fn store(&self, value: Option<Arc<T>>) {
            let old = mem::replace(&mut *write(&self.0), value);
            drop(old);
        }
    }
}

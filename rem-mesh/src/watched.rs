//! [`Watched`]: a value that one waits for, in async code of any runtime or in a thread.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use crate::sync::{Mutex, lock, wake};

/// A value that is changed under a lock, and that one waits for to be as one wants it.
///
/// The protocol: who waits looks and leaves his waker under one lock, and who changes takes all wakers under the same; so
/// either the look sees the change, or the change sees the waker. Wakers, which are user code, are called, cloned away and
/// dropped under no lock. Checked by loom (`loom.rs`).
pub(crate) struct Watched<T>(Mutex<Inside<T>>);

struct Inside<T> {
    value: T,
    last: u64,
    waiting: BTreeMap<u64, Waker>,
}

impl<T> Watched<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(Mutex::new(Inside { value, last: 0, waiting: BTreeMap::new() }))
    }

    /// A look, which must be short and call nothing of the user's.
    pub(crate) fn look<R>(&self, look: impl FnOnce(&T) -> R) -> R {
        look(&lock(&self.0).value)
    }

    /// Changes it, in the same way, and wakes all who wait.
    pub(crate) fn change<R>(&self, change: impl FnOnce(&mut T) -> R) -> R {
        let mut inside = lock(&self.0);
        let result = change(&mut inside.value);
        let waiting = mem::take(&mut inside.waiting);
        drop(inside);
        waiting.into_values().for_each(wake);
        result
    }

    /// Changes it in a way that nobody waits for.
    pub(crate) fn change_quietly<R>(&self, change: impl FnOnce(&mut T) -> R) -> R {
        change(&mut lock(&self.0).value)
    }

    /// Ready with what `look` finds, as soon as it finds something.
    pub(crate) fn until<R, F: FnMut(&mut T) -> Option<R>>(&self, look: F) -> Until<'_, T, F> {
        Until { watched: self, look, ticket: 0 }
    }
}

impl<T: fmt::Debug> fmt::Debug for Watched<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&lock(&self.0).value, f)
    }
}

/// Waits. Dropping it leaves nothing.
pub(crate) struct Until<'a, T, F> {
    watched: &'a Watched<T>,
    look: F,
    /// 0 before it waits.
    ticket: u64,
}

// Nothing of it is pinned.
impl<T, F> Unpin for Until<'_, T, F> {}

impl<T, R, F: FnMut(&mut T) -> Option<R>> Future for Until<'_, T, F> {
    type Output = R;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<R> {
        let this = self.get_mut();
        let waker = cx.waker().clone(); // user code: under no lock
        let mut inside = lock(&this.watched.0);
        if let Some(found) = (this.look)(&mut inside.value) {
            return Poll::Ready(found);
        }
        if this.ticket == 0 {
            inside.last += 1;
            this.ticket = inside.last;
        }
        let before = inside.waiting.insert(this.ticket, waker);
        drop(inside);
        drop(before);
        Poll::Pending
    }
}

impl<T, F> Drop for Until<'_, T, F> {
    fn drop(&mut self) {
        if self.ticket > 0 {
            let waker = lock(&self.watched.0).waiting.remove(&self.ticket);
            drop(waker);
        }
    }
}

//! [`By`]: a signal with who sends it.

use std::fmt;
use std::hash::Hash;
use std::ops::ControlFlow;
use std::sync::Arc;

use super::error::{Panicked, SendError};
use super::receiver::ReceiverId;
use super::results::{Results, Sent};
use super::{SendAsync, Signal};

/// A signal with who sends it: see [`Signal::by`].
pub struct By<'a, T: ?Sized, R, S> {
    pub(super) signal: &'a Signal<T, R, S>,
    pub(super) sender: &'a S,
}

impl<'a, T, R, S> By<'a, T, R, S>
where
    T: ?Sized + 'static,
    R: 'static,
    S: Eq + Hash + Send + Sync + 'static,
{
    /// [`Signal::send`], by this sender.
    ///
    /// # Errors
    /// As there; and when hashing or comparing the sender panics.
    pub fn send(&self, value: &T) -> Result<Results<R>, SendError> {
        self.signal.0.collect(Some(self.sender), value)
    }

    /// [`Signal::emit`], by this sender.
    ///
    /// # Errors
    /// As for [`send`](Self::send).
    pub fn emit(&self, value: &T) -> Result<Sent, SendError> {
        self.signal.0.emit(Some(self.sender), value)
    }

    /// [`Signal::send_until`], by this sender.
    ///
    /// # Errors
    /// As for [`send`](Self::send).
    pub fn send_until<B>(
        &self,
        value: &T,
        enough: impl FnMut(ReceiverId, Result<R, Panicked>) -> ControlFlow<B>,
    ) -> Result<Option<B>, SendError> {
        self.signal.0.send_until(Some(self.sender), value, enough)
    }

    /// [`Signal::send_async`], by this sender.
    pub fn send_async(&self, value: impl Into<Arc<T>>) -> SendAsync<'a, T, R, S> {
        SendAsync::new(self.signal, Some(self.sender), value.into())
    }
}

impl<T: ?Sized, R, S: fmt::Debug> fmt::Debug for By<'_, T, R, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("By").field("sender", self.sender).finish_non_exhaustive()
    }
}

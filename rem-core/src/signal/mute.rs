//! [`Muted`]: a signal that calls nobody for a while.

use std::fmt;
use std::hash::Hash;
use std::sync::Arc;

use super::state::Inner;
use super::{Signal, depth};

impl<T, R, S> Signal<T, R, S>
where
    T: ?Sized + 'static,
    R: 'static,
    S: Eq + Hash + Send + Sync + 'static,
{
    /// Mutes the signal for everybody until the guard is dropped: sends call nobody. It nests: the signal is heard again
    /// when the last guard is dropped, in whatever order. A send that has begun goes on.
    ///
    /// ```
    /// use rem_core::signal::Signal;
    ///
    /// let saved: Signal<u32> = Signal::new();
    /// let _log = saved.connect(|order| println!("{order}"));
    /// let (one, other) = (saved.mute(), saved.mute());
    /// drop(one);
    /// assert_eq!(saved.emit(&1)?.delivered(), 0);
    /// drop(other);
    /// assert_eq!(saved.emit(&1)?.delivered(), 1);
    /// # Ok::<(), rem_core::signal::SendError>(())
    /// ```
    pub fn mute(&self) -> Muted {
        self.0.mute();
        Muted(Arc::clone(&self.0) as Arc<dyn Unmute>)
    }

    /// Mutes the signal for what `body` sends in this thread, and for nobody else. An async send is muted if it is first
    /// polled here.
    ///
    /// ```
    /// use rem_core::signal::Signal;
    ///
    /// let saved: Signal<u32> = Signal::new();
    /// let _log = saved.connect(|order| println!("{order}"));
    /// let within = saved.muted(|| saved.emit(&1))?;
    /// assert_eq!((within.delivered(), saved.emit(&1)?.delivered()), (0, 1));
    /// # Ok::<(), rem_core::signal::SendError>(())
    /// ```
    pub fn muted<B>(&self, body: impl FnOnce() -> B) -> B {
        depth::muted(self.0.address(), body)
    }

    /// Whether a send in this thread would call nobody for the signal is muted.
    pub fn is_muted(&self) -> bool {
        depth::is_muted(self.0.address()) || self.0.is_muted()
    }
}

/// A signal is muted as long as this guard lives: see [`Signal::mute`].
#[must_use = "a signal is heard again when the guard is dropped"]
pub struct Muted(Arc<dyn Unmute>);

trait Unmute: Send + Sync {
    fn unmute(&self);
}

impl<T, R, S> Unmute for Inner<T, R, S>
where
    T: ?Sized,
    S: Send + Sync,
{
    fn unmute(&self) {
        Self::unmute(self);
    }
}

impl Drop for Muted {
    fn drop(&mut self) {
        self.0.unmute();
    }
}

impl fmt::Debug for Muted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Muted")
    }
}

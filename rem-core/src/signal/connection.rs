//! [`Connection`]: the guard of a receiver.

use std::fmt;
use std::hash::Hash;
use std::panic::Location;
use std::sync::{Arc, Weak};

use super::changes::Cause;
use super::plan::Key;
use super::receiver::{Heard, ReceiverId, Sender};
use super::state::Inner;

/// The guard of a receiver: while it lives, the receiver is called; when it is dropped, no new call starts.
///
/// Dropping it never waits: a call that runs in another thread finishes, and the receiver is dropped after it. It names
/// neither what is sent nor what is returned, so that the guards of several signals can stand in one `Vec`.
#[must_use = "a receiver is disconnected when its guard is dropped; hold it, or let it last with `.detach()`"]
pub struct Connection<S = ()> {
    signal: Weak<dyn Holds<S>>,
    key: Key,
    place: &'static Location<'static>,
    /// It lasts as long as the signal.
    is_detached: bool,
}

/// What a guard may ask of its signal.
pub(super) trait Holds<S>: Send + Sync {
    fn remove(&self, key: Key) -> bool;
    fn has(&self, key: Key) -> bool;
    fn detach(&self, key: Key);
    fn hear(&self, key: Key, sender: &Sender<Arc<S>>, change: &dyn Fn(Heard) -> Heard) -> bool;
}

impl<T, R, S> Holds<S> for Inner<T, R, S>
where
    T: ?Sized + 'static,
    R: 'static,
    S: Eq + Hash + Send + Sync + 'static,
{
    fn remove(&self, key: Key) -> bool {
        Self::remove(self, key, Cause::Disconnected)
    }

    fn has(&self, key: Key) -> bool {
        Self::has(self, key)
    }

    fn detach(&self, key: Key) {
        Self::detach(self, key);
    }

    fn hear(&self, key: Key, sender: &Sender<Arc<S>>, change: &dyn Fn(Heard) -> Heard) -> bool {
        Self::hear(self, key, sender, change).is_some()
    }
}

impl<S> Connection<S> {
    pub(super) fn new(
        signal: Weak<dyn Holds<S>>,
        key: Key,
        place: &'static Location<'static>,
    ) -> Self {
        Self { signal, key, place, is_detached: false }
    }

    /// The receiver, as results and reports name it.
    pub fn id(&self) -> ReceiverId {
        self.key.id
    }

    /// `true` as long as the receiver may be called: until its signal or its weak owner is gone.
    pub fn is_connected(&self) -> bool {
        self.signal.upgrade().is_some_and(|signal| signal.has(self.key))
    }

    /// Hears this sender too: [`Sender::Any`], or one by value. What it hears already changes nothing.
    ///
    /// A receiver is called once for each send, whatever it hears.
    pub fn connect_to(&self, sender: impl Into<Sender<S>>) {
        self.change(sender.into(), |heard| Heard { lasting: true, ..heard });
    }

    /// Hears this sender no more; it stays connected to others. `Sender::Any` is one of them: who hears any sender hears
    /// this one still.
    pub fn disconnect_from(&self, sender: impl Into<Sender<S>>) {
        self.change(sender.into(), |heard| Heard { lasting: false, ..heard });
    }

    /// Hears this sender too until the guard is dropped; then it hears what it heard before, whatever was connected or
    /// disconnected meanwhile.
    ///
    /// ```
    /// use rem_core::signal::Signal;
    ///
    /// let saved: Signal<u32, (), &str> = Signal::new();
    /// let log = saved.connect_to("shop", |order| println!("{order}"));
    /// {
    ///     let _also = log.connected_to("stock");
    ///     let _again = log.connected_to("shop");
    ///     assert!(saved.has_receivers_for(&"stock"));
    /// }
    /// assert!(saved.has_receivers_for(&"shop"), "as before");
    /// assert!(!saved.has_receivers_for(&"stock"));
    /// ```
    pub fn connected_to(&self, sender: impl Into<Sender<S>>) -> ConnectedTo<S> {
        let sender = shared(sender.into());
        if let Some(signal) = self.signal.upgrade() {
            signal.hear(self.key, &sender, &|heard| Heard { guards: heard.guards + 1, ..heard });
        }
        ConnectedTo { signal: Weak::clone(&self.signal), key: self.key, sender }
    }

    fn change(&self, sender: Sender<S>, change: impl Fn(Heard) -> Heard) {
        if let Some(signal) = self.signal.upgrade() {
            signal.hear(self.key, &shared(sender), &change);
        }
    }

    /// Lets the receiver last as long as the signal. Sends whose receivers all do are the quickest.
    pub fn detach(mut self) {
        self.is_detached = true;
        if let Some(signal) = self.signal.upgrade() {
            signal.detach(self.key);
        }
    }

    /// Disconnects the receiver: the same as dropping the guard, and tells whether it was connected.
    #[expect(clippy::must_use_candidate, reason = "it is disconnected, whether one asks or not")]
    pub fn disconnect(mut self) -> bool {
        self.is_detached = true;
        self.signal.upgrade().is_some_and(|signal| signal.remove(self.key))
    }
}

fn shared<S>(sender: Sender<S>) -> Sender<Arc<S>> {
    match sender {
        Sender::Any => Sender::Any,
        Sender::Is(sender) => Sender::Is(Arc::new(sender)),
    }
}

impl<S> Drop for Connection<S> {
    fn drop(&mut self) {
        if !self.is_detached
            && let Some(signal) = self.signal.upgrade()
        {
            signal.remove(self.key);
        }
    }
}

impl<S> fmt::Debug for Connection<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("id", &self.id())
            .field("priority", &self.key.priority())
            .field("place", &format_args!("{}", self.place))
            .finish_non_exhaustive()
    }
}

/// A receiver hears a sender as long as this guard lives: see [`Connection::connected_to`].
#[must_use = "the sender is heard until this guard is dropped"]
pub struct ConnectedTo<S> {
    signal: Weak<dyn Holds<S>>,
    key: Key,
    sender: Sender<Arc<S>>,
}

impl<S> Drop for ConnectedTo<S> {
    fn drop(&mut self) {
        if let Some(signal) = self.signal.upgrade() {
            let less = |heard: Heard| Heard { guards: heard.guards.saturating_sub(1), ..heard };
            signal.hear(self.key, &self.sender, &less);
        }
    }
}

impl<S: fmt::Debug> fmt::Debug for ConnectedTo<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectedTo")
            .field("receiver", &self.key.id)
            .field("sender", &self.sender)
            .finish_non_exhaustive()
    }
}

//! [`Subscriptions`]: the guard of handlers that were registered together.

use std::fmt;
use std::mem;
use std::sync::Arc;

use crate::subscription::{Ending, Loose, Subscription, Unsubscribed};
use crate::sync::{Mutex, lock};

/// The guard of handlers that were registered together: while it lives they are called; when it is dropped, no new call
/// starts.
///
/// It shows each handler with its pattern and the line of its declaration.
#[must_use = "the handlers end when their guard is dropped; hold it, or let them last with `.detach()`"]
pub struct Subscriptions {
    held: Vec<(&'static str, Subscription)>,
    /// For handlers that end with their value: where they leave what is to be ended then.
    with_value: Option<Arc<LeftBehind>>,
}

/// What a guard that was let go leaves to handlers that end with their value.
pub(super) struct LeftBehind(Mutex<Left>);

enum Left {
    /// To be ended with the value.
    Loose(Vec<Loose>),
    /// The value is gone.
    Gone,
}

impl LeftBehind {
    pub(super) fn new() -> Self {
        Self(Mutex::new(Left::Loose(Vec::new())))
    }

    /// The value is gone, so its subscriptions end.
    pub(super) fn end(&self) {
        let left = mem::replace(&mut *lock(&self.0), Left::Gone);
        if let Left::Loose(all) = left {
            all.into_iter().for_each(Loose::end); // under no lock
        }
    }

    fn keep(&self, loose: Vec<Loose>) {
        let too_late = match &mut *lock(&self.0) {
            Left::Loose(all) => {
                all.extend(loose);
                Vec::new()
            }
            Left::Gone => loose,
        };
        too_late.into_iter().for_each(Loose::end); // under no lock
    }
}

impl Subscriptions {
    pub(super) fn new(
        held: Vec<(&'static str, Subscription)>,
        with_value: Option<Arc<LeftBehind>>,
    ) -> Self {
        Self { held, with_value }
    }

    /// How many subscriptions there are: one for each `#[on("…")]`.
    pub fn len(&self) -> usize {
        self.held.len()
    }

    /// `true` if every `#[on("…")]` was left out by `#[cfg(…)]`.
    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// The handlers' names and their subscriptions, in the order of declaration.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&'static str, &Subscription)> {
        self.held.iter().map(|(name, subscription)| (*name, subscription))
    }

    /// `true` as long as events are delivered to one of them: until the bus is gone, all have ended by themselves, or, for
    /// handlers that are registered weakly, an event has found their value gone. A bus that is closed may still be there.
    pub fn is_active(&self) -> bool {
        self.held.iter().any(|(_, subscription)| subscription.is_active())
    }

    /// Lets the handlers last as long as the bus, or as their value where they are registered weakly.
    pub fn detach(self) {
        let Self { held, with_value } = self;
        let loose: Vec<_> =
            held.into_iter().filter_map(|(_, subscription)| subscription.loosen()).collect();
        if let Some(left) = with_value {
            left.keep(loose);
        }
    }

    /// Ends the handlers: the same as dropping the guard, said aloud.
    pub fn end(self) {
        drop(self);
    }

    /// Ends all the handlers, then waits until no call of one of them is running: see [`Subscription::unsubscribe`].
    pub fn unsubscribe(self) -> Unsubscribed {
        // All end before one is waited for.
        let ending: Vec<_> =
            self.held.into_iter().map(|(_, subscription)| subscription.begin()).collect();
        let running = |ending: Ending| ending.finish() == Unsubscribed::Running;
        let running = ending.into_iter().map(running).fold(false, |any, one| any | one);
        if running { Unsubscribed::Running } else { Unsubscribed::Done }
    }
}

impl fmt::Debug for Subscriptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

/// One handler a line.
impl fmt::Display for Subscriptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (name, subscription)) in self.iter().enumerate() {
            write!(f, "{}`{name}`: {subscription}", if at == 0 { "" } else { "\n" })?;
        }
        Ok(())
    }
}

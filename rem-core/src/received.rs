//! [`Received`]: one receipt of an event by one subscription.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use rem_patterns::Captures;

use crate::event::{Event, Payload};
use crate::subscription::{About, SubscriptionId};

/// One receipt of an event by one subscription: the event, and what is known only here.
///
/// It reads as the [`Event`].
pub struct Received<T: ?Sized = dyn Payload> {
    event: Arc<Event<T>>,
    subscription: Arc<About>,
    is_replay: bool,
}

impl<T: ?Sized> Received<T> {
    pub(crate) fn new(event: Arc<Event<T>>, subscription: Arc<About>, is_replay: bool) -> Self {
        Self { event, subscription, is_replay }
    }

    /// The event, to be kept.
    pub fn event(&self) -> &Arc<Event<T>> {
        &self.event
    }

    /// What the pattern's `{name}` stood for in this event's topic, with escapes undone.
    ///
    /// Costs a match of the pattern, each time.
    pub fn capture(&self, name: &str) -> Option<Cow<'_, str>> {
        self.captures()?.get(name)
    }

    /// All that the pattern captured. `None` for a pattern that is a set or a regular expression without captures.
    pub fn captures(&self) -> Option<Captures<'_>> {
        self.subscription.pattern.captures(self.event.topic())
    }

    /// `true` for an event that was read from the history, which a subscription does that begins in the past
    /// ([`Start`](crate::Start)): an effect that must not happen twice is left out then.
    pub fn is_replay(&self) -> bool {
        self.is_replay
    }

    /// The subscription that received it.
    pub fn subscription(&self) -> SubscriptionId {
        self.subscription.id
    }
}

impl<T: ?Sized> Clone for Received<T> {
    fn clone(&self) -> Self {
        Self {
            event: Arc::clone(&self.event),
            subscription: Arc::clone(&self.subscription),
            is_replay: self.is_replay,
        }
    }
}

impl<T: ?Sized> Deref for Received<T> {
    type Target = Event<T>;

    fn deref(&self) -> &Event<T> {
        &self.event
    }
}

impl<T: Payload + ?Sized> fmt::Debug for Received<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Received")
            .field("event", &self.event)
            .field("subscription", &self.subscription.id)
            .field("captures", &self.captures())
            .field("is_replay", &self.is_replay)
            .finish()
    }
}

impl<T: Payload + ?Sized> fmt::Display for Received<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.event, f)
    }
}

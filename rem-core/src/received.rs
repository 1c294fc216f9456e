//! [`Received`]: one receipt of an event by one subscription.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use rem_patterns::Captures;

use crate::event::{Event, Payload};
use crate::subscription::{Entry, SubscriptionId};

/// One receipt of an event by one subscription: the event, and what is known only here.
///
/// It reads as the [`Event`].
pub struct Received<T: ?Sized = dyn Payload> {
    event: Arc<Event<T>>,
    entry: Arc<Entry>,
}

impl<T: ?Sized> Received<T> {
    pub(crate) fn new(event: Arc<Event<T>>, entry: Arc<Entry>) -> Self {
        Self { event, entry }
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
        self.entry.pattern.captures(self.entry.part_of(self.event.topic(), self.event.scope()))
    }

    /// The subscription that received it.
    pub fn subscription(&self) -> SubscriptionId {
        self.entry.id
    }
}

impl<T: ?Sized> Clone for Received<T> {
    fn clone(&self) -> Self {
        Self { event: Arc::clone(&self.event), entry: Arc::clone(&self.entry) }
    }
}

impl<T: ?Sized> Deref for Received<T> {
    type Target = Event<T>;

    fn deref(&self) -> &Event<T> {
        &self.event
    }
}

impl<T: fmt::Debug + ?Sized> fmt::Debug for Received<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Received")
            .field("event", &self.event)
            .field("subscription", &self.entry.id)
            .field("captures", &self.captures())
            .finish()
    }
}

impl<T: fmt::Debug + ?Sized> fmt::Display for Received<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.event, f)
    }
}

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
///
/// ```
/// use rem_core::wire::{Codec, RawEvent};
/// use rem_core::{Bus, Received};
///
/// let bus = Bus::new();
/// let _sub = bus.subscription("order.{id}.paid").inline_received(|paid: Received| {
///     assert_eq!(paid.capture("id").as_deref(), Some("42"));
///     assert!(!paid.is_replay());
/// })?;
/// assert_eq!(bus.publish_to("order.42.paid", RawEvent::new(Codec::Json, *b"1"))?.delivered(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Received<T: ?Sized = dyn Payload> {
    event: Arc<Event<T>>,
    subscription: SubscriptionId,
    /// Of a subscription whose pattern captures something. Most do not, and spare a count of owners.
    captures: Option<Arc<About>>,
    is_replay: bool,
    attempt: u32,
}

impl<T: ?Sized> Received<T> {
    #[inline]
    pub(crate) fn new(event: Arc<Event<T>>, about: &Arc<About>, is_replay: bool) -> Self {
        let captures = about.captures.then(|| Arc::clone(about));
        Self { event, subscription: about.id, captures, is_replay, attempt: 1 }
    }

    /// The same, the how-manieth.
    #[inline]
    pub(crate) fn attempted(mut self, attempt: u32) -> Self {
        self.attempt = attempt;
        self
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

    /// All that the pattern captured: nothing, if it has no captures. `None` if it does not select the topic as it stands,
    /// which a pattern of a type need not do on a child bus.
    pub fn captures(&self) -> Option<Captures<'_>> {
        match &self.captures {
            None => Some(Captures::default()),
            Some(about) => about.pattern.captures(self.event.topic()),
        }
    }

    /// `true` for an event that was read from the history, which a subscription does that begins in the past
    /// ([`Start`](crate::Start)): an effect that must not happen twice is left out then. `false` for all that a durable
    /// subscription is given, which is to be handled however late.
    pub fn is_replay(&self) -> bool {
        self.is_replay
    }

    /// The how-manieth call of the handler with this event it is: 1, but for a task that [tries again](crate::Retry).
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// The subscription that received it.
    pub fn subscription(&self) -> SubscriptionId {
        self.subscription
    }
}

impl<T: ?Sized> Clone for Received<T> {
    fn clone(&self) -> Self {
        Self {
            event: Arc::clone(&self.event),
            subscription: self.subscription,
            captures: self.captures.clone(),
            is_replay: self.is_replay,
            attempt: self.attempt,
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
            .field("subscription", &self.subscription)
            .field("captures", &self.captures())
            .field("is_replay", &self.is_replay)
            .field("attempt", &self.attempt)
            .finish()
    }
}

impl<T: Payload + ?Sized> fmt::Display for Received<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.event, f)
    }
}

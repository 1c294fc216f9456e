//! [`PublishEvent`]: the intent to publish an event.

use std::any::Any;
use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::Pin;

use rem_core::{Bus, EventType, Receipt};

use crate::effect::Effect;
use crate::intent::Intent;

/// The intent to publish an event, of any type, under its topic. Its result is the receipt.
///
/// [`Dispatcher::publishing`](crate::Dispatcher::publishing) performs it on a bus. Without one it is a value to be looked at:
/// [`event`](Self::event) gives the event, and two are equal if their events are of one type and equal.
pub struct PublishEvent(Box<dyn Publish>);

impl PublishEvent {
    /// The intent to publish that event: each time the effect is performed, a clone of it.
    pub fn new<E: EventType + Clone + PartialEq>(event: E) -> Self {
        Self(Box::new(event))
    }

    /// The event, if it is of that type.
    pub fn event<E: EventType>(&self) -> Option<&E> {
        self.0.as_any().downcast_ref()
    }

    /// In this thread, as [`Bus::publish`].
    pub(crate) fn now(&self, bus: &Bus) -> Result<Receipt, Failure> {
        self.0.now(bus)
    }

    /// In async code, as [`Bus::publish_async`].
    pub(crate) fn later(&self, bus: &Bus) -> Later {
        self.0.later(bus.clone())
    }
}

/// Publishes the event: [`Effect::of`] a [`PublishEvent`]. Errors name this line.
///
/// ```
/// # use rem_core::{Bus, EventType};
/// use rem_effects::{Dispatcher, EffectError, publish};
///
/// # fn publish_it<E: EventType + Clone + PartialEq>(placed: E) -> Result<(), EffectError> {
/// let told = publish(placed).map(|receipt| receipt.delivered());
/// let listeners = told.perform_blocking(&Dispatcher::publishing(&Bus::new()))?;
/// # Ok(()) }
/// ```
#[track_caller]
pub fn publish<E: EventType + Clone + PartialEq>(event: E) -> Effect<Receipt> {
    Effect::of(PublishEvent::new(event))
}

type Failure = Box<dyn Error + Send + Sync>;
pub(crate) type Later = Pin<Box<dyn Future<Output = Result<Receipt, Failure>> + Send>>;

/// An event of any type.
trait Publish: fmt::Debug + Send + Sync {
    fn as_any(&self) -> &dyn Any;
    fn is(&self, other: &dyn Any) -> bool;
    fn now(&self, bus: &Bus) -> Result<Receipt, Failure>;
    fn later(&self, bus: Bus) -> Later;
}

impl<E: EventType + Clone + PartialEq> Publish for E {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn is(&self, other: &dyn Any) -> bool {
        other.downcast_ref().is_some_and(|other| self == other)
    }

    fn now(&self, bus: &Bus) -> Result<Receipt, Failure> {
        bus.publish(self.clone()).map_err(Failure::from)
    }

    fn later(&self, bus: Bus) -> Later {
        let event = self.clone();
        Box::pin(async move { bus.publish_async(event).await.map_err(Failure::from) })
    }
}

impl Intent for PublishEvent {
    type Output = Receipt;
}

impl PartialEq for PublishEvent {
    fn eq(&self, other: &Self) -> bool {
        self.0.is(other.0.as_any())
    }
}

impl fmt::Debug for PublishEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PublishEvent").field(&self.0).finish()
    }
}

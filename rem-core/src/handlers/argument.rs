//! [`Argument`]: what a handler can ask for, and [`HandlerCall`], which it is made from.

use std::fmt;
use std::sync::{Arc, Weak};

use rem_patterns::{Captures, Topic};

use super::{ArgumentError, States};
use crate::bus::{self, Bus};
use crate::clock::Timestamp;
use crate::event::{Event, EventId, Metadata};
use crate::received::Received;
use crate::subscription::{About, SubscriptionId};

/// What a declared handler can take as an argument, in any order, beside `&Event<T>` and `Received<T>`.
///
/// Implemented for what an event and its receipt know: [`&Event`](Event) and [`Received`] of any type,
/// [`Captured<T>`](super::Captured) and [`Captures`], [`Metadata`] and `&Metadata`, [`Topic`] and `&Topic`, [`EventId`],
/// [`Timestamp`], [`SubscriptionId`], the [`Bus`] on which the handler is registered and [`State<S>`](super::State); and
/// for an `Option` or a `Result` of each, which take in what is missing.
///
/// Implement it for types of your own:
/// ```
/// use rem_core::{Argument, ArgumentError, HandlerCall};
///
/// /// Whose event it is.
/// struct Tenant(String);
///
/// impl<'c> Argument<'c> for Tenant {
///     fn from_call(call: &HandlerCall<'c>) -> Result<Self, ArgumentError> {
///         let tenant = call.event().metadata().get("tenant").and_then(|tenant| tenant.as_str());
///         let tenant = tenant.ok_or_else(|| ArgumentError::new("metadata has no text `tenant`"))?;
///         Ok(Self(tenant.to_owned()))
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "a handler cannot take an argument of type `{Self}`",
    label = "not an argument of a handler",
    note = "it can take `&Event<T>`, `Received<T>`, `Captured<T>`, `Metadata`, `Topic`, `Bus` and `State<S>`, or what implements `Argument`",
    note = "an event's type is read from the text: write `&Event<T>` or `Received<T>` out, under these names"
)]
pub trait Argument<'c>: Sized {
    /// Asked once, when the handler is registered: whether the argument could ever be made on this bus.
    ///
    /// # Errors
    /// What is missing. Then no handler of the registration is subscribed.
    fn check(bus: &Bus) -> Result<(), ArgumentError> {
        let _ = bus;
        Ok(())
    }

    /// Makes the argument, for one call.
    ///
    /// # Errors
    /// Why it could not be made. Then the handler is not called, and has failed.
    fn from_call(call: &HandlerCall<'c>) -> Result<Self, ArgumentError>;
}

/// One call of a declared handler: what its arguments are made from.
pub struct HandlerCall<'c> {
    pub(super) event: &'c Arc<Event>,
    pub(super) about: &'c Arc<About>,
    pub(super) around: &'c Around,
    pub(super) is_replay: bool,
    pub(super) attempt: u32,
}

/// What a declared handler knows of its surroundings. It does not keep the bus, which keeps the handler.
pub(super) struct Around {
    pub(super) bus: Weak<bus::State>,
    pub(super) states: Arc<States>,
}

impl<'c> HandlerCall<'c> {
    /// The event, with data of any type.
    pub fn event(&self) -> &'c Arc<Event> {
        self.event
    }

    /// What the pattern captured. `None` for a handler that is subscribed by type alone.
    pub fn captures(&self) -> Option<Captures<'c>> {
        self.about.pattern.captures(self.event.topic())
    }

    /// What the handler selects: from the root bus, or below any scope for one that is subscribed by type alone.
    pub fn pattern(&self) -> &'c str {
        self.about.pattern.as_str()
    }

    /// The subscription through which it is called.
    pub fn subscription(&self) -> SubscriptionId {
        self.about.id
    }

    /// The bus on which the handler is registered. `None` when no handle of it is left.
    pub fn bus(&self) -> Option<Bus> {
        self.around.bus.upgrade().map(Bus::from_state)
    }

    /// The value of that type which was given to [`BusBuilder::state`](crate::BusBuilder::state).
    pub fn state<S: Send + Sync + 'static>(&self) -> Option<&'c S> {
        self.around.states.get()
    }

    /// Whether the event is of the past: see [`Received::is_replay`].
    pub fn is_replay(&self) -> bool {
        self.is_replay
    }

    /// Which call with this event it is, beginning with 1: see [`Received::attempt`].
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// The receipt of the event as a type. Not public API; called by expanded code.
    #[doc(hidden)]
    pub fn receive<T: ?Sized>(&self, event: &Arc<Event<T>>) -> Received<T> {
        Received::new(Arc::clone(event), self.about, self.is_replay).attempted(self.attempt)
    }
}

impl fmt::Debug for HandlerCall<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HandlerCall")
            .field("event", &self.event)
            .field("subscription", &self.about)
            .finish_non_exhaustive()
    }
}

/// Arguments that are always there.
macro_rules! argument {
    ($($type:ty: $call:ident => $value:expr;)*) => {$(
        impl<'c> Argument<'c> for $type {
            fn from_call($call: &HandlerCall<'c>) -> Result<Self, ArgumentError> {
                Ok($value)
            }
        }
    )*};
}

argument! {
    &'c Event: call => call.event;
    Received: call => call.receive(call.event);
    &'c Metadata: call => call.event.metadata();
    Metadata: call => call.event.metadata().clone();
    &'c Topic: call => call.event.topic();
    Topic: call => call.event.topic().clone();
    EventId: call => call.event.id();
    Timestamp: call => call.event.timestamp();
    SubscriptionId: call => call.about.id;
}

impl<'c> Argument<'c> for Bus {
    fn from_call(call: &HandlerCall<'c>) -> Result<Self, ArgumentError> {
        call.bus().ok_or_else(|| {
            ArgumentError::new(
                "the bus on which the handler was registered is gone; keep a handle of it as long as the handler",
            )
        })
    }
}

impl<'c> Argument<'c> for Captures<'c> {
    fn from_call(call: &HandlerCall<'c>) -> Result<Self, ArgumentError> {
        call.captures().ok_or_else(|| {
            ArgumentError::new(format_args!("the pattern `{}` captures nothing", call.pattern()))
        })
    }
}

/// `None` where the argument could not be made.
impl<'c, A: Argument<'c>> Argument<'c> for Option<A> {
    fn from_call(call: &HandlerCall<'c>) -> Result<Self, ArgumentError> {
        Ok(A::from_call(call).ok())
    }
}

/// The reason where the argument could not be made.
impl<'c, A: Argument<'c>> Argument<'c> for Result<A, ArgumentError> {
    fn from_call(call: &HandlerCall<'c>) -> Result<Self, ArgumentError> {
        Ok(A::from_call(call))
    }
}

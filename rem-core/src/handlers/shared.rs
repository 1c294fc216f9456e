//! [`State`]: what a program shares with its handlers.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::fmt;
use std::ops::{Deref, DerefMut};

use super::{Argument, ArgumentError, HandlerCall};
use crate::bus::Bus;

/// An argument of a handler: a value that was given to the bus by
/// [`BusBuilder::state`](crate::BusBuilder::state), found by its type.
///
/// Each call gets a clone, so give what is cheap to clone: a handle, or an `Arc`. A handler whose state is missing is
/// refused when it is registered.
///
/// ```
/// use rem_core::{Bus, State};
///
/// #[derive(Clone)]
/// struct Tariff { cents: u64 }
///
/// let bus = Bus::builder().state(Tariff { cents: 250 }).build();
/// assert_eq!(bus.state_of::<Tariff>().map(|tariff| tariff.cents), Some(250));
/// // In a handler: `fn paid(&self, event: &Event<Order>, State(tariff): State<Tariff>)`.
/// # let State(_) = State(1);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct State<S>(pub S);

impl<'c, S: Clone + Send + Sync + 'static> Argument<'c> for State<S> {
    fn check(bus: &Bus) -> Result<(), ArgumentError> {
        bus.state_of::<S>().map(drop).ok_or_else(missing::<S>)
    }

    fn from_call(call: &HandlerCall<'c>) -> Result<Self, ArgumentError> {
        call.state::<S>().cloned().map(Self).ok_or_else(missing::<S>)
    }
}

fn missing<S>() -> ArgumentError {
    let name = std::any::type_name::<S>();
    ArgumentError::new(format_args!(
        "the bus has no state of type `{name}`; give it one: `Bus::builder().state(…)`"
    ))
}

impl<S> Deref for State<S> {
    type Target = S;

    fn deref(&self) -> &S {
        &self.0
    }
}

impl<S> DerefMut for State<S> {
    fn deref_mut(&mut self) -> &mut S {
        &mut self.0
    }
}

/// The values that were given to a bus, one of each type. Fixed when the bus is built, so reading takes no lock.
#[derive(Default)]
pub(crate) struct States(HashMap<TypeId, Box<dyn Any + Send + Sync>>);

impl States {
    /// Adds a value, in the place of another of its type.
    pub(crate) fn put<S: Send + Sync + 'static>(&mut self, value: S) {
        self.0.insert(TypeId::of::<S>(), Box::new(value));
    }

    pub(crate) fn get<S: Send + Sync + 'static>(&self) -> Option<&S> {
        self.0.get(&TypeId::of::<S>())?.downcast_ref()
    }
}

impl fmt::Debug for States {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} values", self.0.len())
    }
}

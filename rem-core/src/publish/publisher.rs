//! [`Publisher`]: one event type, published often.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use super::{EventBuilder, Receipt, To};
use crate::bus::{Bus, State};
use crate::error::PublishError;
use crate::event::EventType;
use crate::route::TypeTable;
use crate::way;

/// Publishes one event type on one bus: see [`Bus::publisher`].
///
/// It holds the type's topics with their routes, and so spares the look for them. A handle; its clones are the same.
///
/// ```
/// # use rem_core::{Bus, EventType};
/// # fn publish<E: EventType>(bus: &Bus, many: Vec<E>) -> Result<(), rem_core::PublishError<E>> {
/// let publisher = bus.publisher();
/// for event in many {
///     publisher.publish(event)?;
/// }
/// # Ok(()) }
/// ```
pub struct Publisher<E> {
    bus: Arc<State>,
    table: Arc<TypeTable>,
    of: PhantomData<fn(E)>,
}

impl<E: EventType> Publisher<E> {
    pub(crate) fn new(bus: &Bus) -> Self {
        let bus = Arc::clone(bus.state_arc());
        let table = bus.types.table::<E>();
        Self { bus, table, of: PhantomData }
    }

    /// Publishes a value: the same as [`Bus::publish`].
    ///
    /// # Errors
    /// As for [`Bus::publish`].
    pub fn publish(&self, data: E) -> Result<Receipt, PublishError<E>> {
        let to = To::Table(&self.table);
        way::go(&self.bus, data, to, None, None)
    }

    /// A publish in the making: the same as [`Bus::event`].
    pub fn event(&self, data: E) -> EventBuilder<'_, E> {
        EventBuilder::new(&self.bus, To::Table(&self.table), data)
    }
}

impl<E> Clone for Publisher<E> {
    fn clone(&self) -> Self {
        Self { bus: Arc::clone(&self.bus), table: Arc::clone(&self.table), of: PhantomData }
    }
}

impl<E: EventType> fmt::Debug for Publisher<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Publisher")
            .field("type", &E::SCHEMA.name)
            .field("prefix", &self.bus.prefix())
            .finish_non_exhaustive()
    }
}

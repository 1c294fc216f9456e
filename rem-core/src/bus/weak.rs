//! [`WeakBus`]: a handle that does not keep the bus.

use std::fmt;
use std::sync::{Arc, Weak};

use super::{Bus, State};

/// A handle that does not keep its bus: for handlers, whose bus keeps them, and for all that should not make it last.
///
/// ```
/// use rem_core::{Bus, Event};
///
/// let bus = Bus::new();
/// let weak = bus.downgrade();
/// let _sub = bus.subscribe("order", move |event: &Event| {
///     if let Some(bus) = weak.upgrade() {
///         println!("{event} on {bus:?}");
///     }
/// })?;
/// # Ok::<(), rem_core::SubscribeError>(())
/// ```
#[derive(Clone)]
pub struct WeakBus(Weak<State>);

impl Bus {
    /// A handle that does not keep the bus. When the last [`Bus`] of it and of all buses below it is gone, so is the bus.
    pub fn downgrade(&self) -> WeakBus {
        WeakBus(Arc::downgrade(&self.0))
    }
}

impl WeakBus {
    /// The bus, closed perhaps, unless it is gone.
    pub fn upgrade(&self) -> Option<Bus> {
        self.0.upgrade().map(Bus)
    }
}

impl fmt::Debug for WeakBus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WeakBus").field("gone", &(self.0.strong_count() == 0)).finish()
    }
}

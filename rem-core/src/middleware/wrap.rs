//! Middleware around middleware: [`named`], and `Arc`, to keep a handle of what a bus was given.

use std::fmt;
use std::sync::Arc;

use super::{Middleware, Next, Step, Stop};
use crate::draft::Draft;
use crate::publish::Receipt;

/// The same middleware under a name of its own, which receipts, errors and [`Bus::topology`](crate::Bus::topology) tell:
/// for two of one type.
///
/// ```
/// use rem_core::Bus;
/// use rem_core::middleware::{Sample, named};
///
/// let bus = Bus::new();
/// bus.middleware("sensor.**", named("one in ten", Sample::ratio(0.1)?))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn named<M: Middleware>(name: impl Into<Box<str>>, middleware: M) -> Named<M> {
    Named { name: name.into(), middleware }
}

/// See [`named`].
pub struct Named<M> {
    name: Box<str>,
    middleware: M,
}

impl<M: Middleware> Middleware for Named<M> {
    fn before(&self, draft: &mut Draft) -> Result<Step, Stop> {
        self.middleware.before(draft)
    }

    fn handle(&self, draft: &mut Draft, next: Next<'_>) -> Result<Receipt, Stop> {
        self.middleware.handle(draft, next)
    }

    fn name(&self) -> &str {
        &self.name
    }
}

/// So that a program keeps one half, to read what it has counted, and gives the bus the other.
impl<M: Middleware + ?Sized> Middleware for Arc<M> {
    fn before(&self, draft: &mut Draft) -> Result<Step, Stop> {
        (**self).before(draft)
    }

    fn handle(&self, draft: &mut Draft, next: Next<'_>) -> Result<Receipt, Stop> {
        (**self).handle(draft, next)
    }

    fn name(&self) -> &str {
        (**self).name()
    }
}

impl<M> fmt::Debug for Named<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Named").field(&self.name).finish()
    }
}

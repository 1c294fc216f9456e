//! [`Attempt`]: what the work of a unit is given, each time it is called.

use std::any::TypeId;
use std::fmt;
use std::sync::Arc;

use rem_core::EventId;

use crate::error::OutputError;
use crate::unit::UnitRef;
use crate::work::Output;

/// One call of the work of a unit: what it can ask and say meanwhile.
#[derive(Clone)]
pub struct Attempt {
    pub(crate) seen: Arc<dyn Seen>,
    /// Whose it is, to who sees it.
    pub(crate) unit: u32,
    pub(crate) number: u32,
}

/// What an attempt asks.
pub(crate) trait Seen: Send + Sync {
    fn name(&self, unit: u32) -> Arc<str>;
    /// The output of a unit that `unit` waited for; `None` within for one whose output is `()`.
    fn output(&self, unit: u32, of: &str) -> Result<Option<Output>, OutputError>;
    fn is_stopped(&self, unit: u32, number: u32) -> bool;
    fn progress(&self, unit: u32, number: u32, done: u64, total: u64);
    fn cause(&self, unit: u32) -> Option<EventId>;
}

impl Attempt {
    /// The name of the unit.
    pub fn unit(&self) -> Arc<str> {
        self.seen.name(self.unit)
    }

    /// Which attempt at the unit it is, from 1 on.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// What a unit gave that this one waited for, shared and not copied.
    ///
    /// # Errors
    /// If this unit does not wait for that one by itself ([`after`](crate::UnitBuilder::after), or a resource), or if its output
    /// is of another type.
    pub fn output<T: Send + Sync + 'static>(
        &self,
        unit: &UnitRef<T>,
    ) -> Result<Arc<T>, OutputError> {
        self.output_of(unit.name())
    }

    /// The same by its name.
    ///
    /// # Errors
    /// As for [`output`](Self::output).
    pub fn output_of<T: Send + Sync + 'static>(&self, unit: &str) -> Result<Arc<T>, OutputError> {
        typed(self.seen.output(self.unit, unit)?, unit)
    }

    /// Whether nobody waits for it any more: its time limit has come, or it was cancelled. Work that takes long should ask now
    /// and then and return, with whatever result.
    pub fn is_stopped(&self) -> bool {
        self.seen.is_stopped(self.unit, self.number)
    }

    /// Says how far it has come: as `task.progressed` on the bus that watches it, once for each percent at the most.
    pub fn progress(&self, done: u64, total: u64) {
        self.seen.progress(self.unit, self.number, done, total);
    }

    /// The event that says that it began, to be given as the cause of what it publishes
    /// ([`causation`](rem_core::EventBuilder::causation)); if nobody listens to that, the one that led to it, if there is one.
    pub fn cause(&self) -> Option<EventId> {
        self.seen.cause(self.unit)
    }
}

impl fmt::Debug for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempt")
            .field("unit", &self.unit())
            .field("number", &self.number)
            .finish_non_exhaustive()
    }
}

/// An output by its type.
pub(crate) fn typed<T: Send + Sync + 'static>(
    output: Option<Output>,
    unit: &str,
) -> Result<Arc<T>, OutputError> {
    let output = match output {
        Some(output) => output,
        None if TypeId::of::<T>() == TypeId::of::<()>() => Arc::new(()),
        None => return Err(OutputError::other_type::<T>(unit)),
    };
    output.downcast().map_err(|_| OutputError::other_type::<T>(unit))
}

/// How far it has come: at most 100.
pub(crate) fn percent(done: u64, total: u64) -> u8 {
    let percent = u128::from(done) * 100 / u128::from(total.max(1));
    u8::try_from(percent.min(100)).unwrap_or(100)
}

//! [`View`]: a look at the state.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use arc_swap::Guard;
use rem_core::Timestamp;

/// A state with where it stands.
#[derive(Clone)]
pub(crate) struct Stand<P> {
    pub(crate) state: P,
    /// All up to this number is in it.
    pub(crate) sequence: u64,
    /// The latest time of the events in it.
    pub(crate) time: Timestamp,
}

impl<P> Stand<P> {
    pub(crate) fn new(state: P) -> Self {
        Self { state, sequence: 0, time: Timestamp::from_nanos(0) }
    }
}

/// The state of a projection as it was at one moment, whole: see [`Projector::state`](crate::Projector::state). It does not
/// change, and holds up nobody, however long it is kept; a copy is made where the projector needs one meanwhile.
pub struct View<P>(Guard<Arc<Stand<P>>>);

impl<P> View<P> {
    pub(crate) fn new(stand: Guard<Arc<Stand<P>>>) -> Self {
        Self(stand)
    }

    /// All that is selected, up to this number, is in it, and nothing above.
    pub fn sequence(&self) -> u64 {
        self.0.sequence
    }
}

impl<P> Deref for View<P> {
    type Target = P;

    fn deref(&self) -> &P {
        &self.0.state
    }
}

/// The state itself is looked at by itself: `{:?}` of `*view`.
impl<P> fmt::Debug for View<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("View").field("sequence", &self.sequence()).finish_non_exhaustive()
    }
}

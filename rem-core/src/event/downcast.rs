//! From an erased event back to its type: the one place with `unsafe`.
//!
//! The standard library downcasts `dyn Any` but not a structure whose last field is one, and a bus that erased events
//! by an extra box or an extra pointer would pay for it on every publish.
#![expect(unsafe_code, reason = "see the module's text; each use checks the type first")]

use std::sync::Arc;

use super::{Event, EventType};

/// SAFETY of both casts: an `Event<dyn Payload>` is only ever made by unsizing an `Event<P>` (its field `head` is
/// private and no constructor takes `dyn`), which leaves the object and its layout as they are. If the payload's type
/// is `E`, `P` is `E`, and dropping the metadata gives back the pointer that was unsized.
pub(super) fn by_ref<E: EventType>(event: &Event) -> Option<&Event<E>> {
    if !event.data.is::<E>() {
        return None;
    }
    let event: *const Event = event;
    // SAFETY: the object behind the pointer is an `Event<E>`, as said above, borrowed for as long as the argument.
    Some(unsafe { &*event.cast::<Event<E>>() })
}

pub(super) fn by_arc<E: EventType>(event: Arc<Event>) -> Result<Arc<Event<E>>, Arc<Event>> {
    if !event.data.is::<E>() {
        return Err(event);
    }
    let event: *const Event = Arc::into_raw(event);
    // SAFETY: the pointer comes from `Arc::into_raw`, and what it points to is an `Event<E>`, as said above; size and
    // alignment are those of the object that was allocated.
    Ok(unsafe { Arc::from_raw(event.cast::<Event<E>>()) })
}

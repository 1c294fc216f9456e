//! What is done by hand: from an erased event back to its type, and an event made where it will stand. One of two
//! places with `unsafe`; the other is `clock/counter.rs`.
//!
//! The standard library downcasts `dyn Any` but not a structure whose last field is one, and a bus that erased events by an
//! extra box or an extra pointer would pay for it on every publish. And `Arc::new` makes the value on the stack and copies it
//! to where it stays: of an envelope, just written field by field, that copy was 13 % of a publish (measured on 2026-11-25 by
//! `perf` over a loop of publishes to one handler).
#![expect(unsafe_code, reason = "see the module's text; each use says why it is sound")]

use std::any::TypeId;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use rem_patterns::Topic;

use super::view::Views;
use super::{Event, EventId, EventType, Head, NewId, Source, head};
use crate::clock::Timestamp;

/// SAFETY of all casts: an `Event<dyn Payload>` is only ever made by unsizing an `Event<P>` (its field `head` is private
/// and no constructor takes `dyn`), which leaves the object and its layout as they are. If the payload's type is `E`, `P`
/// is `E`, and dropping the metadata gives back the pointer that was unsized.
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

/// An event that many look at, of whose data the type is asked for once.
#[derive(Clone, Copy)]
pub struct Seen<'e> {
    shared: &'e Arc<Event>,
    event: &'e Event,
    /// That of `event.data`: set by `new` alone.
    type_id: TypeId,
    is_replay: bool,
}

impl<'e> Seen<'e> {
    pub(crate) fn new(shared: &'e Arc<Event>) -> Self {
        Self { shared, event: shared, type_id: shared.data.type_of(), is_replay: false }
    }

    /// One that was read from the history.
    pub(crate) fn replayed(shared: &'e Arc<Event>) -> Self {
        Self { is_replay: true, ..Self::new(shared) }
    }

    pub(crate) fn is_replay(&self) -> bool {
        self.is_replay
    }

    pub(crate) fn shared(&self) -> &'e Arc<Event> {
        self.shared
    }

    /// Whether its data is of that very type.
    #[inline]
    pub(crate) fn is_of(&self, type_id: TypeId) -> bool {
        self.type_id == type_id
    }

    pub(super) fn erased(&self) -> &'e Event {
        self.event
    }

    /// The event, if its data is of that very type.
    #[inline]
    pub(super) fn as_type<E: EventType>(&self) -> Option<&'e Event<E>> {
        if self.type_id != TypeId::of::<E>() {
            return None;
        }
        let event: *const Event = self.event;
        // SAFETY: `type_id` is that of the payload, so the object is an `Event<E>`, as said above, borrowed for `'e`.
        Some(unsafe { &*event.cast::<Event<E>>() })
    }
}

impl fmt::Debug for Seen<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Seen").field(&self.event).finish()
    }
}

impl Deref for Seen<'_> {
    type Target = Event;

    fn deref(&self) -> &Event {
        self.event
    }
}

/// What an event is made of, beside its data, that is not the same for nearly all.
pub(crate) struct Making<'t> {
    pub(crate) id: NewId,
    pub(crate) topic: &'t Topic,
    pub(crate) timestamp: Timestamp,
    pub(crate) scope: u8,
    pub(crate) source: Option<Source>,
}

/// An event that was just made: it has one owner, and nobody else knows of it.
pub(crate) struct Placed(Arc<Event>);

impl Placed {
    /// What it has beside its data, to be completed. No count of owners is looked at, as `Arc::get_mut` would.
    #[inline]
    pub(crate) fn head(&mut self) -> &mut Head {
        let event = Arc::as_ptr(&self.0).cast_mut();
        // SAFETY: only `place` makes one, of a new `Arc`, and it is given away by `share` alone, which takes it: so this is the
        // one owner, there is no `Weak`, and the head is borrowed for as long as `self` is.
        unsafe { &mut (*event).head }
    }

    /// The event.
    #[inline]
    pub(crate) fn share(self) -> Arc<Event> {
        self.0
    }
}

/// Makes an event where it will stand, field by field. Inlined, for otherwise it would be given in memory what is in registers.
#[inline(always)]
pub(crate) fn place<E: EventType>(making: Making<'_>, data: E) -> Placed {
    // Of what is written below nothing may be missing: one more field does not compile here.
    const _: fn(Head) = |Head {
                             id: _,
                             topic: _,
                             timestamp: _,
                             sequence: _,
                             source: _,
                             metadata: _,
                             causation: _,
                             correlation: _,
                             scope: _,
                             depth: _,
                             views: _,
                         }| ();
    let event = Arc::into_raw(Arc::<Event<E>>::new_uninit()).cast::<Event<E>>().cast_mut();
    macro_rules! write {
        ($($place:ident).+ = $value:expr) => {{
            let value = $value;
            // SAFETY: the place was allocated for an `Event<E>` by `new_uninit` (a `MaybeUninit<T>` is laid out as a `T`),
            // and nobody else knows of it, so that it may be written through the pointer that `into_raw` gave.
            unsafe { (&raw mut (*event).$($place).+).write(value) }
        }};
    }
    write!(data = data);
    write!(head.id = EventId::from(making.id));
    write!(head.topic = making.topic.clone());
    write!(head.timestamp = making.timestamp);
    write!(head.sequence = head::unrecorded());
    write!(head.source = making.source);
    write!(head.metadata = None);
    write!(head.causation = None);
    write!(head.correlation = None);
    write!(head.scope = making.scope);
    write!(head.depth = 0);
    write!(head.views = Views::default());
    // SAFETY: the pointer comes from `Arc::into_raw`, and every field of the event was written.
    Placed(unsafe { Arc::from_raw(event) })
}

#[cfg(test)]
mod tests;

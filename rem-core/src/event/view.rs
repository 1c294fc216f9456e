//! Views: an event seen as another type than it was published as.
//!
//! An enum that nests another can be published whole and subscribed to by its part, or the part published under one of
//! the whole's topics and subscribed to by the whole. The event is stored as it was published; a view is a second
//! event with the same head, made when the first subscriber of that type asks, and shared by the others.

use std::any::TypeId;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use rem_patterns::Pattern;

use super::{Event, EventType, Head, Payload, Schema, Seen};
use crate::deliver::isolate;
use crate::wire::{Body, DecodeError, RawEvent};

/// A type that events are seen as: an [`EventType`], or `dyn Payload` for any.
///
/// The parameter of the [`Event`] that a handler takes. It cannot be implemented otherwise.
#[diagnostic::on_unimplemented(
    message = "no event can be seen as `{Self}`: it is not an event type",
    label = "takes an `Event` or `Received` of `{Self}`",
    note = "write `#[derive(EventType)]` on `{Self}`, or take `&Event`, without a parameter, for events of any type"
)]
pub trait Shape: sealed::Sealed + Payload + Send + Sync + 'static {
    /// The event as this type, if its data is one, or holds one, or lies within one.
    #[doc(hidden)]
    fn share(event: &Arc<Event>) -> Option<Arc<Event<Self>>>;

    /// The same for an event that the caller needs no longer: one of the very type costs no count of owners.
    #[doc(hidden)]
    fn own(event: Arc<Event>) -> Option<Arc<Event<Self>>>;

    /// The same if the data is of this very type, which needs no view and changes no count of owners.
    #[doc(hidden)]
    fn look<'e>(event: &Seen<'e>) -> Option<&'e Event<Self>>;

    /// Hands over the event as this type, if it can be seen as that.
    #[doc(hidden)]
    fn see<R>(event: &Seen<'_>, with: impl FnOnce(&Event<Self>) -> R) -> Option<R> {
        match Self::look(event) {
            Some(event) => Some(with(event)),
            None => Self::share(event.shared()).map(|event| with(&event)),
        }
    }

    /// What is asked for; `None` for any type.
    #[doc(hidden)]
    fn wanted() -> Option<Wanted>;

    /// The event as one of any type.
    #[doc(hidden)]
    fn erase(event: Arc<Event<Self>>) -> Arc<Event>;
}

/// The event type that a subscription asks for.
#[doc(hidden)]
#[derive(Clone, Copy)]
pub struct Wanted {
    pub(crate) type_id: TypeId,
    pub(crate) schema: &'static Schema,
    /// All topics of the type, below any scope.
    pub(crate) topics: fn() -> Option<Pattern>,
    /// Why raw data cannot be read as the type. It is read once more for it: a failure may cost that.
    pub(crate) why_not: fn(&Event) -> Option<DecodeError>,
    /// The event with this head and this data: of that type, as a view of it would be, or of raw data if it cannot be read so.
    pub(crate) restore: fn(Head, &Body<'_>) -> Arc<Event>,
}

impl Wanted {
    /// Whether the event is none of the type's own topics, and reached it because it has all below its namespace.
    pub(crate) fn passes_by(&self, event: &Event) -> bool {
        self.schema.open && !event.data.is::<RawEvent>() && {
            let topic = super::below(event.head.scoped_topic(), self.schema.namespace);
            topic.is_none_or(|topic| self.schema.variant_of(topic).is_none())
        }
    }
}

impl Shape for dyn Payload {
    fn share(event: &Arc<Event>) -> Option<Arc<Event>> {
        Some(Arc::clone(event))
    }

    fn own(event: Arc<Event>) -> Option<Arc<Event>> {
        Some(event)
    }

    #[inline]
    fn look<'e>(event: &Seen<'e>) -> Option<&'e Event> {
        Some(event.erased())
    }

    fn wanted() -> Option<Wanted> {
        None
    }

    fn erase(event: Arc<Event>) -> Arc<Event> {
        event
    }
}

impl<E: EventType> Shape for E {
    fn share(event: &Arc<Event>) -> Option<Arc<Event<E>>> {
        let event = if event.data.is::<E>() { Arc::clone(event) } else { view::<E>(event)? };
        event.downcast_arc().ok()
    }

    fn own(event: Arc<Event>) -> Option<Arc<Event<E>>> {
        event
            .downcast_arc()
            .or_else(|event| view::<E>(&event).ok_or(())?.downcast_arc().map_err(drop))
            .ok()
    }

    #[inline]
    fn look<'e>(event: &Seen<'e>) -> Option<&'e Event<E>> {
        event.as_type()
    }

    fn wanted() -> Option<Wanted> {
        Some(Wanted {
            type_id: TypeId::of::<E>(),
            schema: const { &E::SCHEMA },
            topics: super::all_topics::<E>,
            why_not: |event| decode::<E>(event)?.err(),
            restore: restore::<E>,
        })
    }

    fn erase(event: Arc<Event<E>>) -> Arc<Event> {
        event
    }
}

/// The views made of one event. Empty, it is two words; nearly every event's stays so, and nearly every other has one.
#[derive(Default)]
pub(crate) struct Views(OnceLock<Box<Made>>);

struct Made {
    first: (TypeId, View),
    more: Mutex<Vec<(TypeId, View)>>,
}

/// `None` is kept as well: that a type cannot be seen is found out once.
type View = Option<Arc<Event>>;

impl Views {
    /// The view of that type, made by `make` unless there is one. `make` runs the user's `Clone`, under no lock of ours.
    fn find(&self, wanted: TypeId, make: impl FnOnce() -> View) -> View {
        if let Some(view) = self.0.get().and_then(|made| made.before(wanted, &lock(&made.more))) {
            return view;
        }
        let view = make();
        let ours = Made { first: (wanted, view.clone()), more: Mutex::default() };
        if self.0.get().is_none() && self.0.set(Box::new(ours)).is_ok() {
            return view;
        }
        let Some(views) = self.0.get() else { return view };
        let mut more = lock(&views.more);
        let Some(first) = views.before(wanted, &more) else {
            more.push((wanted, view.clone()));
            return view;
        };
        // Another thread was first, and its view is the one to be shared. Ours is the user's to drop: not locked.
        drop(more);
        first
    }

    /// Forgets the views, because the data has changed.
    pub(crate) fn clear(&mut self) {
        self.0 = OnceLock::new();
    }
}

fn lock(more: &Mutex<Vec<(TypeId, View)>>) -> MutexGuard<'_, Vec<(TypeId, View)>> {
    more.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Made {
    fn before(&self, wanted: TypeId, more: &[(TypeId, View)]) -> Option<View> {
        let mut all = [&self.first].into_iter().chain(more);
        all.find(|(type_id, _)| *type_id == wanted).map(|(_, view)| view.clone())
    }
}

fn view<E: EventType>(event: &Arc<Event>) -> Option<Arc<Event>> {
    let wanted = TypeId::of::<E>();
    event.head.views.find(wanted, || {
        let part = event.data.part().and_then(|part| part.find(wanted, &event.head));
        part.or_else(|| lift::<E>(event)).or_else(|| decoded::<E>(event))
    })
}

/// The event within the type `E`, if `E` has its topic.
fn lift<E: EventType>(event: &Arc<Event>) -> Option<Arc<Event>> {
    let namespace = E::SCHEMA.namespace;
    let topic = super::below(event.head.scoped_topic(), namespace)?;
    let data = E::lift(&event.data, topic)?;
    Some(Arc::new(Event { head: event.head.copy(), data }))
}

/// The event with its data decoded, if it is raw and `E` has its topic.
fn decoded<E: EventType>(event: &Arc<Event>) -> Option<Arc<Event>> {
    let data = decode::<E>(event)?.ok()?;
    Some(Arc::new(Event { head: event.head.copy(), data }))
}

/// What comes of raw data that is read as `E`; `None` for data that is not raw, or under no topic of `E`'s.
fn decode<E: EventType>(event: &Event) -> Option<Result<E, DecodeError>> {
    let raw = event.data.downcast_ref::<RawEvent>()?;
    read(&event.head, &raw.body())
}

fn restore<E: EventType>(head: Head, body: &Body<'_>) -> Arc<Event> {
    // The user's `Deserialize` may panic. Why it cannot be read is told by whoever looks at the event.
    match isolate(|| read::<E>(&head, body)) {
        Ok(Some(Ok(data))) => Arc::new(Event { head, data }),
        _ => Arc::new(Event { head, data: RawEvent::kept(body) }),
    }
}

fn read<E: EventType>(head: &Head, body: &Body<'_>) -> Option<Result<E, DecodeError>> {
    let topic = super::below(head.scoped_topic(), E::SCHEMA.namespace)?;
    Some(E::decode(topic, body))
}

impl fmt::Debug for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.schema.name)
    }
}

mod sealed {
    #[expect(unnameable_types, reason = "that it cannot be named is what seals the trait")]
    pub trait Sealed {}
    impl Sealed for dyn super::Payload {}
    impl<E: super::EventType> Sealed for E {}
}

//! [`Projection`]: a state that is made of events.

use rem_core::{Event, Shape};

/// A state that is made of events, one after the other, in the order of their numbers.
///
/// `apply` must depend on the state and the event alone: no clock, no randomness, nothing outside, and no effect but on the
/// state. It is called again with the same event wherever the state is made again: to give readers a second copy, to look
/// into the past, to rebuild. It decides nothing and cannot refuse: the event has happened. A panic of it is what the
/// projector's [`OnFailure`](crate::OnFailure) says.
///
/// Several event types are one enum that nests them, or `dyn Payload` with
/// [`ProjectorBuilder::pattern`](crate::ProjectorBuilder::pattern), whose `apply` asks each event for its type by
/// [`Event::downcast_ref`].
///
/// `Clone` is called for snapshots and where a reader holds a view: state that is large keeps its parts in `Arc`s, or lives
/// with a copy now and then.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no projection",
    note = "write `impl Projection for {Self}`, with `type Event` and `fn apply`"
)]
pub trait Projection: Clone + Send + Sync + 'static {
    /// What it is made of: an event type, or `dyn Payload` for any.
    type Event: Shape + ?Sized;

    /// The version of its form and of what `apply` makes of events. A snapshot of another version is not used.
    const VERSION: u32 = 1;

    /// Goes on to the state behind this event.
    fn apply(&mut self, event: &Event<Self::Event>);
}

//! What the `filter` of a handler may be: a function of the event, or of the handler's value and the event.

use super::{HandlerSetup, Registrar};
use crate::event::Event;

/// A function that filters events for handlers of `S`. `Kind` tells the two kinds apart for the compiler.
#[diagnostic::on_unimplemented(
    message = "this cannot filter events for handlers of `{S}`",
    label = "not a filter",
    note = "a filter is a function of `&Event`, or of `&self` and `&Event`, and returns `bool`"
)]
#[doc(hidden)]
pub trait Filters<S, Kind>: Send + Sync + 'static {
    /// Whether the handler is called with the event.
    fn wants(&self, this: &S, event: &Event) -> bool;
}

impl<S, F> Filters<S, fn(&Event) -> bool> for F
where
    F: Fn(&Event) -> bool + Send + Sync + 'static,
{
    fn wants(&self, _: &S, event: &Event) -> bool {
        self(event)
    }
}

impl<S, F> Filters<S, fn(&S, &Event) -> bool> for F
where
    F: Fn(&S, &Event) -> bool + Send + Sync + 'static,
{
    fn wants(&self, this: &S, event: &Event) -> bool {
        self(this, event)
    }
}

impl HandlerSetup<'_> {
    /// Only events that a function, named by a path, says yes to.
    pub fn filter_named<S, Kind, F>(self, of: &Registrar<'_, S>, filter: F) -> Self
    where
        S: Send + Sync + 'static,
        F: Filters<S, Kind>,
    {
        let holder = of.holder.clone();
        // An event for a value that is gone is let through: the handler finds it gone too, and ends.
        self.filter(move |event| holder.with(|this| filter.wants(this, event)).unwrap_or(true))
    }

    /// The same for a closure of the value and the event, whose types it need not tell.
    pub fn filter_with<S, F>(self, of: &Registrar<'_, S>, filter: F) -> Self
    where
        S: Send + Sync + 'static,
        F: Fn(&S, &Event) -> bool + Send + Sync + 'static,
    {
        self.filter_named(of, filter)
    }
}

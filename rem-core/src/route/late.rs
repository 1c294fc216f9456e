//! The second look: subscriptions that read the past and came while an event was recorded.

use std::sync::Arc;

use super::Route;
use crate::bus::{Core, State};
use crate::draft::Draft;
use crate::event::Event;
use crate::subscription::Entry;
use crate::sync::atomic::Ordering;

/// Who came into the index after the route was found, and may have missed the event in the history. Anybody else who comes
/// is content with what is published after it has come.
///
/// To be asked when the event stands in the history; see `Gate`. Costs one load, and nothing without a history.
#[inline]
pub(crate) fn newcomers(bus: &State, draft: &Draft, route: &Route) -> Box<[Arc<Entry>]> {
    newcomers_of(&bus.core, draft.event(), || draft.own_topic_of().is_some(), route)
}

/// The same of an event whose draft is in other hands.
#[inline]
pub(crate) fn newcomers_of(
    core: &Core,
    event: &Event,
    is_own: impl FnOnce() -> bool,
    route: &Route,
) -> Box<[Arc<Entry>]> {
    if core.history.is_none() || !is_stale(core, route) {
        return Box::default();
    }
    came_since(core, event, is_own(), route)
}

/// Whether a subscription has come or gone since the route was found.
#[inline]
pub(crate) fn is_stale(core: &Core, route: &Route) -> bool {
    core.router.generation.load(Ordering::Acquire) != route.generation
}

/// Who has come since and reads the past. `is_own`: the topic is that of the data.
#[cold]
pub(crate) fn came_since(
    core: &Core,
    event: &Event,
    is_own: bool,
    route: &Route,
) -> Box<[Arc<Entry>]> {
    let data = is_own.then_some(&event.data);
    let Ok(known) = core.router.known(event.topic(), event.head.scope, data) else {
        return Box::default();
    };
    let here = |entry: &Entry| route.entries.iter().any(|other| other.id == entry.id);
    let mut came = core.router.hearers(&known).into_vec();
    came.retain(|entry| entry.catches_up() && !here(entry));
    came.into()
}

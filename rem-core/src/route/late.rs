//! The second look: subscriptions that read the past and came while an event was recorded.

use std::sync::Arc;

use super::Route;
use crate::bus::State;
use crate::draft::Draft;
use crate::subscription::Entry;
use crate::sync::atomic::Ordering;

/// Who came into the index after the route was found, and may have missed the event in the history. Anybody else who comes
/// is content with what is published after it has come.
///
/// To be asked when the event stands in the history; see `Gate`. Costs one load, and nothing without a history.
#[inline]
pub(crate) fn newcomers(bus: &State, draft: &Draft, route: &Route) -> Box<[Arc<Entry>]> {
    let router = &bus.core.router;
    if bus.core.history.is_none() || router.generation.load(Ordering::Acquire) == route.generation {
        return Box::default();
    }
    look(bus, draft, route)
}

#[cold]
fn look(bus: &State, draft: &Draft, route: &Route) -> Box<[Arc<Entry>]> {
    let router = &bus.core.router;
    let known = router.known(draft.topic(), draft.head().scope, draft.own_topic_of());
    let Some(fresh) = known.ok().and_then(|known| router.route(&known, bus)) else {
        return Box::default();
    };
    let here = |entry: &Entry| route.entries.iter().any(|other| other.id == entry.id);
    let came = fresh.entries.iter().filter(|entry| entry.catches_up() && !here(entry));
    came.map(Arc::clone).collect()
}

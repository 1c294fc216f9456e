//! Step 4: the event's sequence number and its place in the history. No user code runs here.

use crate::bus::State;
use crate::draft::Draft;
use crate::history::Evicted;
use crate::route::Route;
use crate::sync::atomic::Ordering;

/// Numbers the event and keeps it. What it pushed out of the history is dropped by the caller, for `Drop` is user code.
pub(crate) fn keep(bus: &State, draft: &mut Draft, route: &Route) -> Evicted {
    let core = &bus.core;
    if route.entries.is_empty() && core.history.is_none() {
        draft.record(None);
        return Evicted::default();
    }
    route.count();
    // It hands out numbers; what it orders, the history and the handlers, is ordered by their own means. Acquire, because
    // who numbers an event after a subscription has looked at the counter must see that subscription: see `Gate`.
    let event = draft.record(Some(core.sequence.fetch_add(1, Ordering::Acquire) + 1));
    core.history.as_ref().map_or_else(Evicted::default, |history| history.record(event))
}

//! The way of an event: five steps, in this order, decided here and nowhere else.
//!
//! 1. [`publish`]: the bus is open, the topic is one; who listens? Then id, time and cause: a draft.
//! 2. [`middleware`]: of the publishing bus, then of each parent; may change the draft or stop it.
//! 3. [`route`]: who wants it, and is there room.
//! 4. [`record`]: its sequence number, its place in the history.
//! 5. [`deliver`]: to each handler, by priority and age, each isolated from the others.
//!
//! Whatever fails, fails before step 4, and leaves no trace: no number, no history, no delivery.

use std::sync::Arc;

use crate::bus::State;
use crate::draft::Draft;
use crate::error::{Failure, PublishError};
use crate::event::EventType;
use crate::history::Evicted;
use crate::publish::{Extra, Receipt, To};
use crate::route::{Ahead, Route, Seats};
use crate::sync::Guard;
use crate::{deliver, middleware, publish, record, route};

/// Publishes one event. `ahead`: the seats of a publisher that has waited for room and must not be blocked.
///
/// Inlined up to where somebody is found to listen: that nobody does is known for less than a call would cost.
#[inline(always)]
#[expect(
    clippy::inline_always,
    reason = "measured: 140 instructions become 50 when nobody listens"
)]
pub(crate) fn go<E: EventType>(
    bus: &State,
    data: E,
    to: To<'_>,
    extra: Option<&mut Extra>,
    ahead: Option<Ahead>,
) -> Result<Receipt, PublishError<E>> {
    match publish::find(bus, &data, to) {
        Ok(Some(found)) => along(bus, data, to, extra, ahead, found),
        Ok(None) => Ok(Receipt::default()), // nobody listens and nothing is kept
        Err(refusal) => Err(publish::refuse(bus, data, to, refusal)),
    }
}

/// The rest of the way, along the route that was found. Not inlined: the empty receipt above would share its place with
/// what is found here, and be put together in memory rather than be known.
#[inline(never)]
#[expect(clippy::needless_pass_by_value, reason = "dropped here, and not in each caller")]
fn along<E: EventType>(
    bus: &State,
    data: E,
    to: To<'_>,
    mut extra: Option<&mut Extra>,
    ahead: Option<Ahead>,
    found: Guard<Arc<Route>>,
) -> Result<Receipt, PublishError<E>> {
    let _level = match publish::enter(bus, &found) {
        Ok(level) => level,
        Err(refusal) => return Err(publish::refuse(bus, data, to, refusal)),
    };
    let mut draft = publish::draft(bus, data, to, extra.as_deref_mut(), &found);
    let mut receipt = Receipt::default();
    let end = middleware::pass(bus, &mut draft, &found, extra, &mut receipt, |draft, receipt| {
        let moved = route::moved(bus, draft)?;
        let route = moved.as_ref().unwrap_or(&found);
        if route.with_care {
            return with_care(bus, draft, route, ahead, receipt);
        }
        let evicted = record::keep(bus, draft, route);
        let late = route::newcomers(bus, draft, route);
        let seats = Seats::default();
        let delivered = deliver::hand_over(bus, draft.event(), route, late, seats, receipt);
        deliver::let_go(evicted);
        Ok(delivered)
    });
    match end {
        Ok(_) if receipt.stopped().is_some() => Ok(publish::stopped(receipt, draft)),
        Ok(delivered) => Ok(receipt.complete(&draft, delivered)),
        Err(failure) => Err(publish::give_back(failure, draft)),
    }
}

/// The last three steps of an event that needs seats, its turn among all, or a history that outlives the process.
#[inline(never)]
fn with_care(
    bus: &State,
    draft: &mut Draft,
    route: &Arc<Route>,
    mut ahead: Option<Ahead>,
    receipt: &mut Receipt,
) -> Result<u32, Box<Failure>> {
    let core = &bus.core;
    let may_wait = ahead.is_none();
    let place = ahead.as_mut().and_then(Ahead::place);
    let seats = route::reserve(core, draft, route, ahead)?;
    let admitted = record::admit(core, draft, place, may_wait)?;
    receipt.keep(core.kept.as_ref().filter(|_| admitted.is_stored()));
    let Some(line) = &core.line else {
        let evicted = record::keep_for_good(bus, draft, route, admitted)?;
        let late = route::newcomers(bus, draft, route);
        let delivered = deliver::hand_over(bus, draft.event(), route, late, seats, receipt);
        deliver::let_go(evicted);
        return Ok(delivered);
    };
    // It is recorded as it takes its place, and handed over when it is its turn, by whatever thread.
    let mut evicted = Evicted::default();
    let keep = |draft: &mut Draft| {
        record::keep_for_good(bus, draft, route, admitted).map(|gone| evicted = gone)
    };
    let first = deliver::line_up(core, line, draft, route, seats, receipt, keep)?;
    let delivered = first.map_or(0, |first| {
        let late = route::newcomers(bus, draft, route);
        first.hand_over(draft.event(), route, late, receipt)
    });
    deliver::let_go(evicted);
    Ok(delivered)
}

//! The way of an event: five steps, in this order, decided here and nowhere else.
//!
//! 1. [`publish`]: the bus is open, the topic is one; who listens? Then id, time and cause: a draft.
//! 2. [`middleware`]: of the publishing bus, then of each parent; may change the draft or stop it.
//! 3. [`route`]: who wants it, and is there room.
//! 4. [`record`]: its sequence number, its place in the history.
//! 5. [`deliver`]: into queues first, then to each handler, by priority and age, each isolated from the others.
//!
//! Whatever fails, fails before step 4, and leaves no trace: no number, no history, no delivery. With one exception: a
//! history that waits for the disk may refuse the event at step 4. Then its number is given to nobody.

use std::mem;
use std::sync::Arc;

use crate::bus::State;
use crate::draft::Draft;
use crate::error::{Failure, PublishError, PublishErrorKind};
use crate::event::EventType;
use crate::history::Evicted;
use crate::publish::{AppendError, AppendRefusal, Extra, Ready, Receipt, To, Together};
use crate::route::{Ahead, Route, Seats};
use crate::sync::Guard;
use crate::trace::Origin;
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

/// The last three steps of an event that needs seats, its turn among all, a history that outlives the process, or to be measured.
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
        let delivered = match &route.measure {
            None => deliver::hand_over(bus, draft.event(), route, late, seats, receipt),
            Some(by) => {
                deliver::hand_over_measured(bus, draft.event(), route, late, seats, receipt, by)
            }
        };
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

/// Publishes several events, all or none: each goes the first three steps within the middleware of the one before, and with
/// the last of them they go the last two together.
pub(crate) fn together<E: EventType>(
    bus: &State,
    mut all: Together<E>,
) -> Result<Vec<Receipt>, AppendError<E>> {
    let mut receipts = Vec::with_capacity(all.rest.len());
    match within(bus, &mut all, &mut receipts) {
        Ok(()) => {
            receipts.reverse();
            Ok(receipts)
        }
        Err(failure) => Err(all.error(failure)),
    }
}

/// The way of the next event, and within it that of those behind. The receipts come back from the last to the first.
fn within<E: EventType>(
    bus: &State,
    all: &mut Together<E>,
    receipts: &mut Vec<Receipt>,
) -> Result<(), Box<Failure>> {
    let core = &bus.core;
    let Some(data) = all.rest.next() else { return finish(bus, all) };
    let (at, to) = (all.ready.len(), To::Own);
    let entered = publish::find(bus, &data, to).and_then(|found| {
        let found = found.ok_or(PublishErrorKind::from(AppendRefusal::NoHistory))?;
        let level = publish::enter(bus, &found)?;
        Ok((found, (at == 0).then_some(level))) // one append is one level
    });
    let (found, _level) = match entered {
        Ok(entered) => entered,
        Err(refusal) => {
            let (failure, data) = publish::refuse(bus, data, to, refusal).into_parts();
            all.give_up();
            all.take_back(Some(data));
            return Err(failure);
        }
    };
    let mut draft = publish::draft(bus, data, to, None, &found);
    let mut receipt = Receipt::default();
    let end = middleware::pass(bus, &mut draft, &found, None, &mut receipt, |draft, receipt| {
        let moved = route::moved(bus, draft)?;
        let route = moved.as_ref().unwrap_or(&found);
        // With something in hand it waits for nothing more.
        let (ahead, may_wait) = ((at > 0).then(Ahead::default), at == 0);
        let mut seats = route::reserve(core, draft, route, ahead)?;
        if core.line.is_some() {
            seats.ask_all(draft, route);
        }
        let admitted = record::admit(core, draft, None, may_wait)?;
        let mut own = Receipt::default();
        own.keep(core.kept.as_ref().filter(|_| admitted.is_stored()));
        let (event, route) = (Arc::clone(draft.event()), Arc::clone(route));
        let is_own = draft.own_topic_of().is_some();
        let origin = Origin::default();
        all.ready.push(Ready { event, route, seats, admitted, is_own, origin, receipt: own });
        within(bus, all, receipts)?;
        if let Some(done) = all.ready.get_mut(at) {
            draft.record(done.event.sequence());
            *receipt = mem::take(&mut done.receipt);
        }
        Ok(0) // whoever has it is in the receipt already
    });
    if all.is_done {
        receipts.push(receipt.complete(&draft, 0));
        return Ok(());
    }
    all.give_up();
    let failure = end.err().unwrap_or_else(|| {
        let name = receipt.stopped().unwrap_or_default().into();
        Failure::new(PublishErrorKind::from(AppendRefusal::Stopped { name }), draft.topic())
    });
    // What has a number is published, whoever still holds it: given back, it would be published twice.
    let is_kept = draft.event().sequence().is_some();
    all.take_back(if is_kept { None } else { draft.into_data() });
    Err(failure)
}

/// The last two steps of all: numbers in a row, if nothing has come that must not, and then to whoever wants them.
fn finish<E: EventType>(bus: &State, all: &mut Together<E>) -> Result<(), Box<Failure>> {
    let (core, mut evicted) = (&bus.core, Vec::new());
    let topic = |ready: &[Ready]| {
        ready.first().map_or_else(String::new, |ready| ready.event.topic().to_string())
    };
    let kept = if let Some(line) = &core.line {
        let keep = |ready: &mut Vec<Ready>| {
            let first = record::number_if(core, ready.len(), None)?;
            Ok(record::keep_all(core, first, ready, &mut evicted))
        };
        let condition = all.condition.as_mut();
        deliver::line_up_all(core, line, condition, &mut all.ready, keep).and_then(|kept| kept)
    } else {
        let count = all.ready.len();
        record::number_if(core, count, all.condition.as_mut()).map(|first| {
            let kept = record::keep_all(core, first, &mut all.ready, &mut evicted);
            for Ready { event, route, seats, is_own, receipt, .. } in &mut all.ready {
                let late = route::newcomers_of(core, event, || *is_own, route);
                receipt.delivered +=
                    deliver::hand_over(bus, event, route, late, mem::take(seats), receipt);
            }
            kept
        })
    };
    evicted.into_iter().for_each(deliver::let_go);
    match kept {
        Ok(Ok(())) => {
            all.is_done = true;
            Ok(())
        }
        Ok(Err((error, _gone))) => {
            let (kept, topic) = (all.ready.len(), topic(&all.ready));
            let refusal = AppendRefusal::Torn { kept, error };
            Err(Failure::new(PublishErrorKind::from(refusal), &topic))
        }
        Err(refusal) => Err(Failure::new(refusal, &topic(&all.ready))),
    }
}

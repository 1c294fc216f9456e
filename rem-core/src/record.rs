//! Step 4: the event's sequence number and its place in the history. No user code runs here, but for the data's own way to be
//! written where the history outlives the process, before the event has a number.

use std::mem;
use std::sync::Arc;
use std::time::Duration;

use crate::bus::{Core, State, wait};
use crate::deliver::isolate;
use crate::draft::Draft;
use crate::error::{Failure, PublishErrorKind, Refusal};
use crate::history::{DurableHistory, Evicted, HistoryError, Written};
use crate::publish::{Condition, Ready};
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
    let event = draft.record(Some(number(core)));
    core.history.as_ref().map_or_else(Evicted::default, |history| history.record(event))
}

/// It hands out numbers; what it orders, the history and the handlers, is ordered by their own means. Acquire, because who
/// numbers an event after a subscription has looked at the counter must see that subscription: see `Gate`.
fn number(core: &Core) -> u64 {
    core.sequence.fetch_add(1, Ordering::Acquire) + 1
}

/// Room for one event in a history that outlives the process. What was not used when it is dropped is given back.
pub(crate) struct Place {
    history: Arc<dyn DurableHistory>,
    is_used: bool,
}

impl Place {
    /// One, if there is room now.
    pub(crate) fn take(history: &Arc<dyn DurableHistory>) -> Result<Option<Self>, HistoryError> {
        let place = || Self { history: Arc::clone(history), is_used: false };
        history.seat().map(|taken| taken.then(place))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if !mem::replace(&mut self.is_used, true) {
            self.history.leave();
        }
    }
}

/// What a draft needs to be kept for good: nothing where no history outlives the process.
#[derive(Default)]
pub(crate) struct Admitted(Option<(Place, Written)>);

impl Admitted {
    /// Whether the event will outlive the process.
    pub(crate) fn is_stored(&self) -> bool {
        self.0.as_ref().is_some_and(|(_, written)| written.is_some())
    }
}

/// Asks a history that outlives the process whether it can keep the draft. With a `place` taken ahead, or if it must not
/// wait, it does not wait for one.
pub(crate) fn admit(
    core: &Core,
    draft: &Draft,
    place: Option<Place>,
    may_wait: bool,
) -> Result<Admitted, Box<Failure>> {
    let Some(history) = &core.durable else { return Ok(Admitted::default()) };
    let ask = || {
        let written =
            isolate(|| history.write(draft)).map_err(|panic| HistoryError::panicked(&panic))??;
        let place = match place {
            Some(place) => place,
            None => wait_for_place(history, may_wait)?,
        };
        Ok(Admitted(Some((place, written))))
    };
    ask().map_err(|error| Failure::new(PublishErrorKind::History(error), draft.topic()))
}

fn wait_for_place(
    history: &Arc<dyn DurableHistory>,
    may_wait: bool,
) -> Result<Place, HistoryError> {
    let limit = if may_wait { history.patience() } else { Duration::ZERO };
    let until = crate::sync::now().checked_add(limit);
    loop {
        if let Some(place) = Place::take(history)? {
            return Ok(place);
        }
        if !may_wait || !wait(until, |waker| history.poll_seat(waker)) {
            return Err(HistoryError::full(limit));
        }
    }
}

/// [`keep`], in whatever history: where that outlives the process, it may fail, and then the draft is one again.
pub(crate) fn keep_for_good(
    bus: &State,
    draft: &mut Draft,
    route: &Route,
    admitted: Admitted,
) -> Result<Evicted, Box<Failure>> {
    let Some((mut place, written)) = admitted.0 else { return Ok(keep(bus, draft, route)) };
    let event = draft.record(Some(number(&bus.core)));
    place.is_used = true;
    match place.history.keep(event, written) {
        Ok(evicted) => {
            route.count();
            Ok(evicted)
        }
        Err(error) => {
            draft.take_back();
            Err(Failure::new(PublishErrorKind::History(error), draft.topic()))
        }
    }
}

/// Numbers so many events in a row, if nothing that must not have come has a lower number, and returns the number of the
/// first.
///
/// All that has a number was looked at, and the counter goes on from there or not at all: so whatever comes is either seen
/// or has a higher number.
pub(crate) fn number_if(
    core: &Core,
    count: usize,
    condition: Option<&mut Condition>,
) -> Result<u64, Refusal> {
    let count = u64::try_from(count).unwrap_or(u64::MAX);
    let Some(condition) = condition else {
        return Ok(core.sequence.fetch_add(count, Ordering::Acquire) + 1);
    };
    loop {
        let last = condition.look(core)?;
        let next = last + count;
        let sequence = &core.sequence;
        if sequence.compare_exchange(last, next, Ordering::AcqRel, Ordering::Relaxed).is_ok() {
            return Ok(last + 1);
        }
    }
}

/// Keeps events that have these numbers, the first and those that follow it. What had to go for them is added to `evicted`.
///
/// # Errors
/// What a history that outlives the process could not keep: that is no event any more, and taken out.
pub(crate) fn keep_all(
    core: &Core,
    first: u64,
    ready: &mut Vec<Ready>,
    evicted: &mut Vec<Evicted>,
) -> Result<(), (HistoryError, Vec<Ready>)> {
    let mut refused = None;
    let mut number = first;
    let fails = |ready: &mut Ready| {
        ready.event.head.set_sequence(number);
        number += 1;
        let kept = match mem::take(&mut ready.admitted).0 {
            None => {
                let history = core.history.as_ref();
                Ok(history.map_or_else(Evicted::default, |history| history.record(&ready.event)))
            }
            Some((mut place, written)) => {
                place.is_used = true;
                place.history.keep(&ready.event, written)
            }
        };
        match kept {
            Ok(gone) => {
                ready.route.count();
                evicted.push(gone);
                false
            }
            Err(error) => {
                ready.event.head.set_sequence(0);
                refused.get_or_insert(error);
                true
            }
        }
    };
    let gone: Vec<_> = ready.extract_if(.., fails).collect();
    refused.map_or(Ok(()), |error| Err((error, gone)))
}

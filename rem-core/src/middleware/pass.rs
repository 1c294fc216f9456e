//! The chain: from one middleware to the next, and at its end to the subscribers.

use std::fmt;
use std::sync::Arc;

use super::{Bound, Stop, StopKind};
use crate::bus::State;
use crate::deliver::isolate;
use crate::draft::Draft;
use crate::error::{Failure, PublishErrorKind};
use crate::publish::Receipt;
use crate::route::{Route, lies_below};
use crate::system::{self, SystemEvent};

/// Lets a draft through the middleware of its route; `end` is what comes after. As it, this returns how many have the
/// event beside those in the receipt.
#[inline]
pub(crate) fn pass<F>(
    bus: &State,
    draft: &mut Draft,
    route: &Route,
    receipt: &mut Receipt,
    end: F,
) -> Result<u32, Box<Failure>>
where
    F: FnOnce(&mut Draft, &mut Receipt) -> Result<u32, Box<Failure>>,
{
    if route.middleware.is_empty() {
        return end(draft, receipt);
    }
    let mut end = Some(end);
    let mut last = |draft: &mut Draft| match end.take() {
        Some(end) => {
            let mut receipt = Receipt::default();
            let delivered = end(draft, &mut receipt)?;
            Ok(receipt.complete(draft, delivered))
        }
        // `Next` is used up by `run`, and each chain makes one for its end.
        None => unreachable!("the end of a chain is reached once"),
    };
    let mut walk = Walk { bus, last: &mut last, receipt: None };
    match (Next { walk: &mut walk, rest: &route.middleware, from: None }).run(draft) {
        Ok(whole) => *receipt = whole,
        Err(Stop(StopKind::Stopped(name))) => receipt.stopped = Some(name),
        Err(Stop(StopKind::Beyond(failure))) => return Err(failure),
        Err(Stop(StopKind::Quietly | StopKind::Failed(_))) => {
            unreachable!("what a middleware says is signed with its name")
        }
    }
    Ok(0) // whoever has it is in the receipt already
}

/// What is left of a chain. [`run`](Self::run) uses it up, so that nothing runs twice.
#[must_use = "an event whose `next` is not run is not published"]
pub struct Next<'a> {
    walk: &'a mut (dyn OnTheWalk + 'a),
    rest: &'a [Arc<Bound>],
    /// The middleware that holds it; `None` at the start.
    from: Option<&'a Arc<Bound>>,
}

impl Next<'_> {
    /// Hands the draft to the next middleware, or at the end of the chain to the subscribers.
    ///
    /// # Errors
    /// [`Stop`], when the event was not published; to be returned as it is, by `?`.
    pub fn run(self, draft: &mut Draft) -> Result<Receipt, Stop> {
        let Self { walk, rest, from } = self;
        if let Some(from) = from {
            inspect(walk.bus(), draft, from).map_err(|failure| Stop(StopKind::Beyond(failure)))?;
        }
        // Whoever is bound to the topic that it has now is asked, not to the one that it had.
        let moved = draft.has_moved().then(|| remaining(walk.bus(), draft.topic(), from));
        let rest = moved.as_deref().unwrap_or(rest);
        let Some((bound, rest)) = rest.split_first() else {
            return walk.end(draft).map_err(|failure| Stop(StopKind::Beyond(failure)));
        };
        let next = Next { walk: &mut *walk, rest, from: Some(bound) };
        let said = isolate(|| bound.middleware.handle(draft, next));
        match (walk.receipt(), said) {
            // It is delivered, whatever is said now.
            (Some(receipt), said) => {
                let error = match said {
                    Ok(Err(Stop(StopKind::Failed(reason)))) | Err(reason) => Some(reason),
                    Ok(_) => None,
                };
                if let Some(error) = error {
                    report(walk.bus(), bound, draft, error);
                }
                Ok(receipt)
            }
            (None, said) => Err(sign(said, bound, draft)),
        }
    }
}

/// What one draft's walk through its chain shares.
struct Walk<'a, F> {
    bus: &'a State,
    last: &'a mut F,
    /// Set once the event is delivered: from then on nothing can stop it.
    receipt: Option<Receipt>,
}

/// [`Walk`] without its type.
trait OnTheWalk {
    fn bus(&self) -> &State;
    fn end(&mut self, draft: &mut Draft) -> Result<Receipt, Box<Failure>>;
    fn receipt(&self) -> Option<Receipt>;
}

impl<F: FnMut(&mut Draft) -> Result<Receipt, Box<Failure>>> OnTheWalk for Walk<'_, F> {
    fn bus(&self) -> &State {
        self.bus
    }
    fn end(&mut self, draft: &mut Draft) -> Result<Receipt, Box<Failure>> {
        let receipt = (self.last)(draft)?;
        self.receipt = Some(receipt.clone());
        Ok(receipt)
    }
    fn receipt(&self) -> Option<Receipt> {
        self.receipt.clone()
    }
}

/// Looks at what a middleware left: the topic that changed data has, and that it lies below the middleware's bus.
fn inspect(bus: &State, draft: &mut Draft, from: &Bound) -> Result<(), Box<Failure>> {
    if let Err(kind) = draft.refresh_topic() {
        return Err(Failure::new(kind, draft.topic()));
    }
    if !draft.has_moved() {
        return Ok(());
    }
    match &from.prefix {
        Some(prefix) if !lies_below(draft.topic(), prefix) => {
            let (name, place, prefix) = (Box::clone(&from.name), from.place, prefix.clone());
            Err(Failure::new(PublishErrorKind::MovedOut { name, place, prefix }, draft.topic()))
        }
        _ => {
            if !lies_below(draft.topic(), bus.prefix()) {
                draft.leave_scope();
            }
            Ok(())
        }
    }
}

/// The middleware after `from`, of all that the publishing bus and its parents have, that selects the topic.
fn remaining(bus: &State, topic: &str, from: Option<&Arc<Bound>>) -> Vec<Arc<Bound>> {
    let mut chain = bus.middleware();
    if let Some(at) = from.and_then(|from| chain.iter().position(|bound| Arc::ptr_eq(bound, from)))
    {
        chain.drain(..=at);
    }
    chain.retain(|bound| bound.selects(topic));
    chain
}

/// Puts a name to what a middleware said of an event that is not delivered.
fn sign(said: Result<Result<Receipt, Stop>, Box<str>>, bound: &Bound, draft: &Draft) -> Stop {
    let reason = match said {
        // It did not run `next`, or kept for itself what `next` said: it has stopped the event.
        Ok(Ok(_) | Err(Stop(StopKind::Quietly))) => {
            return Stop(StopKind::Stopped(Arc::clone(&bound.name)));
        }
        Ok(Err(stop @ Stop(StopKind::Beyond(_) | StopKind::Stopped(_)))) => return stop,
        Ok(Err(Stop(StopKind::Failed(reason)))) | Err(reason) => reason,
    };
    let (name, place) = (Box::clone(&bound.name), bound.place);
    let kind = PublishErrorKind::Middleware { name, place, reason };
    Stop(StopKind::Beyond(Failure::new(kind, draft.topic())))
}

fn report(bus: &State, bound: &Bound, draft: &Draft, error: Box<str>) {
    let prefix = bound.prefix.as_deref().unwrap_or_default();
    system::report(&bus.core, prefix, || SystemEvent::MiddlewareFailed {
        name: Box::clone(&bound.name),
        place: bound.place.to_string().into(),
        event: draft.id(),
        topic: draft.topic().clone(),
        error,
    });
}

impl fmt::Debug for Next<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.rest.iter().map(|bound| &bound.name);
        f.write_str("Next")?;
        f.debug_list().entries(names).finish()
    }
}

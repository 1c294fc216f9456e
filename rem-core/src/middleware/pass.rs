//! The chain: from one middleware to the next, and at its end to the subscribers.
//!
//! As long as each is [done](Step::Done) before the rest, the chain is a loop. One that wants to be
//! [around](Step::Around) the rest is called with a [`Next`], and the rest is a call within its own.

use std::borrow::Cow;
use std::fmt;
use std::mem;
use std::sync::Arc;

use super::{Bound, Step, Stop, StopKind};
use crate::bus::State;
use crate::clock::BusClock;
use crate::deliver::isolate;
use crate::draft::Draft;
use crate::error::{Failure, PublishErrorKind};
use crate::publish::{Extra, Receipt};
use crate::route::{Route, lies_below};
use crate::system::{self, SystemEvent};

/// Lets a draft through the middleware of its route; `end` is what comes after, `extra` what its publisher said of it.
/// Returns what `end` does: how many have the event beside those in the receipt.
#[inline]
pub(crate) fn pass<F>(
    bus: &State,
    draft: &mut Draft,
    route: &Route,
    extra: Option<&mut Extra>,
    receipt: &mut Receipt,
    end: F,
) -> Result<u32, Box<Failure>>
where
    F: FnOnce(&mut Draft, &mut Receipt) -> Result<u32, Box<Failure>>,
{
    if !route.middleware.is_empty() {
        if let Some(extra) = extra {
            draft.note(extra.id.is_some(), extra.began);
        }
        let reached = before(draft, &route.middleware);
        if !matches!(reached, Reached::End) {
            return walk(bus, draft, &route.middleware, reached, receipt, end);
        }
    }
    end(draft, receipt)
}

/// The rest of a chain that is more than a loop.
#[inline(never)]
fn walk<F>(
    bus: &State,
    draft: &mut Draft,
    chain: &[Arc<Bound>],
    reached: Reached,
    receipt: &mut Receipt,
    end: F,
) -> Result<u32, Box<Failure>>
where
    F: FnOnce(&mut Draft, &mut Receipt) -> Result<u32, Box<Failure>>,
{
    let mut walk = Walk { end: Some(end), receipt: Receipt::default(), delivered: false };
    let whole = match reached {
        Reached::Around(at) => around(&mut walk, bus, draft, &chain[at], &chain[at + 1..]),
        reached => go_on(&mut walk, bus, draft, Cow::Borrowed(chain), reached),
    };
    match whole {
        Ok(()) => *receipt = walk.receipt,
        Err(Stop(StopKind::Stopped(name))) => receipt.stop(name),
        Err(Stop(StopKind::Beyond(failure))) => return Err(failure),
        Err(Stop(StopKind::Quietly | StopKind::Failed(_))) => {
            unreachable!("what a middleware says is signed with its name")
        }
    }
    Ok(0) // whoever has it is in the receipt already
}

/// How far a draft has come along a chain.
enum Reached {
    /// Through all of it.
    End,
    /// To one that wants to be around the rest.
    Around(usize),
    /// Through one that may have changed the topic.
    Touched(usize),
    /// To one that stopped it or panicked, with what it said.
    Stop(usize, Result<Stop, Box<str>>),
}

/// Asks one after the other. All of them are isolated at once, for that costs as much as asking one.
#[inline(never)]
fn before(draft: &mut Draft, chain: &[Arc<Bound>]) -> Reached {
    let mut at = 0;
    let reached = isolate(|| {
        while let Some(bound) = chain.get(at) {
            match bound.middleware.before(draft) {
                Ok(Step::Done) if !draft.is_touched() => at += 1,
                Ok(Step::Done) => return Reached::Touched(at),
                Ok(Step::Around) => return Reached::Around(at),
                Err(stop) => return Reached::Stop(at, Ok(stop)),
            }
        }
        Reached::End
    });
    reached.unwrap_or_else(|panic| Reached::Stop(at, Err(panic)))
}

/// Goes on from where a draft has come to. `Ok` when it is delivered.
#[cold]
fn go_on(
    walk: &mut dyn OnTheWalk,
    bus: &State,
    draft: &mut Draft,
    mut chain: Cow<'_, [Arc<Bound>]>,
    mut reached: Reached,
) -> Result<(), Stop> {
    let mut start = 0;
    loop {
        match reached {
            Reached::End => return walk.end(draft).map_err(Stop::beyond),
            Reached::Around(at) => {
                let at = start + at;
                return around(walk, bus, draft, &chain[at], &chain[at + 1..]);
            }
            Reached::Touched(at) => {
                start += at + 1;
                let from = &chain[start - 1];
                // Whoever is bound to the topic that it has now is asked, not to the one that it had.
                if inspect(bus, draft, from).map_err(Stop::beyond)? {
                    chain = Cow::Owned(remaining(bus, draft.topic(), from));
                    start = 0;
                }
                reached = before(draft, &chain[start..]);
            }
            Reached::Stop(at, said) => {
                return Err(sign(said.map(Err), &chain[start + at], draft));
            }
        }
    }
}

/// Calls one with the rest of the chain in its hands.
fn around(
    walk: &mut dyn OnTheWalk,
    bus: &State,
    draft: &mut Draft,
    bound: &Arc<Bound>,
    rest: &[Arc<Bound>],
) -> Result<(), Stop> {
    let next = Next { walk: &mut *walk, bus, rest, from: bound };
    let said = isolate(|| bound.middleware.handle(draft, next));
    if !walk.is_delivered() {
        return Err(sign(said, bound, draft));
    }
    // It is delivered, whatever is said now.
    match said {
        Ok(Err(Stop(StopKind::Failed(reason)))) | Err(reason) => report(bus, bound, draft, reason),
        Ok(_) => {}
    }
    Ok(())
}

/// What is left of a chain. [`run`](Self::run) uses it up, so that nothing runs twice.
#[must_use = "an event whose `next` is not run is not published"]
pub struct Next<'a> {
    walk: &'a mut (dyn OnTheWalk + 'a),
    bus: &'a State,
    rest: &'a [Arc<Bound>],
    /// The middleware that holds it.
    from: &'a Arc<Bound>,
}

impl Next<'_> {
    /// Hands the draft to the next middleware, or at the end of the chain to the subscribers.
    ///
    /// The receipt is whole: who has the event, for whom it waits, whose queue dropped it, which handlers failed. What a
    /// handler that is being called has published is `deferred` in it, for its handlers come later.
    ///
    /// # Errors
    /// [`Stop`], when the event was not published; to be returned as it is, by `?`. Whoever wants to know looks at
    /// [`Stop::by`] and [`Stop::error`] first.
    pub fn run(self, draft: &mut Draft) -> Result<Receipt, Stop> {
        let Self { walk, bus, rest, from } = self;
        if draft.is_touched() && inspect(bus, draft, from).map_err(Stop::beyond)? {
            let rest = remaining(bus, draft.topic(), from);
            let reached = before(draft, &rest);
            go_on(walk, bus, draft, Cow::Owned(rest), reached)?;
        } else {
            match if rest.is_empty() { Reached::End } else { before(draft, rest) } {
                Reached::End => walk.end(draft).map_err(Stop::beyond)?,
                Reached::Around(at) => around(walk, bus, draft, &rest[at], &rest[at + 1..])?,
                reached => go_on(walk, bus, draft, Cow::Borrowed(rest), reached)?,
            }
        }
        Ok(walk.receipt())
    }

    /// The clock of the bus that the event is published on; it can be read after [`run`](Self::run) too.
    pub fn clock(&self) -> BusClock {
        BusClock(self.bus.core.clock.clone())
    }
}

/// What one draft's walk through its chain shares.
struct Walk<F> {
    /// Until it is reached.
    end: Option<F>,
    /// Whole once the event is delivered: from then on nothing can stop it.
    receipt: Receipt,
    delivered: bool,
}

/// [`Walk`] without its type.
trait OnTheWalk {
    fn end(&mut self, draft: &mut Draft) -> Result<(), Box<Failure>>;
    fn is_delivered(&self) -> bool;
    fn receipt(&self) -> Receipt;
}

impl<F> OnTheWalk for Walk<F>
where
    F: FnOnce(&mut Draft, &mut Receipt) -> Result<u32, Box<Failure>>,
{
    fn end(&mut self, draft: &mut Draft) -> Result<(), Box<Failure>> {
        // `Next` is used up by `run`, and each chain makes one for its end.
        let Some(end) = self.end.take() else { unreachable!("the end of a chain is reached once") };
        let delivered = end(draft, &mut self.receipt)?;
        self.receipt = mem::take(&mut self.receipt).complete(draft, delivered);
        self.delivered = true;
        Ok(())
    }
    fn is_delivered(&self) -> bool {
        self.delivered
    }
    fn receipt(&self) -> Receipt {
        self.receipt.of_delivered()
    }
}

/// Looks at what a middleware left: the topic that changed data has, and that it lies below the middleware's bus. Whether
/// it is another now.
#[cold]
fn inspect(bus: &State, draft: &mut Draft, from: &Bound) -> Result<bool, Box<Failure>> {
    match draft.follow_topic() {
        Ok(false) => return Ok(false),
        Ok(true) => {}
        Err(kind) => return Err(Failure::new(kind, draft.topic())),
    }
    match &from.prefix {
        Some(prefix) if !lies_below(draft.topic(), prefix) => {
            let (name, place, prefix) = (Box::clone(&from.name), from.place, prefix.clone());
            from.count_failure();
            Err(Failure::new(PublishErrorKind::MovedOut { name, place, prefix }, draft.topic()))
        }
        _ => {
            if !lies_below(draft.topic(), bus.prefix()) {
                draft.leave_scope();
            }
            Ok(true)
        }
    }
}

/// The middleware after `from`, of all that the publishing bus and its parents have, that selects the topic.
fn remaining(bus: &State, topic: &str, from: &Arc<Bound>) -> Vec<Arc<Bound>> {
    let mut chain = bus.middleware();
    if let Some(at) = chain.iter().position(|bound| Arc::ptr_eq(bound, from)) {
        chain.drain(..=at);
    }
    chain.retain(|bound| bound.selects(topic));
    chain
}

/// Puts a name to what a middleware said of an event that is not delivered.
#[cold]
fn sign(said: Result<Result<Receipt, Stop>, Box<str>>, bound: &Bound, draft: &Draft) -> Stop {
    let reason = match said {
        // It did not run `next`, or kept for itself what `next` said: it has stopped the event.
        Ok(Ok(_) | Err(Stop(StopKind::Quietly))) => {
            bound.count_stop();
            return Stop(StopKind::Stopped(Arc::clone(&bound.name)));
        }
        Ok(Err(stop @ Stop(StopKind::Beyond(_) | StopKind::Stopped(_)))) => return stop,
        Ok(Err(Stop(StopKind::Failed(reason)))) | Err(reason) => reason,
    };
    bound.count_failure();
    let (name, place) = (Box::clone(&bound.name), bound.place);
    let kind = PublishErrorKind::Middleware { name, place, reason };
    Stop::beyond(Failure::new(kind, draft.topic()))
}

/// Counts what a middleware said too late, and tells it.
#[cold]
fn report(bus: &State, bound: &Bound, draft: &Draft, error: Box<str>) {
    bound.count_failure();
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

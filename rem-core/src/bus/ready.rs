//! [`Bus::ready`]: waiting for those who listen, so that nothing is published to nobody at start-up.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use rem_patterns::{IntoPattern, Pattern, PatternError};

use super::in_flight::Whose;
use super::unfinished::{is_on, wait};
use super::{Bus, State};
use crate::deliver::wake;
use crate::route::lies_below;
use crate::subscription::Entry;
use crate::sync::{self, Mutex, lock};

/// Those who wait for subscriptions of one root bus.
#[derive(Debug, Default)]
pub(crate) struct Arrivals(Mutex<Waiters>);

#[derive(Debug, Default)]
struct Waiters {
    /// The last ticket given out.
    ticket: u64,
    wakers: Vec<(u64, Waker)>,
}

impl Arrivals {
    /// Something has come for which somebody may wait.
    pub(crate) fn arrived(&self) {
        let wakers = mem::take(&mut lock(&self.0).wakers);
        for (_, waker) in wakers {
            wake(waker); // under no lock
        }
    }

    fn enter(&self, waker: Waker) -> u64 {
        let mut waiters = lock(&self.0);
        waiters.ticket += 1;
        let ticket = waiters.ticket;
        waiters.wakers.push((ticket, waker));
        ticket
    }

    fn leave(&self, ticket: u64) {
        let mut waiters = lock(&self.0);
        let at = waiters.wakers.iter().position(|(other, _)| *other == ticket);
        let waker = at.map(|at| waiters.wakers.swap_remove(at));
        drop(waiters);
        drop(waker); // user code: under no lock
    }
}

impl Bus {
    /// Waits until `subscriptions` of them are there that select some topic which the pattern selects too, below this bus's
    /// prefix, whichever bus they were made on. So a publisher that starts first loses nothing to those who come after it.
    ///
    /// A stream that begins in the past counts when it has read that and is live.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use rem_core::{Bus, Event};
    ///
    /// let bus = Bus::new();
    /// let _sub = bus.subscribe("order.*.paid", |event: &Event| println!("{event}"))?;
    /// bus.ready("order", 1, Duration::from_secs(5))?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// When the limit comes first: it names those that were there. When the bus is closed meanwhile, and for a pattern that
    /// is none or cannot lie below the bus's prefix.
    ///
    /// # Cost
    /// Each subscription that comes meanwhile has all of them compared with the pattern once more; with nobody waiting it
    /// costs a lock.
    pub fn ready(
        &self,
        pattern: impl IntoPattern,
        subscriptions: usize,
        limit: Duration,
    ) -> Result<(), ReadyError> {
        let until = sync::now().checked_add(limit);
        let mut ready = self.ready_async(pattern, subscriptions);
        let mut said = None;
        wait(until, |waker| {
            Pin::new(&mut ready).poll(&mut Context::from_waker(waker)).map(|is| said = Some(is))
        });
        said.unwrap_or_else(|| Err(ready.late(limit)))
    }

    /// The same in async code, without blocking the thread. It has no limit, for it takes a runtime to tell the time: put a
    /// timeout of yours around it.
    pub fn ready_async(&self, pattern: impl IntoPattern, subscriptions: usize) -> Ready {
        let state = Arc::clone(&self.0);
        let pattern = pattern.into_pattern().and_then(|pattern| state.absolute(pattern));
        Ready { state, pattern, subscriptions, ticket: None }
    }
}

/// Ready when subscriptions are there: see [`Bus::ready_async`].
#[must_use = "nothing is waited for until it is awaited"]
pub struct Ready {
    state: Arc<State>,
    pattern: Result<Pattern, PatternError>,
    subscriptions: usize,
    ticket: Option<u64>,
}

impl Ready {
    fn leave(&mut self) {
        if let Some(ticket) = self.ticket.take() {
            self.state.core.arrivals.leave(ticket);
        }
    }

    fn look(&self) -> Poll<Result<(), ReadyError>> {
        let pattern = match &self.pattern {
            Ok(pattern) => pattern,
            Err(error) => return Poll::Ready(Err(ReadyError::new(Kind::Pattern(error.clone())))),
        };
        if self.state.is_closed() {
            return Poll::Ready(Err(ReadyError::new(Kind::Closed)));
        }
        let entries = self.state.core.entries();
        let there = entries.iter().filter(|entry| may_select(entry, pattern, &self.state));
        if there.take(self.subscriptions).count() == self.subscriptions {
            Poll::Ready(Ok(()))
        } else {
            Poll::Pending
        }
    }

    fn late(&self, limit: Duration) -> ReadyError {
        let Ok(pattern) = &self.pattern else { unreachable!("it is said before one waits") };
        let entries = self.state.core.entries();
        let there = entries.iter().filter(|entry| may_select(entry, pattern, &self.state));
        // As far as this bus may know of them.
        let seen = there.filter(|entry| is_on(entry, &self.state));
        let found = seen.map(|entry| Whose::of(entry)).collect();
        let (pattern, wanted) = (pattern.as_str().into(), self.subscriptions);
        ReadyError::new(Kind::Late { pattern, wanted, limit, found })
    }
}

/// Whether there is a topic that both select, published on that bus or below it.
fn may_select(entry: &Entry, pattern: &Pattern, state: &State) -> bool {
    if !entry.is_active() {
        return false;
    }
    let meets = |selected: &Pattern| match selected.intersects(pattern) {
        Ok(witness) => witness.is_some(),
        // Not to be told in time: then it is none that would be missed.
        Err(_) => true,
    };
    if !entry.by_type {
        return meets(&entry.pattern);
    }
    // It selects below whatever scope: here that of the bus, or the one that it was made on, if that is below.
    let (own, here) = (entry.prefix.as_ref(), state.prefix_topic());
    let scope = if is_on(entry, state) {
        own
    } else if lies_below(state.prefix(), entry.prefix()) {
        here
    } else {
        return false;
    };
    match scope {
        Some(prefix) => entry.pattern.under(prefix).is_ok_and(|selected| meets(&selected)),
        None => meets(&entry.pattern),
    }
}

impl Future for Ready {
    type Output = Result<(), ReadyError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.leave();
        // First the one and then the other: who comes between the two wakes it.
        let ticket = self.state.core.arrivals.enter(cx.waker().clone());
        self.ticket = Some(ticket);
        self.look()
    }
}

impl Drop for Ready {
    fn drop(&mut self) {
        self.leave();
    }
}

impl fmt::Debug for Ready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ready")
            .field("pattern", &self.pattern)
            .field("subscriptions", &self.subscriptions)
            .finish_non_exhaustive()
    }
}

/// Subscriptions that were not there, and why: see [`Bus::ready`].
#[derive(Debug)]
pub struct ReadyError(Box<Kind>);

#[derive(Debug)]
enum Kind {
    Late { pattern: Box<str>, wanted: usize, limit: Duration, found: Box<[Whose]> },
    Closed,
    Pattern(PatternError),
}

/// Why subscriptions were not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReadyErrorKind {
    /// The limit came first.
    Late,
    /// The bus is closed.
    Closed,
    /// The pattern is none, or cannot lie below the bus's prefix.
    Pattern,
}

impl ReadyError {
    fn new(kind: Kind) -> Self {
        Self(Box::new(kind))
    }

    /// Why, to be matched.
    pub fn kind(&self) -> ReadyErrorKind {
        match *self.0 {
            Kind::Late { .. } => ReadyErrorKind::Late,
            Kind::Closed => ReadyErrorKind::Closed,
            Kind::Pattern(_) => ReadyErrorKind::Pattern,
        }
    }

    /// Those that were there when the limit came, of the bus that waited and those below it.
    pub fn found(&self) -> &[Whose] {
        match &*self.0 {
            Kind::Late { found, .. } => found,
            Kind::Closed | Kind::Pattern(_) => &[],
        }
    }
}

impl fmt::Display for ReadyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Kind::Late { pattern, wanted, limit, found } => {
                write!(
                    f,
                    "fewer than {wanted} subscriptions to `{pattern}` were there within {limit:?}: "
                )?;
                for (at, found) in found.iter().enumerate() {
                    write!(f, "{}{found}", if at == 0 { "" } else { " and " })?;
                }
                f.write_str(if found.is_empty() { "none" } else { "" })?;
                f.write_str("; let those who listen subscribe first, or wait longer")
            }
            Kind::Closed => f.write_str("the bus is closed; nobody can subscribe any more"),
            Kind::Pattern(error) => error.fmt(f),
        }
    }
}

impl Error for ReadyError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &*self.0 {
            Kind::Pattern(error) => Some(error),
            Kind::Late { .. } | Kind::Closed => None,
        }
    }
}

//! [`Bus::settle`]: waiting until what is in flight has arrived.

use std::error::Error;
use std::fmt;
use std::future::{self, Future};
use std::task::Poll;
use std::time::Duration;

use super::Bus;
use super::in_flight::{InFlight, Whose, list};
use super::unfinished::{Unfinished, wait};
use crate::deliver;
use crate::sync;

impl Bus {
    /// Waits until nothing that is in flight now is any more: no publish is under way that has begun before, what its
    /// handlers published in turn has been handled, and every event that it put into a queue has been read. By count and
    /// not by time: when it returns, it is so.
    ///
    /// What is published meanwhile is not waited for, so a bus that is never quiet settles too. What a reader does with an
    /// event after it has read it is not known here, nor is the past, to whomever it is read; of a
    /// [durable](crate::SubscriptionBuilder::durable) task what it has in hand is waited for, and not what it has not been
    /// given yet. On a child bus it is cut to
    /// its prefix: topics below it, and subscriptions made on it and below.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use rem_core::Bus;
    ///
    /// let bus = Bus::new();
    /// bus.settle(Duration::from_secs(5))?;
    /// # Ok::<(), rem_core::SettleError>(())
    /// ```
    ///
    /// # Errors
    /// When the limit comes first: it names each publish and each queue. At once where waiting would never end: when it is
    /// called within a publish, as handlers, filters and middleware are; and when a queue is not read because this thread
    /// reads it ([`EventStream::iter`](crate::EventStream::iter)).
    ///
    /// # Cost
    /// A look at every topic in use and at every subscription, and each of these topics asks the index once when it is
    /// published to again. Publishers pay nothing for it.
    pub fn settle(&self, limit: Duration) -> Result<(), SettleError> {
        if deliver::is_within() {
            return Err(SettleError(Kind::Within));
        }
        let until = sync::now().checked_add(limit);
        let mut unfinished = Unfinished::of(&self.0);
        if !wait(until, |waker| unfinished.poll_publishes(waker)) {
            return Err(SettleError::late(limit, &unfinished));
        }
        unfinished.look_at_queues();
        // Only this thread could bind one to itself, so none becomes its own while it waits.
        if let Some(own) = unfinished.own_queue() {
            return Err(SettleError(Kind::OwnQueue(own)));
        }
        if wait(until, |waker| unfinished.poll_queues(waker)) {
            Ok(())
        } else {
            Err(SettleError::late(limit, &unfinished))
        }
    }

    /// The same in async code, without blocking the thread. What is in flight is looked at when the future is first
    /// polled; it has no limit, for it takes a runtime to tell the time: put a timeout of yours around it.
    ///
    /// # Errors
    /// When it is polled within a publish, where waiting would never end.
    pub fn settle_async(&self) -> impl Future<Output = Result<(), SettleError>> + Send + 'static {
        let bus = self.clone();
        let mut unfinished = None;
        future::poll_fn(move |cx| {
            if deliver::is_within() {
                return Poll::Ready(Err(SettleError(Kind::Within)));
            }
            let unfinished = unfinished.get_or_insert_with(|| Unfinished::of(&bus.0));
            if unfinished.poll_publishes(cx.waker()).is_pending() {
                return Poll::Pending;
            }
            unfinished.look_at_queues();
            unfinished.poll_queues(cx.waker()).map(Ok)
        })
    }
}

/// A bus that did not settle, and why: see [`Bus::settle`].
#[derive(Debug)]
pub struct SettleError(Kind);

#[derive(Debug)]
enum Kind {
    Late { limit: Duration, in_flight: Box<[InFlight]> },
    Within,
    OwnQueue(Whose),
}

/// Why a bus did not settle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SettleErrorKind {
    /// The limit came first.
    Late,
    /// It was called within a publish, which would have had to end first.
    Within,
    /// A queue is read by the thread that waits.
    OwnQueue,
}

impl SettleError {
    fn late(limit: Duration, unfinished: &Unfinished) -> Self {
        Self(Kind::Late { limit, in_flight: unfinished.in_flight() })
    }

    /// Why, to be matched.
    pub fn kind(&self) -> SettleErrorKind {
        match self.0 {
            Kind::Late { .. } => SettleErrorKind::Late,
            Kind::Within => SettleErrorKind::Within,
            Kind::OwnQueue(_) => SettleErrorKind::OwnQueue,
        }
    }

    /// What was in flight when the limit came.
    pub fn in_flight(&self) -> &[InFlight] {
        match &self.0 {
            Kind::Late { in_flight, .. } => in_flight,
            Kind::Within | Kind::OwnQueue(_) => &[],
        }
    }
}

impl fmt::Display for SettleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Late { limit, in_flight } => {
                write!(f, "the bus has not settled within {limit:?}: ")?;
                list(f, in_flight)?;
                f.write_str("; let them finish, or wait longer")
            }
            Kind::Within => f.write_str(
                "the bus cannot settle within a publish, which is in flight itself; settle outside of handlers, \
                 filters and middleware",
            ),
            Kind::OwnQueue(own) => write!(
                f,
                "the bus cannot settle while this thread waits, for it is this thread that reads the queue of {own}; \
                 read it to its end first, or settle in another thread"
            ),
        }
    }
}

impl Error for SettleError {}

//! [`Wait`]: the one event that somebody waits for.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use rem_patterns::IntoPattern;

use super::{Subscription, SubscriptionBuilder};
use crate::bus::Bus;
use crate::error::SubscribeError;
use crate::event::{Payload, Shape};
use crate::queue::{Channel, EventStream, TryRecvError};
use crate::received::Received;
use crate::sync;

impl Bus {
    /// Waits in this thread for the next event whose topic the pattern selects, below the bus's prefix, at most so long.
    ///
    /// Only what is published after the call is waited for. To publish what is to be answered when one waits already, ask
    /// [`wait_for_async`](Self::wait_for_async) first, and then [`Wait::within`]. Within a handler it waits for what other
    /// threads publish: what this one publishes comes after it.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use rem_core::{Bus, Received, WaitErrorKind};
    ///
    /// let bus = Bus::new();
    /// let paid: Result<Received, _> = bus.wait_for("order.*.paid", Duration::from_millis(1));
    /// assert_eq!(paid.map_err(|error| error.kind()).err(), Some(WaitErrorKind::Late));
    /// ```
    ///
    /// # Errors
    /// When the limit comes first, when the bus is closed or gone, and as for [`subscribe`](Self::subscribe).
    #[track_caller]
    pub fn wait_for<T: Shape + ?Sized>(
        &self,
        pattern: impl IntoPattern,
        limit: Duration,
    ) -> Result<Received<T>, WaitError> {
        match self.wait_for_async(pattern) {
            Ok(wait) => wait.within(limit),
            Err(error) => Err(WaitError(Box::new(Kind::Subscribe(error)))),
        }
    }

    /// The next event whose topic the pattern selects, as a future for any runtime. It waits from now on, whether it is
    /// polled yet or not, so publish what is to be answered after this.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use rem_core::{Bus, EventType, Received, Wait};
    ///
    /// # fn ask<Question: EventType>(bus: &Bus, question: Question) -> Result<(), Box<dyn std::error::Error>> {
    /// let answer: Wait = bus.wait_for_async("answer")?;
    /// bus.publish(question).map_err(|error| error.to_string())?;
    /// let answer = answer.within(Duration::from_secs(5))?; // or: answer.await?
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As for [`subscribe`](Self::subscribe).
    #[track_caller]
    pub fn wait_for_async<T: Shape + ?Sized>(
        &self,
        pattern: impl IntoPattern,
    ) -> Result<Wait<T>, SubscribeError> {
        self.subscription(pattern).wait()
    }
}

impl SubscriptionBuilder<'_> {
    /// Waits for one event: with [`from`](Self::from) perhaps one that is past, else the next; with
    /// [`filter`](Self::filter) one of those that it lets pass.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use rem_core::{Bus, Ring, Start, Wait};
    ///
    /// let bus = Bus::builder().history(Ring::events(100)).build();
    /// let started: Wait = bus.subscription("server.started").from(Start::Earliest).wait()?;
    /// assert!(started.within(Duration::from_millis(1)).is_err());
    /// # Ok::<(), rem_core::SubscribeError>(())
    /// ```
    ///
    /// # Errors
    /// A pattern that is none or cannot lie below the bus's prefix, a closed bus, and one without history for a wait that
    /// begins in the past.
    pub fn wait<T: Shape + ?Sized>(self) -> Result<Wait<T>, SubscribeError> {
        Ok(Wait(self.once().stream_of(Arc::new(Channel::for_one()))?))
    }
}

/// The one event that somebody waits for, as a future: see [`Bus::wait_for_async`]. Dropping it waits no longer.
#[must_use = "nobody waits any longer when it is dropped; await it, or wait `within` a limit"]
pub struct Wait<T: ?Sized = dyn Payload>(EventStream<T>);

impl<T: Shape + ?Sized> Wait<T> {
    /// Waits in this thread, at most so long.
    ///
    /// # Errors
    /// When the limit comes first, and when the bus is closed or gone.
    pub fn within(mut self, limit: Duration) -> Result<Received<T>, WaitError> {
        let until = sync::now().checked_add(limit);
        loop {
            let left =
                until.map_or(Duration::MAX, |until| until.saturating_duration_since(sync::now()));
            match self.0.recv_timeout(left) {
                Ok(event) => return Ok(event),
                // What was lost before it was read may have been the one; the next is as good.
                Err(TryRecvError::Lagged(_)) => {}
                Err(TryRecvError::Ended) => return Err(self.ended()),
                Err(TryRecvError::Empty) => {
                    let pattern = self.subscription().pattern().into();
                    return Err(WaitError(Box::new(Kind::Late { pattern, limit })));
                }
            }
        }
    }

    /// The subscription: its identity and counts.
    pub fn subscription(&self) -> &Subscription {
        self.0.subscription()
    }

    fn ended(&self) -> WaitError {
        let pattern = self.subscription().pattern().into();
        WaitError(Box::new(Kind::Ended { pattern }))
    }
}

impl<T: Shape + ?Sized> Future for Wait<T> {
    type Output = Result<Received<T>, WaitError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        loop {
            return match self.0.poll(cx.waker()) {
                Poll::Ready(Some(Ok(event))) => Poll::Ready(Ok(event)),
                Poll::Ready(Some(Err(_lagged))) => continue,
                Poll::Ready(None) => Poll::Ready(Err(self.ended())),
                Poll::Pending => Poll::Pending,
            };
        }
    }
}

impl<T: ?Sized> fmt::Debug for Wait<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Wait").field(&self.0).finish()
    }
}

/// An event that did not come, and why: see [`Bus::wait_for`].
#[derive(Debug)]
pub struct WaitError(Box<Kind>);

#[derive(Debug)]
enum Kind {
    Late { pattern: Box<str>, limit: Duration },
    Ended { pattern: Box<str> },
    Subscribe(SubscribeError),
}

/// Why an event did not come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum WaitErrorKind {
    /// The limit came first.
    Late,
    /// None will come: the bus is closed or gone, or what was waited [`until`](SubscriptionBuilder::until) has come.
    Ended,
    /// It could not be waited for.
    Subscribe,
}

impl WaitError {
    /// Why, to be matched.
    pub fn kind(&self) -> WaitErrorKind {
        match *self.0 {
            Kind::Late { .. } => WaitErrorKind::Late,
            Kind::Ended { .. } => WaitErrorKind::Ended,
            Kind::Subscribe(_) => WaitErrorKind::Subscribe,
        }
    }
}

impl fmt::Display for WaitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Kind::Late { pattern, limit } => write!(
                f,
                "no event of `{pattern}` came within {limit:?}; wait before it is published, or longer"
            ),
            Kind::Ended { pattern } => write!(
                f,
                "no event of `{pattern}` will come, for the bus is closed or gone, or the wait was ended"
            ),
            Kind::Subscribe(error) => error.fmt(f),
        }
    }
}

impl Error for WaitError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &*self.0 {
            Kind::Subscribe(error) => Some(error),
            Kind::Late { .. } | Kind::Ended { .. } => None,
        }
    }
}

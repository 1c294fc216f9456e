//! [`Bus::close`]: the orderly end of a bus.

use std::fmt;
use std::future::{self, Future};
use std::sync::Arc;
use std::task::{Poll, Waker};
use std::time::Duration;

use super::in_flight::{InFlight, list};
use super::unfinished::{Unfinished, wait};
use super::{Bus, State};
use crate::deliver;
use crate::sync;

impl Bus {
    /// Closes this bus and every bus below it: what is published or subscribed from now on is refused. Then waits, at most
    /// so long, until what is in flight is finished, as [`settle`](Self::settle) does, and says what is not. With a limit
    /// of [`Duration::ZERO`] it waits for nothing.
    ///
    /// When the publishes under way are over, or at the limit, the streams of this bus end: what waits in their queues can
    /// still be read, also after the limit, and then they give `None`. Inline subscriptions stay until their guards are dropped,
    /// but no event reaches them that was not published on a bus above, or on one that was opened later with the same prefix.
    /// When the report [is complete](CloseReport::is_complete), no handler of an event of this bus is running and none will be
    /// called, and a history that outlives the process has committed all that was published. What a
    /// [durable](crate::SubscriptionBuilder::durable) subscription has not been given is no loss: it comes after the next
    /// start, and [`positions`](Self::positions) says how much that is.
    ///
    /// Called within a publish, by a handler for example, it does not wait; the report names that publish too. Nor does it
    /// wait for a queue that this thread reads.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use rem_core::Bus;
    ///
    /// let bus = Bus::new();
    /// let report = bus.close(Duration::from_secs(5));
    /// if !report.is_complete() {
    ///     eprintln!("{report}");
    /// }
    /// ```
    ///
    /// # Cost
    /// As for [`settle`](Self::settle).
    #[expect(clippy::must_use_candidate, reason = "a bus is closed, whether one asks how or not")]
    pub fn close(&self, limit: Duration) -> CloseReport {
        let mut closing = Closing::begin(&self.0);
        let until = sync::now().checked_add(limit);
        let until = if deliver::is_within() { Some(sync::now()) } else { until };
        wait(until, |waker| closing.poll_publishes(waker));
        // At the limit too: what is in the queues is all that comes.
        closing.finish_queues();
        wait(until, |waker| closing.poll_queues(waker));
        wait(until, |waker| closing.poll_history(waker));
        closing.report()
    }

    /// The same in async code, without blocking the thread. The bus is closed when this is called, whether the future is
    /// awaited or not; dropping it ends the streams and waits no longer. It has no limit, for it takes a runtime to tell
    /// the time: put a timeout of yours around it.
    ///
    /// It is ready when all is finished; where waiting would never end, it is ready at once and tells what is in flight.
    pub fn close_async(&self) -> impl Future<Output = CloseReport> + Send + 'static {
        let mut closing = Closing::begin(&self.0);
        future::poll_fn(move |cx| {
            if !deliver::is_within() {
                if closing.poll_publishes(cx.waker()).is_pending() {
                    return Poll::Pending;
                }
                closing.finish_queues();
                if closing.poll_queues(cx.waker()).is_pending()
                    || closing.poll_history(cx.waker()).is_pending()
                {
                    return Poll::Pending;
                }
            }
            Poll::Ready(closing.report())
        })
    }

    /// `true` once the bus, or one above it, is closed.
    pub fn is_closed(&self) -> bool {
        self.0.is_closed()
    }
}

/// A bus that refuses what is new, and finishes what is not.
pub(super) struct Closing {
    state: Arc<State>,
    unfinished: Unfinished,
    /// The publishes that were under way when the streams were ended; `None` before that.
    cut_short: Option<Vec<InFlight>>,
    /// Up to where a history that outlives the process was asked to commit.
    flushed: Option<u64>,
    /// Why it cannot.
    unstored: Option<Box<str>>,
}

impl Closing {
    pub(super) fn begin(state: &Arc<State>) -> Self {
        // First the one, then the look: see `route/live.rs`.
        state.refuse();
        let unfinished = Unfinished::of(state);
        Self {
            state: Arc::clone(state),
            unfinished,
            cut_short: None,
            flushed: None,
            unstored: None,
        }
    }

    pub(super) fn poll_publishes(&self, waker: &Waker) -> Poll<()> {
        self.unfinished.poll_publishes(waker)
    }

    pub(super) fn poll_queues(&mut self, waker: &Waker) -> Poll<()> {
        if self.unfinished.only_own_queues() {
            return Poll::Ready(());
        }
        self.unfinished.poll_queues(waker)
    }

    pub(super) fn finish_queues(&mut self) {
        if self.cut_short.is_none() {
            // Looked at first: one that is over when the report is made may have found the streams at their end.
            self.cut_short = Some(self.unfinished.publishes());
            self.state.finish_queues();
            self.unfinished.look_at_the_end();
        }
    }

    /// Ready when a history that outlives the process has committed what was published, or cannot.
    pub(super) fn poll_history(&mut self, waker: &Waker) -> Poll<()> {
        let core = &self.state.core;
        let Some(history) = &core.durable else { return Poll::Ready(()) };
        let last = *self.flushed.get_or_insert_with(|| {
            history.flush();
            core.last_sequence()
        });
        history.commits().poll_committed(last, waker).map(|committed| {
            self.unstored = committed.err().map(|error| error.to_string().into());
        })
    }

    fn report(&self) -> CloseReport {
        let publishes = self.cut_short.clone().unwrap_or_else(|| self.unfinished.publishes());
        let unread = self.unfinished.unread();
        CloseReport {
            in_flight: publishes.into_iter().chain(unread).chain(self.history()).collect(),
        }
    }

    fn history(&self) -> Option<InFlight> {
        let core = &self.state.core;
        let committed = core.durable.as_ref()?.committed();
        let last = self.flushed.unwrap_or_else(|| core.last_sequence());
        let events = last.saturating_sub(committed);
        (events > 0).then(|| InFlight::History { events, reason: self.unstored.clone() })
    }
}

#[cfg(all(test, rem_loom))]
impl Closing {
    pub(super) fn is_complete(&self) -> bool {
        self.report().is_complete()
    }
}

impl Drop for Closing {
    fn drop(&mut self) {
        self.finish_queues();
    }
}

/// What was not finished when a bus was closed: see [`Bus::close`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloseReport {
    in_flight: Box<[InFlight]>,
}

impl CloseReport {
    /// `true` if all was finished: every handler has returned, and every queue is read.
    pub fn is_complete(&self) -> bool {
        self.in_flight.is_empty()
    }

    /// What was in flight still. It goes on: handlers run to their end, and what is queued can be read.
    pub fn in_flight(&self) -> &[InFlight] {
        &self.in_flight
    }
}

impl fmt::Display for CloseReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_complete() {
            return f.write_str("closed, with nothing left unfinished");
        }
        f.write_str("closed, but not finished: ")?;
        list(f, &self.in_flight)
    }
}

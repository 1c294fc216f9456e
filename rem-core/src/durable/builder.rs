//! [`DurableBuilder`]: a durable subscription in the making.

use std::future::Future;
use std::time::Duration;

use super::DurableStream;
use crate::error::SubscribeError;
use crate::event::{Event, Shape};
use crate::received::Received;
use crate::subscription::{Outcome, Start, Subscription, SubscriptionBuilder, Until};
use crate::task::{Retry, TaskBuilder, TaskKey};

/// How many events may be taken from the oldest on that is not handled, unless told.
const WINDOW: usize = 1_024;

/// A durable subscription in the making: see [`SubscriptionBuilder::durable`].
#[must_use = "nothing is subscribed until it has its handler or its reader: `task`, `task_with` or `stream`"]
#[derive(Debug)]
pub struct DurableBuilder<'a> {
    subscription: SubscriptionBuilder<'a>,
    name: Box<str>,
    window: usize,
}

impl<'a> SubscriptionBuilder<'a> {
    /// A subscription that keeps its position under a name in the bus's history, which has to outlive the process
    /// (`rem-journal`). After a crash or a restart it goes on behind that.
    ///
    /// **At least once; exactly once for effects only if the handler writes in the store's own transaction or is idempotent
    /// by event id.** An event counts as handled when its handler has returned, or, for a stream, when it is acknowledged;
    /// the position is noted then and stored with the next commit. What was handled after the last commit comes again
    /// after a crash, and so does what was under way. An effect that must not happen twice is kept by the id of its event
    /// (`INSERT … ON CONFLICT DO NOTHING`), or goes into the commit that stores the position
    /// ([`DurableStream::ack_with`]).
    ///
    /// Only events that are committed are given: never one that a crash could take back, and so none of a local type. They are
    /// read from the history as they are committed, page by page, so that no publisher waits for it, receipts do not count it,
    /// and one that is slow or was gone for a week costs no memory. An event is no [replay](Received::is_replay), however late
    /// it comes.
    ///
    /// A name that has no position yet begins with the earliest event that is kept, or where
    /// [`from`](DurableBuilder::from) says; from then on its position says where it goes on, and `from` nothing. It belongs
    /// to the bus's prefix: `invoices` of the child bus `eu` is another than that of its parent. One subscription at a time
    /// may have it; it is free again when the last call of its handler is over, for which
    /// [`unsubscribe`](Subscription::unsubscribe) waits. [`Bus::positions`](crate::Bus::positions) lists what names there are,
    /// and [`Bus::forget`](crate::Bus::forget) drops one.
    ///
    /// What the history let go before it was read is a loss: [`Lagged`](crate::Lagged) in a stream; counted
    /// ([`Subscription::missed`]) and told as `$rem.task.lost` for a task. Whoever must lose nothing lets
    /// [`Bus::positions`](crate::Bus::positions) say how far behind each name is.
    ///
    /// [`settle`](crate::Bus::settle) waits for what its handler has in hand, and not for what it has not been given yet.
    /// [`close`](crate::Bus::close) ends it when what it has in hand is handled: what it has not been given is no loss, it
    /// comes after the next start.
    ///
    /// The effect of an event by its id, here in a set; in a database it is the key of a row:
    ///
    /// ```
    /// use std::collections::HashSet;
    /// use std::sync::{Arc, Mutex};
    ///
    /// use rem_core::{Bus, EventId, Received, Retry};
    ///
    /// # fn write_invoice(_: &Received) -> Result<(), String> { Ok(()) }
    /// # fn subscribe(bus: Bus) -> Result<(), rem_core::SubscribeError> {
    /// let written: Arc<Mutex<HashSet<EventId>>> = Arc::default();
    /// let _sub = bus
    ///     .subscription("billing")
    ///     .durable("invoices")
    ///     .retry(Retry::times(5))
    ///     .task_with(written, async |written, event: Received| {
    ///         let mut written = written.lock().map_err(|error| error.to_string())?;
    ///         if !written.contains(&event.id()) {
    ///             write_invoice(&event)?;
    ///             written.insert(event.id());
    ///         }
    ///         Ok::<_, String>(())
    ///     })?;
    /// # Ok(()) }
    /// ```
    ///
    /// A handler that blocks its thread reads a [`stream`](DurableBuilder::stream) in a thread of its own.
    pub fn durable(self, name: impl Into<Box<str>>) -> DurableBuilder<'a> {
        DurableBuilder { subscription: self, name: name.into(), window: WINDOW }
    }
}

impl<'a> DurableBuilder<'a> {
    /// Where a name begins that has no position yet: with [`Start::Earliest`] unless told. One that has goes on behind its
    /// position.
    pub fn from(mut self, start: Start) -> Self {
        self.subscription = self.subscription.from(start);
        self
    }

    /// Only events that `wanted` says yes to: see [`SubscriptionBuilder::filter`]. It is asked by whoever reads.
    pub fn filter(mut self, wanted: impl Fn(&Event) -> bool + Send + Sync + 'static) -> Self {
        self.subscription = self.subscription.filter(wanted);
        self
    }

    /// Only events from this source: see [`SubscriptionBuilder::source`].
    pub fn source(mut self, source: impl Into<Box<str>>) -> Self {
        self.subscription = self.subscription.source(source);
        self
    }

    /// Lets it last until a token ends: see [`SubscriptionBuilder::until`].
    pub fn until(mut self, until: impl Until) -> Self {
        self.subscription = self.subscription.until(until);
        self
    }

    /// Ends it with so many events: see [`SubscriptionBuilder::take`]. The next of its name goes on behind them.
    pub fn take(mut self, calls: u64) -> Self {
        self.subscription = self.subscription.take(calls);
        self
    }

    /// Ends it with its first event: [`take(1)`](Self::take).
    pub fn once(self) -> Self {
        self.take(1)
    }

    /// How many events a task may take from the oldest on that is not handled, 1,024 unless told, at least one. One that is
    /// handled before an older one is comes again after a crash, so at most so many do; and a handler that never returns
    /// lets so many others be handled, and no more.
    pub fn window(mut self, events: usize) -> Self {
        self.window = events.max(1);
        self
    }

    /// The reader's end, who says what he has handled.
    ///
    /// # Errors
    /// A pattern that is none or cannot lie below the bus's prefix, a closed bus, one without a history that outlives the
    /// process, a name that is none or in use, [`Start::LastPerTopic`], and a type whose events never leave the process.
    pub fn stream<T: Shape + ?Sized>(self) -> Result<DurableStream<T>, SubscribeError> {
        DurableStream::of(self.subscription, &self.name)
    }

    pub(crate) fn into_task(self) -> TaskBuilder<'a> {
        TaskBuilder::durable(self.subscription, self.name, self.window)
    }

    /// A task that may run so many calls at a time: see [`TaskBuilder::concurrency`]. The position is the number below which
    /// all is handled.
    pub fn concurrency(self, calls: usize) -> TaskBuilder<'a> {
        self.into_task().concurrency(calls)
    }

    /// A task in order for each key: see [`TaskBuilder::by_key`]. Events behind a dead letter of their key are not handled,
    /// and the position does not pass them until it is sent again or thrown away.
    pub fn by_key(self, key: impl Into<TaskKey>) -> TaskBuilder<'a> {
        self.into_task().by_key(key)
    }

    /// A task that tries again: see [`TaskBuilder::retry`]. An event that fails at its last attempt counts as handled.
    pub fn retry(self, retry: Retry) -> TaskBuilder<'a> {
        self.into_task().retry(retry)
    }

    /// A task whose calls may take so long: see [`TaskBuilder::time_limit`].
    pub fn time_limit(self, limit: Duration) -> TaskBuilder<'a> {
        self.into_task().time_limit(limit)
    }

    /// A task whose failed events are published: see [`TaskBuilder::dead_letter`]. An event counts as handled when it is a
    /// dead letter, and dead letters end with the process: whoever must not lose one writes it down where it is published.
    pub fn dead_letter(self, topic: impl Into<Box<str>>) -> TaskBuilder<'a> {
        self.into_task().dead_letter(topic)
    }

    /// A task whose failed events are kept in memory: see [`TaskBuilder::keep_dead_letters`].
    pub fn keep_dead_letters(self, events: usize) -> TaskBuilder<'a> {
        self.into_task().keep_dead_letters(events)
    }

    /// A task with a span for each attempt: see [`TaskBuilder::traced`]. What is read from the history is told of by the field
    /// `traceparent`, and has no link.
    #[cfg(feature = "tracing")]
    pub fn traced(self, subscription: impl Into<Box<str>>) -> TaskBuilder<'a> {
        self.into_task().traced(subscription)
    }

    /// An async handler: see [`TaskBuilder::task`].
    ///
    /// # Errors
    /// As there, and as for [`stream`](Self::stream).
    pub fn task<T, H, F>(self, handler: H) -> Result<Subscription, SubscribeError>
    where
        T: Shape + ?Sized,
        H: Fn(Received<T>) -> F + Send + Sync + 'static,
        F: Future<Output: Outcome> + Send + 'static,
    {
        self.into_task().task(handler)
    }

    /// An async handler with a state: see [`TaskBuilder::task_with`].
    ///
    /// # Errors
    /// As for [`task`](Self::task).
    pub fn task_with<S, T, H, F>(self, state: S, handler: H) -> Result<Subscription, SubscribeError>
    where
        S: Clone + Send + Sync + 'static,
        T: Shape + ?Sized,
        H: Fn(S, Received<T>) -> F + Send + Sync + 'static,
        F: Future<Output: Outcome> + Send + 'static,
    {
        self.into_task().task_with(state, handler)
    }
}

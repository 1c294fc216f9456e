//! [`TaskBuilder`]: a subscription whose handler is async.

use std::future::Future;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use rem_patterns::Topic;

use super::call::{Attempt, Polled};
use super::dead_letter::chain;
use super::prepared::{Ahead, Prepared};
use super::staff::Staff;
use super::{Desk, Retry, TaskKey};
use crate::error::SubscribeError;
use crate::event::Shape;
use crate::queue::{Channel, Overflow};
use crate::received::Received;
use crate::subscription::{
    Delivery, Outcome, QueueBuilder, Subscription, SubscriptionBuilder, Until,
};
use crate::trace::Traced;

/// How many events wait for a task unless told, and how long a publisher waits for room.
const CAPACITY: usize = 1_024;
const BLOCK: Overflow = Overflow::Block(Duration::from_secs(1));
/// How many dead letters are kept unless told.
const LETTERS: usize = 1_024;
/// How many calls may run at a time.
const MOST: usize = 4_096;

/// A task in the making: its options, then its handler. Each method of it can also be called on the [`SubscriptionBuilder`]
/// and, to say what the queue before the task is, on the [`QueueBuilder`].
///
/// ```
/// use std::time::Duration;
///
/// use rem_core::{Bus, Overflow, Received, Retry};
///
/// # struct Database;
/// # impl Database { async fn book(&self, _: &Received) -> Result<(), String> { Ok(()) } }
/// let database = std::sync::Arc::new(Database);
/// let bus = Bus::new();
/// let _sub = bus
///     .subscription("order.**")
///     .queue(10_000, Overflow::Reject) // unless told: room for 1,024, and who publishes waits a second
///     .concurrency(8)
///     .by_key("order_id")
///     .retry(Retry::times(3))
///     .time_limit(Duration::from_secs(5))
///     .dead_letter("failed.order")
///     .task_with(database, async |database, order: Received| database.book(&order).await)?;
/// # Ok::<(), rem_core::SubscribeError>(())
/// ```
#[must_use = "nothing is subscribed until the task has its handler: `task` or `task_with`"]
#[derive(Debug)]
pub struct TaskBuilder<'a> {
    subscription: SubscriptionBuilder<'a>,
    /// Of a durable one.
    name: Option<Box<str>>,
    capacity: usize,
    overflow: Overflow,
    concurrency: usize,
    key: Option<TaskKey>,
    retry: Option<Retry>,
    limit: Option<Duration>,
    topic: Option<Box<str>>,
    letters: Option<usize>,
    traced: Traced,
}

impl<'a> TaskBuilder<'a> {
    pub(crate) fn new(
        subscription: SubscriptionBuilder<'a>,
        queue: Option<(usize, Overflow)>,
    ) -> Self {
        let (capacity, overflow) = queue.unwrap_or((CAPACITY, BLOCK));
        Self {
            subscription,
            name: None,
            capacity,
            overflow,
            concurrency: 1,
            key: None,
            retry: None,
            limit: None,
            topic: None,
            letters: None,
            traced: Traced::default(),
        }
    }

    /// Until when it lasts.
    pub(crate) fn until(mut self, until: impl Until) -> Self {
        self.subscription = self.subscription.until(until);
        self
    }

    /// How many events may wait for it.
    pub(crate) fn capacity(mut self, events: usize) -> Self {
        self.capacity = events;
        self
    }

    /// What happens when so many wait.
    pub(crate) fn overflow(mut self, overflow: Overflow) -> Self {
        self.overflow = overflow;
        self
    }

    /// What its spans call it, if it has some.
    pub(crate) fn with_spans(mut self, traced: Traced) -> Self {
        self.traced = traced;
        self
    }

    /// A task that follows the history, of which so many events are taken from the oldest on that is not handled.
    pub(crate) fn durable(
        subscription: SubscriptionBuilder<'a>,
        name: Box<str>,
        window: usize,
    ) -> Self {
        Self { name: Some(name), ..Self::new(subscription, Some((window, Overflow::Reject))) }
    }

    /// How many calls may run at a time, 1 unless told, 4,096 at the most. With one, events are handled in their order; with
    /// more, those of one key are, if there are keys ([`by_key`](Self::by_key)).
    pub fn concurrency(mut self, calls: usize) -> Self {
        self.concurrency = calls.clamp(1, MOST);
        self
    }

    /// Handles the events of one key in their order, one after the other, and those of different keys at the same time.
    ///
    /// An event whose key is being handled waits behind that, and counts as one that waits in the queue. Once one of a key is
    /// a [dead letter](Self::dead_letter), those that follow go behind it, until it is sent again or thrown away.
    pub fn by_key(mut self, key: impl Into<TaskKey>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// Tries again when a call fails: when it says so, panics, or passes its [time limit](Self::time_limit). The event keeps
    /// its turn meanwhile.
    pub fn retry(mut self, retry: Retry) -> Self {
        self.retry = Some(retry);
        self
    }

    /// How long one call may take, by the bus's clock. One that takes longer has failed, and its future is dropped where it
    /// waits.
    pub fn time_limit(mut self, limit: Duration) -> Self {
        self.limit = Some(limit);
        self
    }

    /// Publishes an event that has failed for good, as a [`DeadLetter`](crate::DeadLetter) under that topic, below the bus's
    /// prefix, and [keeps](Self::keep_dead_letters) it. It is never delivered to this subscription. It waits at most a second
    /// for room in a queue; if it cannot be published that is told as `$rem.handler.failed`, and it is kept all the same.
    pub fn dead_letter(mut self, topic: impl Into<Box<str>>) -> Self {
        self.topic = Some(topic.into());
        self
    }

    /// Keeps so many events that have failed for good, to be listed, sent again or thrown away
    /// ([`Subscription::dead_letters`]): 1,024 with [`dead_letter`](Self::dead_letter), none without. The oldest makes room
    /// for a newer one, which is counted and told as `$rem.task.lost`.
    pub fn keep_dead_letters(mut self, events: usize) -> Self {
        self.letters = Some(events);
        self
    }

    /// Opens a span of the crate [`tracing`] for each attempt: `handle`, at the level `INFO`, under the target `rem`, with the
    /// fields of [`trace::handling`](crate::trace::handling) and `attempt`, 1 for the first. `subscription` is what it calls the
    /// task.
    ///
    /// It is entered whenever the handler's future is polled, and not while that waits, so that what the handler opens is its
    /// child; it ends with the attempt, and says as `error` what that failed with: what it returned, a panic, its time limit.
    ///
    /// It is no child of the span of the event's publish, but follows from it, if the publish passed
    /// [`Spans`](crate::middleware::Spans): that stays open meanwhile, until the last attempt is over or the event is a dead
    /// letter. Then it is over, for a dead letter may be kept for days; when it is sent again that opens a span `resend`, within
    /// whatever sends it, which the attempts follow from, and for each event behind it that is handled in its turn another.
    /// Of the past the field `traceparent` alone tells, as it does of the publish of what is sent again.
    ///
    /// ```
    /// use rem_core::{Bus, Received};
    /// use rem_core::middleware::{Spans, Trace};
    ///
    /// let bus = Bus::new();
    /// bus.middleware("**", Trace::new())?;
    /// bus.middleware("**", Spans::new())?;
    /// let _sub = bus.subscription("order").traced("billing").task(async |order: Received| println!("{order}"))?;
    /// # Ok::<(), rem_core::SubscribeError>(())
    /// ```
    ///
    /// # Cost
    /// Two allocations for an event whose publish has a span, and one for each attempt. A task without it pays nothing.
    #[cfg(feature = "tracing")]
    pub fn traced(self, subscription: impl Into<Box<str>>) -> Self {
        self.with_spans(Traced::by(subscription.into()))
    }

    /// Handles the events with an async handler, which may fail.
    ///
    /// It is run by the bus's [spawner](crate::BusBuilder::spawner), or else by a few threads that the bus starts. What it
    /// publishes has the event as its cause, whichever thread it comes to run in; for a future that it spawns itself, see
    /// [`carry`](crate::carry).
    ///
    /// When the guard is dropped no call starts any more, retries included, and what is queued goes; calls that run go on to
    /// their end. [`Bus::close`](crate::Bus::close) has all handled first. In async code wait by
    /// [`unsubscribe_async`](Subscription::unsubscribe_async), [`settle_async`](crate::Bus::settle_async) and
    /// [`close_async`](crate::Bus::close_async), for a thread that is held runs no task.
    ///
    /// Publish by [`publish_async`](crate::Bus::publish_async) in it. A `publish` that waits for room holds the thread; where
    /// it would wait for the queue of this very task, which has no other worker, it is refused as
    /// [`WouldDeadlock`](crate::PublishErrorKind::WouldDeadlock).
    ///
    /// What is wrong is told where it happens: an `Err`, a panic and a time limit that is passed are counted on the
    /// subscription and told as `$rem.handler.failed`, after the last attempt.
    ///
    /// ```
    /// use rem_core::{Bus, Received};
    ///
    /// let bus = Bus::new();
    /// let _sub = bus.subscription("order").task(async |order: Received| println!("{order}"))?;
    /// # Ok::<(), rem_core::SubscribeError>(())
    /// ```
    ///
    /// # Errors
    /// A pattern that is none or cannot lie below the bus's prefix, a closed bus, one without history for a task that begins
    /// in the past, a topic for dead letters that is none or one of REM's own, a spawner that panics, and a bus that cannot
    /// start a thread.
    ///
    /// # Cost
    /// An event is not boxed and not spawned. A handler whose future is ready at once costs no timer, either.
    pub fn task<T, H, F>(self, handler: H) -> Result<Subscription, SubscribeError>
    where
        T: Shape + ?Sized,
        H: Fn(Received<T>) -> F + Send + Sync + 'static,
        F: Future<Output: Outcome> + Send + 'static,
    {
        let task = self.prepare::<T, _, F>(move |attempt: &Attempt<'_>| {
            // What is not of the type was not queued.
            let event = T::share(attempt.event)?;
            let received = Received::new(event, attempt.about, attempt.is_replay);
            Some(handler(received.attempted(attempt.number)))
        })?;
        task.spawn()?;
        Ok(task.begin())
    }

    /// All but the workers' start and the subscribing.
    pub(crate) fn prepare<T, H, F>(self, handler: H) -> Result<Prepared, SubscribeError>
    where
        T: Shape + ?Sized,
        H: Fn(&Attempt<'_>) -> Option<F> + Send + Sync + 'static,
        F: Future<Output: Outcome> + Send + 'static,
    {
        let Self {
            mut subscription,
            name,
            capacity,
            overflow,
            concurrency,
            key,
            retry,
            limit,
            topic,
            letters,
            traced,
        } = self;
        let bus = Arc::clone(subscription.bus().state_arc());
        let topic = topic.map(|topic| checked(&topic, bus.prefix_topic())).transpose()?;
        let letters = letters.unwrap_or(if topic.is_some() { LETTERS } else { 0 });
        let channel = Channel::new(capacity, overflow);
        let channel = Arc::new(if traced.is_on() { channel.keep_origins() } else { channel });
        // Of at most `MOST`.
        let workers = u32::try_from(concurrency).unwrap_or(u32::MAX);
        let resumed = name.map(|name| subscription.resume(&name, capacity)).transpose()?;
        let progress = resumed.as_ref().map(|resumed| &resumed.progress);
        let desk = Desk::new(Arc::clone(&channel), workers, letters);
        let desk = Arc::new(desk.durable(progress).traced(&traced));
        // Counted by the workers, who alone know what reaches them.
        let calls = subscription.take_calls();
        let own = Arc::new(OnceLock::new());
        if topic.is_some() {
            let own = Arc::clone(&own);
            subscription = subscription
                .filter(move |event| own.get().is_none_or(|id| !chain(event).contains(id)));
        }
        let delivery = Delivery::task::<T>(&desk);
        let (entry, ahead) = match resumed {
            None => {
                let (entry, past) = subscription.prepare(delivery)?;
                (entry, past.map(Ahead::Past))
            }
            Some(resumed) => {
                let (entry, reading) = subscription.follow(resumed, delivery)?;
                (entry, Some(Ahead::History(Box::new(reading))))
            }
        };
        own.set(entry.id).unwrap_or_default();
        let core = &bus.core;
        let staff = Staff {
            desk: Arc::clone(&desk),
            about: Arc::clone(entry.about()),
            entry: Arc::downgrade(&entry),
            bus: Arc::downgrade(&bus),
            timers: Arc::clone(&core.timers),
            clock: core.clock.clone(),
            polled: Polled { channel, is_alone: workers == 1 },
            key,
            retry,
            limit,
            traced,
            probes: Arc::clone(&core.router.probes),
            topic,
            keeps_letters: letters > 0,
        };
        Ok(Prepared::new::<H, F>(bus, entry, staff, handler, calls, ahead))
    }

    /// The same with a state, which is cloned for each call: an async closure that captures something cannot say that its
    /// future may go to another thread.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicU64, Ordering};
    ///
    /// use rem_core::{Bus, Received};
    ///
    /// let bus = Bus::new();
    /// let count = Arc::new(AtomicU64::new(0));
    /// let _sub = bus.subscription("order").task_with(count, async |count, _: Received| {
    ///     count.fetch_add(1, Ordering::Relaxed);
    /// })?;
    /// # Ok::<(), rem_core::SubscribeError>(())
    /// ```
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
        self.task(move |received| handler(state.clone(), received))
    }
}

/// A topic for dead letters.
fn checked(topic: &str, prefix: Option<&Topic>) -> Result<Topic, SubscribeError> {
    let topic = Topic::parse(topic).map_err(SubscribeError::DeadLetterTopic)?;
    if topic.is_system() {
        return Err(SubscribeError::DeadLetterSystemTopic(topic));
    }
    if let Some(prefix) = prefix {
        prefix.join(&topic).map_err(SubscribeError::DeadLetterTopic)?;
    }
    Ok(topic)
}

macro_rules! begin {
    ($($(#[$meta:meta])* $name:ident($value:ident: $ty:ty);)*) => {
        impl<'a> SubscriptionBuilder<'a> {
            $($(#[$meta])* pub fn $name(self, $value: $ty) -> TaskBuilder<'a> {
                TaskBuilder::new(self, None).$name($value)
            })*
        }

        impl<'a> QueueBuilder<'a> {
            $($(#[$meta])* pub fn $name(self, $value: $ty) -> TaskBuilder<'a> {
                self.before_task().$name($value)
            })*
        }
    };
}

begin! {
    /// A task that may run so many calls at a time: see [`TaskBuilder::concurrency`].
    concurrency(calls: usize);
    /// A task in order for each key: see [`TaskBuilder::by_key`].
    by_key(key: impl Into<TaskKey>);
    /// A task that tries again: see [`TaskBuilder::retry`].
    retry(retry: Retry);
    /// A task whose calls may take so long: see [`TaskBuilder::time_limit`].
    time_limit(limit: Duration);
    /// A task whose failed events are published: see [`TaskBuilder::dead_letter`].
    dead_letter(topic: impl Into<Box<str>>);
    /// A task whose failed events are kept: see [`TaskBuilder::keep_dead_letters`].
    keep_dead_letters(events: usize);
    /// A task with a span for each attempt: see [`TaskBuilder::traced`].
    #[cfg(feature = "tracing")]
    traced(subscription: impl Into<Box<str>>);
}

macro_rules! handle {
    ($builder:ident, $this:ident => $task:expr) => {
        impl $builder<'_> {
            /// An async handler: see [`TaskBuilder::task`].
            ///
            /// # Errors
            /// As there.
            pub fn task<T, H, F>(self, handler: H) -> Result<Subscription, SubscribeError>
            where
                T: Shape + ?Sized,
                H: Fn(Received<T>) -> F + Send + Sync + 'static,
                F: Future<Output: Outcome> + Send + 'static,
            {
                let $this = self;
                $task.task(handler)
            }

            /// An async handler with a state: see [`TaskBuilder::task_with`].
            ///
            /// # Errors
            /// As there.
            pub fn task_with<S, T, H, F>(
                self,
                state: S,
                handler: H,
            ) -> Result<Subscription, SubscribeError>
            where
                S: Clone + Send + Sync + 'static,
                T: Shape + ?Sized,
                H: Fn(S, Received<T>) -> F + Send + Sync + 'static,
                F: Future<Output: Outcome> + Send + 'static,
            {
                let $this = self;
                $task.task_with(state, handler)
            }
        }
    };
}

handle!(SubscriptionBuilder, this => TaskBuilder::new(this, None));
handle!(QueueBuilder, this => this.before_task());

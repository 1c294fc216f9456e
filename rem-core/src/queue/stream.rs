//! [`EventStream`]: the reader's end of a queue.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use futures_core::Stream;

use super::channel::Taken;
use super::{Channel, Lagged, QueueStats};
use crate::event::{Event, Payload, Shape};
use crate::history::QueryError;
use crate::received::Received;
use crate::subscription::{About, CatchUp, Step, Subscription};
use crate::sync::{self, current_thread, park, thread_waker};

/// A subscription that is read: the events that its pattern selects, in the order of their sequence numbers, from a
/// bounded queue.
///
/// Each publisher's events always come in its order. Of two publishers, one may have its number and be slow to queue its
/// event: if the reader has a later one by then, this one comes after it; never under
/// [`Ordering::Total`](crate::Ordering::Total).
///
/// It is a [`Stream`] for any async runtime, and needs none: [`recv`](Self::recv) waits in async code,
/// [`iter`](Self::iter) and [`recv_timeout`](Self::recv_timeout) in a thread, [`try_recv`](Self::try_recv) not at all. What
/// did not fit into the queue is a value, [`Lagged`], in the place where it would have come.
///
/// It ends (`None`) when its bus is closed or gone and what had been queued is read. Dropping it ends the subscription.
///
/// ```
/// use std::time::Duration;
///
/// use rem_core::{Bus, Event, EventStream, Overflow};
///
/// let bus = Bus::new();
/// let mut events: EventStream =
///     bus.subscription("order.**").queue(1_024, Overflow::Block(Duration::from_secs(1))).stream()?;
/// bus.close(Duration::ZERO);
/// for event in events.iter() {
///     match event {
///         Ok(event) => println!("{event}"),
///         Err(lagged) => eprintln!("{lagged}"),
///     }
/// }
/// # Ok::<(), rem_core::SubscribeError>(())
/// ```
#[must_use = "a subscription ends when its stream is dropped"]
pub struct EventStream<T: ?Sized = dyn Payload> {
    subscription: Subscription,
    about: Arc<About>,
    channel: Arc<Channel>,
    /// The past, until it is read.
    past: Option<Box<CatchUp>>,
    /// How many events it gives before it ends.
    left: Option<u64>,
    of: PhantomData<fn() -> Arc<Event<T>>>,
}

/// What a stream gives: an event, or a loss.
type Item<T> = Result<Received<T>, Lagged>;

impl<T: Shape + ?Sized> EventStream<T> {
    pub(crate) fn new(
        subscription: Subscription,
        about: Arc<About>,
        channel: Arc<Channel>,
        past: Option<Box<CatchUp>>,
    ) -> Self {
        Self { subscription, about, channel, past, left: None, of: PhantomData }
    }

    /// Lets it end when it has given so many events.
    pub(crate) fn last(&mut self, events: u64) {
        self.left = Some(events);
        if events == 0 {
            self.end_now();
        }
    }

    /// Ends it for good: what is unread goes.
    fn end_now(&mut self) {
        self.past = None;
        self.channel.abandon();
        self.subscription.end_now();
    }

    /// One event is given.
    fn received(&mut self, event: Arc<Event<T>>, is_replay: bool) -> Received<T> {
        if let Some(left) = &mut self.left {
            *left -= 1;
            if *left == 0 {
                self.end_now();
            }
        }
        Received::new(event, &self.about, is_replay)
    }

    /// The next event, if one is there.
    ///
    /// # Errors
    /// When none is, when none will ever be, and for a loss: each its own [`TryRecvError`].
    pub fn try_recv(&mut self) -> Result<Received<T>, TryRecvError> {
        now(self.take(Channel::take))
    }

    /// Waits for the next event, in async code. Dropping the future loses nothing.
    pub fn recv(&mut self) -> Recv<'_, T> {
        Recv { stream: self }
    }

    /// Waits for the next event in this thread, at most so long.
    ///
    /// # Errors
    /// As for [`try_recv`](Self::try_recv); `Empty` means that the time has passed.
    pub fn recv_timeout(&mut self, limit: Duration) -> Result<Received<T>, TryRecvError> {
        now(self.wait(sync::now().checked_add(limit)))
    }

    /// The events as they come, waiting in this thread for each, until the stream ends.
    ///
    /// While the iterator lives nobody but this thread can read. So a publish of this thread that waits for room in this
    /// queue, or in one whose reader waits for this thread in turn, is refused at once as
    /// [`WouldDeadlock`](crate::PublishErrorKind::WouldDeadlock).
    pub fn iter(&mut self) -> Iter<'_, T> {
        self.channel.bind(Some(current_thread()));
        Iter { stream: self, here: PhantomData }
    }

    /// Reads again what was lost, as far as the history still has it: what this stream's subscription selects of the
    /// numbers from [`Lagged::from`] to [`Lagged::to`], oldest first. The stream itself goes on as if nothing had been asked.
    ///
    /// System events have no number and enter no history: of them all are gone. A loss of another stream is none of this
    /// one's; asked for it, this one gives what it selects itself in that range, had or not.
    ///
    /// # Errors
    /// When the bus keeps no history or is gone.
    ///
    /// # Cost
    /// A look at every kept event of the range.
    pub fn recover(&self, lagged: &Lagged) -> Result<Recovered<T>, QueryError> {
        let events = self.subscription.lost(lagged.from..=lagged.to)?;
        let shared = events.iter().filter_map(T::share);
        let events: Vec<_> = shared.map(|event| Received::new(event, &self.about, true)).collect();
        let found = u64::try_from(events.len()).unwrap_or(u64::MAX);
        Ok(Recovered { gone: lagged.missed.saturating_sub(found), events })
    }

    /// How many events are in the queue.
    pub fn len(&self) -> usize {
        self.channel.len()
    }

    /// Whether no event is in the queue.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many events the queue has room for.
    pub fn capacity(&self) -> usize {
        self.channel.capacity()
    }

    /// What became of the events that the queue was given so far.
    pub fn stats(&self) -> QueueStats {
        self.channel.stats()
    }

    /// The subscription: its identity, pattern and counts.
    pub fn subscription(&self) -> &Subscription {
        &self.subscription
    }

    /// What comes next of the past; pending when it is read.
    fn replay(&mut self) -> Poll<Option<Item<T>>> {
        while let Some(past) = &mut self.past {
            if !self.about.is_active() {
                // It has ended by itself: what it has not read is not asked for.
                self.past = None;
                break;
            }
            match past.step() {
                Step::Event(event) => {
                    if let Some(event) = T::own(event) {
                        self.about.count_delivery();
                        return Poll::Ready(Some(Ok(self.received(event, true))));
                    }
                }
                Step::Lagged(lagged) => {
                    self.about.count_missed(lagged.missed);
                    return Poll::Ready(Some(Err(lagged)));
                }
                Step::Live(after) => {
                    self.channel.begin_after(after);
                    self.past = None;
                }
                Step::Ended => {
                    self.channel.finish();
                    self.past = None;
                }
            }
        }
        Poll::Pending
    }

    /// Takes what is there, with its type.
    fn take(&mut self, mut take: impl FnMut(&Channel) -> Taken) -> Poll<Option<Item<T>>> {
        if self.past.is_some() {
            let past = self.replay();
            if past.is_ready() {
                return past;
            }
        }
        loop {
            match take(&self.channel) {
                // What is not of the type was not queued, so there is a view; making it was the publisher's work.
                Taken::Event(event) => {
                    if let Some(event) = T::own(event) {
                        return Poll::Ready(Some(Ok(self.received(event, false))));
                    }
                }
                Taken::Lagged(lagged) => return Poll::Ready(Some(Err(lagged))),
                Taken::Ended => return Poll::Ready(None),
                Taken::Empty => return Poll::Pending,
            }
        }
    }

    pub(crate) fn poll(&mut self, waker: &Waker) -> Poll<Option<Item<T>>> {
        let taken = self.take(Channel::take);
        if taken.is_ready() {
            return taken;
        }
        // Cloned under no lock, and dropped under none if another takes its place.
        let mut reader = Some(waker.clone());
        self.take(|channel| channel.take_or_wait(&mut reader))
    }

    /// Waits in this thread; pending still when the time has come.
    fn wait(&mut self, until: Option<Instant>) -> Poll<Option<Item<T>>> {
        let mut waker = None;
        loop {
            let waker = waker.get_or_insert_with(thread_waker);
            let item = self.poll(waker);
            if item.is_ready() || until.is_some_and(|until| sync::now() >= until) {
                return item;
            }
            park(until);
        }
    }
}

/// What came, as a result.
fn now<T: ?Sized>(item: Poll<Option<Item<T>>>) -> Result<Received<T>, TryRecvError> {
    match item {
        Poll::Ready(Some(Ok(event))) => Ok(event),
        Poll::Ready(Some(Err(lagged))) => Err(TryRecvError::Lagged(lagged)),
        Poll::Ready(None) => Err(TryRecvError::Ended),
        Poll::Pending => Err(TryRecvError::Empty),
    }
}

impl<T: Shape + ?Sized> Stream for EventStream<T> {
    type Item = Item<T>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Item<T>>> {
        self.get_mut().poll(cx.waker())
    }
}

impl<T: ?Sized> Drop for EventStream<T> {
    fn drop(&mut self) {
        self.channel.abandon();
    }
}

impl<T: ?Sized> fmt::Debug for EventStream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventStream")
            .field("subscription", &self.subscription)
            .field("queue", &self.channel)
            .finish_non_exhaustive()
    }
}

/// The next event of a stream: see [`EventStream::recv`]. `None` when the stream has ended.
#[must_use = "nothing is received until it is awaited"]
#[derive(Debug)]
pub struct Recv<'a, T: ?Sized = dyn Payload> {
    stream: &'a mut EventStream<T>,
}

impl<T: Shape + ?Sized> Future for Recv<'_, T> {
    type Output = Option<Item<T>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Item<T>>> {
        self.get_mut().stream.poll(cx.waker())
    }
}

/// A stream read by one thread, which waits for each event: see [`EventStream::iter`].
#[derive(Debug)]
pub struct Iter<'a, T: Shape + ?Sized = dyn Payload> {
    stream: &'a mut EventStream<T>,
    /// It stays in the thread that made it.
    here: PhantomData<*const ()>,
}

impl<T: Shape + ?Sized> Iterator for Iter<'_, T> {
    type Item = Item<T>;

    fn next(&mut self) -> Option<Item<T>> {
        loop {
            if let Poll::Ready(item) = self.stream.wait(None) {
                return item;
            }
        }
    }
}

impl<T: Shape + ?Sized> Drop for Iter<'_, T> {
    fn drop(&mut self) {
        self.stream.channel.bind(None);
    }
}

/// What was lost and is found again.
#[derive(Debug)]
pub struct Recovered<T: Shape + ?Sized = dyn Payload> {
    /// The events that the history still had, oldest first.
    pub events: Vec<Received<T>>,
    /// How many are gone for good.
    pub gone: u64,
}

/// Why there is no event now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TryRecvError {
    /// None is there.
    Empty,
    /// None will ever be: the bus is closed or gone, and all is read.
    Ended,
    /// Events were lost in this place; the next are still there.
    Lagged(Lagged),
}

impl fmt::Display for TryRecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("no event is there yet"),
            Self::Ended => f.write_str("the stream has ended: its bus is closed or gone"),
            Self::Lagged(lagged) => lagged.fmt(f),
        }
    }
}

impl Error for TryRecvError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Lagged(lagged) => Some(lagged),
            _ => None,
        }
    }
}

//! [`DurableStream`]: the reader's end of a durable subscription, who says what he has handled.

use std::fmt;
use std::future::poll_fn;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use futures_core::Stream;

use super::follow::Followed;
use super::{Claim, Follower, Progress};
use crate::bus::wait;
use crate::error::SubscribeError;
use crate::event::{Event, Payload, Shape};
use crate::history::{HistoryError, HistoryErrorKind};
use crate::queue::{Channel, Lagged, Overflow, Taken, TryRecvError};
use crate::received::Received;
use crate::subscription::{About, Delivery, Subscription, SubscriptionBuilder};
use crate::sync::now;

/// How many bytes may be kept with a position.
const NOTE: usize = 64 << 10;

/// The reader's end of a durable subscription: see [`DurableBuilder::stream`](crate::DurableBuilder::stream).
///
/// It gives the events that its pattern selects in the order of their numbers, once they are committed, and nothing is handled
/// until it is said so: [`ack`](Self::ack). What was not acknowledged, or not committed since, comes again after the next
/// start. A loss is a value, [`Lagged`], in the place where the events would have come.
///
/// It ends (`None`) when its bus is closed or gone; what it has not given comes after the next start. Dropping it ends the
/// subscription, and the name is free.
///
/// ```
/// use std::time::Duration;
///
/// use rem_core::{Bus, DurableStream};
///
/// # fn book(_: &rem_core::Received) {}
/// # fn read(bus: Bus) -> Result<(), rem_core::SubscribeError> {
/// let mut orders: DurableStream = bus.subscription("order.paid").durable("invoices").stream()?;
/// while let Some(received) = orders.recv_blocking() {
///     match received {
///         Ok(order) => book(&order),
///         Err(lagged) => eprintln!("{lagged}"),
///     }
///     orders.ack();
/// }
/// # Ok(()) }
/// ```
#[must_use = "a subscription ends when its stream is dropped"]
pub struct DurableStream<T: ?Sized = dyn Payload> {
    subscription: Subscription,
    about: Arc<About>,
    /// Which is empty, and tells when it ends.
    channel: Arc<Channel>,
    /// `None` when it has ended.
    follower: Option<Box<Follower>>,
    progress: Arc<Progress>,
    /// The number of the last event, or loss, that was given.
    given: u64,
    /// How many events it gives before it ends.
    left: Option<u64>,
    /// The name is free when this goes.
    _claim: Claim,
    of: PhantomData<fn() -> Arc<Event<T>>>,
}

/// What a stream gives: an event, or a loss.
type Item<T> = Result<Received<T>, Lagged>;

/// What one step comes to.
enum Stepped<T: ?Sized> {
    Item(Item<T>),
    /// Nothing, after a look at many. There may be more.
    Passed,
    /// All is read that is committed.
    Nothing,
    Ended,
}

impl<T: Shape + ?Sized> DurableStream<T> {
    pub(super) fn of(
        mut subscription: SubscriptionBuilder<'_>,
        name: &str,
    ) -> Result<Self, SubscribeError> {
        let bus = subscription.bus();
        let left = subscription.take_calls();
        let resumed = subscription.resume(name, 1)?;
        let progress = Arc::clone(&resumed.progress);
        let channel = Arc::new(Channel::new(1, Overflow::DropNewest));
        let (entry, reading) = subscription.follow(resumed, Delivery::queue::<T>(&channel))?;
        progress.begin();
        let (follower, claim) = reading.into_parts();
        let about = Arc::clone(entry.about());
        let subscription = Subscription::outside(&bus.state().core, entry);
        if bus.is_closed() || left == Some(0) {
            channel.finish();
        }
        Ok(Self {
            subscription,
            about,
            channel,
            follower: Some(Box::new(follower)),
            given: progress.position(),
            progress,
            left,
            _claim: claim,
            of: PhantomData,
        })
    }

    /// The next event, if one is committed.
    ///
    /// # Errors
    /// When none is, when none will ever be, and for a loss: each its own [`TryRecvError`].
    pub fn try_recv(&mut self) -> Result<Received<T>, TryRecvError> {
        loop {
            return match self.step() {
                Stepped::Item(Ok(event)) => Ok(event),
                Stepped::Item(Err(lagged)) => Err(TryRecvError::Lagged(lagged)),
                Stepped::Passed => continue,
                Stepped::Nothing => Err(TryRecvError::Empty),
                Stepped::Ended => Err(TryRecvError::Ended),
            };
        }
    }

    /// Waits for the next event, in async code; `None` when the stream has ended. Dropping the future loses nothing.
    pub async fn recv(&mut self) -> Option<Result<Received<T>, Lagged>> {
        poll_fn(|cx| self.poll(cx.waker())).await
    }

    /// Waits for the next event in this thread; `None` when the stream has ended.
    pub fn recv_blocking(&mut self) -> Option<Result<Received<T>, Lagged>> {
        loop {
            if let Poll::Ready(item) = self.wait(None) {
                return item;
            }
        }
    }

    /// Waits for the next event in this thread, at most so long.
    ///
    /// # Errors
    /// As for [`try_recv`](Self::try_recv); `Empty` means that the time has passed.
    pub fn recv_timeout(&mut self, limit: Duration) -> Result<Received<T>, TryRecvError> {
        match self.wait(now().checked_add(limit)) {
            Poll::Ready(Some(Ok(event))) => Ok(event),
            Poll::Ready(Some(Err(lagged))) => Err(TryRecvError::Lagged(lagged)),
            Poll::Ready(None) => Err(TryRecvError::Ended),
            Poll::Pending => Err(TryRecvError::Empty),
        }
    }

    /// Says that all that was given so far is handled. The position is noted, and stored with the next commit; this does not
    /// wait for it.
    pub fn ack(&self) {
        self.progress.acknowledged(self.given, None);
    }

    /// Says that all up to that event is handled, of what was given. An event of another subscription counts by its number.
    pub fn ack_to<U: ?Sized>(&self, event: &Event<U>) {
        let number = event.sequence().unwrap_or_default();
        self.progress.acknowledged(number.min(self.given), None);
    }

    /// Says that all up to that number is handled, of what was given.
    pub fn ack_up_to(&self, sequence: u64) {
        self.progress.acknowledged(sequence.min(self.given), None);
    }

    /// The same as [`ack`](Self::ack), and keeps a note with the position: both are stored in one commit, or neither. So
    /// what is kept there happens exactly once, whatever crashes. It takes the place of the note before.
    ///
    /// ```
    /// # fn total(paid: &rem_core::Received) -> u64 { paid.topic().len() as u64 }
    /// use rem_core::{Bus, DurableStream};
    ///
    /// # fn read(bus: Bus) -> Result<(), Box<dyn std::error::Error>> {
    /// let mut paid: DurableStream = bus.subscription("order.paid").durable("turnover").stream()?;
    /// let mut turnover = match paid.note() {
    ///     Some(note) => u64::from_le_bytes(note.as_slice().try_into()?),
    ///     None => 0,
    /// };
    /// while let Some(Ok(order)) = paid.recv_blocking() {
    ///     turnover += total(&order);
    ///     paid.ack_with(turnover.to_le_bytes())?;
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// When the note has more than 64 KiB; then nothing is acknowledged.
    pub fn ack_with(&self, note: impl Into<Vec<u8>>) -> Result<(), HistoryError> {
        let note = note.into();
        if note.len() > NOTE {
            let said = format!(
                "a note of {} bytes cannot be kept with the position of `{}`, only one of up to {NOTE}; keep less, or keep it \
                 in a database by the id of its event",
                note.len(),
                self.progress.name
            );
            return Err(HistoryError::new(HistoryErrorKind::TooLong, said));
        }
        self.progress.acknowledged(self.given, Some(note));
        Ok(())
    }

    /// What was kept with the position the last time, by [`ack_with`](Self::ack_with), also in a process that is gone; `None` if nothing
    /// was, or the bus is gone.
    pub fn note(&self) -> Option<Vec<u8>> {
        self.progress.history()?.note(&self.progress.name)
    }

    /// Up to which number all is handled.
    pub fn position(&self) -> u64 {
        self.progress.position()
    }

    /// The subscription: its identity, pattern and counts.
    pub fn subscription(&self) -> &Subscription {
        &self.subscription
    }

    /// What comes next.
    fn step(&mut self) -> Stepped<T> {
        let Some(follower) = self.follower.as_mut() else { return Stepped::Ended };
        if let Taken::Ended = self.channel.take() {
            self.follower = None;
            return Stepped::Ended;
        }
        let step = follower.step();
        let passed = follower.passed();
        match step {
            Followed::Event(event) => {
                self.given = passed;
                // What is not of the type was not selected, so there is a view.
                let Some(event) = T::share(&event) else { return Stepped::Passed };
                self.about.count_delivery();
                if let Some(left) = &mut self.left {
                    *left -= 1;
                    if *left == 0 {
                        self.follower = None;
                        self.subscription.end_now();
                    }
                }
                Stepped::Item(Ok(Received::new(event, &self.about, false)))
            }
            Followed::Lagged(lagged) => {
                self.given = passed;
                self.about.count_missed(lagged.missed());
                Stepped::Item(Err(lagged))
            }
            Followed::Passed | Followed::Nothing => {
                // What is not selected is handled, if all is that came before it.
                if self.progress.position() >= self.given {
                    self.given = passed;
                    self.progress.passed(passed);
                }
                if let Followed::Passed = step { Stepped::Passed } else { Stepped::Nothing }
            }
            Followed::Ended => {
                self.follower = None;
                Stepped::Ended
            }
        }
    }

    fn poll(&mut self, waker: &Waker) -> Poll<Option<Item<T>>> {
        let mut is_told = false;
        loop {
            match self.step() {
                Stepped::Item(item) => return Poll::Ready(Some(item)),
                Stepped::Ended => return Poll::Ready(None),
                Stepped::Nothing if is_told => return Poll::Pending,
                Stepped::Nothing => {}
                Stepped::Passed => {
                    waker.wake_by_ref(); // others should run
                    return Poll::Pending;
                }
            }
            // Cloned under no lock, and dropped under none if another takes its place.
            let mut reader = Some(waker.clone());
            if let Taken::Ended = self.channel.take_or_wait(&mut reader) {
                continue;
            }
            if let Some(follower) = &mut self.follower {
                is_told = follower.poll(waker).is_pending();
            }
        }
    }

    /// Waits in this thread; pending still when the time has come.
    fn wait(&mut self, until: Option<Instant>) -> Poll<Option<Item<T>>> {
        let mut got = Poll::Pending;
        wait(until, |waker| self.poll(waker).map(|item| got = Poll::Ready(item)));
        got
    }
}

impl<T: Shape + ?Sized> Stream for DurableStream<T> {
    type Item = Item<T>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Item<T>>> {
        self.get_mut().poll(cx.waker())
    }
}

impl<T: ?Sized> Drop for DurableStream<T> {
    fn drop(&mut self) {
        self.channel.abandon();
    }
}

impl<T: ?Sized> fmt::Debug for DurableStream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DurableStream")
            .field("subscription", &self.subscription)
            .field("progress", &self.progress)
            .finish_non_exhaustive()
    }
}

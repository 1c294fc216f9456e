//! [`SubscriptionBuilder`]: a subscription with predicates and a priority.

use std::fmt;
use std::panic::Location;
use std::sync::Arc;

use rem_patterns::{Pattern, PatternError};

use super::{
    About, Call, Called, Counts, Entry, Filter, Handler, Outcome, QueueBuilder, Start,
    Subscription, To, catch_up::CatchUp, term::Term, token::Untils,
};
use crate::bus::Bus;
use crate::error::SubscribeError;
use crate::event::{Event, Seen, Shape};
use crate::queue::{Channel, Overflow};
use crate::received::Received;
use crate::task::Desk;

/// A subscription in the making: its predicates and priority, then its delivery.
///
/// ```
/// use rem_core::{Bus, Event};
///
/// let bus = Bus::new();
/// let _sub = bus
///     .subscription("order.**")
///     .source("shop")
///     .filter(|event| event.metadata().get("test").is_none())
///     .priority(10)
///     .inline(|event: &Event| println!("{event}"))?;
/// # Ok::<(), rem_core::SubscribeError>(())
/// ```
#[must_use = "nothing is subscribed until a delivery is chosen: `inline`, `inline_received`, `queue`, `task`, `durable` or `wait`"]
pub struct SubscriptionBuilder<'a> {
    bus: &'a Bus,
    pattern: Result<Pattern, PatternError>,
    by_type: bool,
    filters: Vec<Filter>,
    priority: i32,
    start: Option<Start>,
    /// How many calls it lasts.
    pub(super) calls: Option<u64>,
    pub(super) untils: Untils,
    place: &'static Location<'static>,
}

impl<'a> SubscriptionBuilder<'a> {
    pub(crate) fn new(
        bus: &'a Bus,
        pattern: Result<Pattern, PatternError>,
        place: &'static Location<'static>,
    ) -> Self {
        let (filters, start, untils) = (Vec::new(), None, Untils::default());
        let calls = None;
        Self { bus, pattern, by_type: false, filters, priority: 0, start, calls, untils, place }
    }

    /// A subscription by type: the pattern, of the type's topics, selects below any scope.
    pub(crate) fn by_type(
        bus: &'a Bus,
        pattern: Result<Pattern, PatternError>,
        place: &'static Location<'static>,
    ) -> Self {
        Self { by_type: true, ..Self::new(bus, pattern, place) }
    }

    /// Only events that `wanted` says yes to. Several predicates must all say yes; they are asked in the order given,
    /// before anything is queued, in the thread that publishes.
    pub fn filter(mut self, wanted: impl Fn(&Event) -> bool + Send + Sync + 'static) -> Self {
        self.filters.push(Box::new(wanted));
        self
    }

    /// Only events from this source. An event without a source is from none.
    pub fn source(self, source: impl Into<Box<str>>) -> Self {
        let source = source.into();
        self.filter(move |event| event.source() == Some(&*source))
    }

    /// Inline handlers of one event are called from the highest priority to the lowest, 0 unless told; of the same
    /// priority, the oldest first.
    pub fn priority(mut self, priority: i32) -> Self {
        self.priority = priority;
        self
    }

    /// Begins in the past, for which the bus must keep a history. It goes on to what is published, with no gap and no
    /// repeat; [`Received::is_replay`] tells the one from the other.
    ///
    /// A stream reads the past from the history as it is read itself, so that its queue stays empty and no publisher waits
    /// for it until it has caught up. An inline handler is called with the past by the thread that subscribes, before
    /// `inline` returns; if publishers are faster than it, that takes until they pause. What the history let go before it
    /// was read is a loss: [`Lagged`] in a stream, [`Subscription::missed`] otherwise.
    ///
    /// ```
    /// use rem_core::{Bus, Event, EventStream, Overflow, Ring, Start};
    ///
    /// let bus = Bus::builder().history(Ring::events(10_000)).build();
    /// let mut events: EventStream =
    ///     bus.subscription("order").from(Start::Earliest).queue(64, Overflow::DropOldest).stream()?;
    /// # Ok::<(), rem_core::SubscribeError>(())
    /// ```
    ///
    /// [`Lagged`]: crate::Lagged
    pub fn from(mut self, start: Start) -> Self {
        self.start = Some(start);
        self
    }

    /// Calls `handle` in the thread that publishes, before `publish` returns.
    ///
    /// # Errors
    /// A pattern that is none or cannot lie below the bus's prefix, and a closed bus. With [`from`](Self::from): a bus
    /// without history, and a subscription that is made by a handler, whose own event is not past yet.
    pub fn inline<T, F, R>(self, handle: F) -> Result<Subscription, SubscribeError>
    where
        T: Shape + ?Sized,
        F: Fn(&Event<T>) -> R + Send + Sync + 'static,
        R: Outcome,
    {
        self.finish(Delivery::inline(handle))
    }

    /// The same with the whole receipt: captures, and the event to keep. Costs two counts of owners more.
    ///
    /// ```
    /// # use rem_core::{Bus, Received};
    /// # let bus = Bus::new();
    /// let _sub = bus.subscription("order.{id}.paid").inline_received(|received: Received| {
    ///     println!("order {} is paid", received.capture("id").unwrap_or_default());
    /// })?;
    /// # Ok::<(), rem_core::SubscribeError>(())
    /// ```
    ///
    /// # Errors
    /// As for [`inline`](Self::inline).
    pub fn inline_received<T, F, R>(self, handle: F) -> Result<Subscription, SubscribeError>
    where
        T: Shape + ?Sized,
        F: Fn(Received<T>) -> R + Send + Sync + 'static,
        R: Outcome,
    {
        self.finish(Delivery::inline_received(handle))
    }

    /// Keeps the events before any queue has them. For recorders alone: `keep` must not block, nor publish.
    pub(crate) fn first<T: Shape + ?Sized>(
        self,
        keep: impl Fn(Arc<Event<T>>) + Send + Sync + 'static,
    ) -> Result<Subscription, SubscribeError> {
        self.finish(Delivery::first(keep))
    }

    /// Puts the events into a queue of `capacity` (at least one) to be read by a stream; `overflow` says what happens when
    /// it is full.
    ///
    /// Queues have an event before any inline handler is called, also one that is published from within a handler. The
    /// filters of one with `Block` or `Reject` are asked before the event has its number.
    pub fn queue(self, capacity: usize, overflow: Overflow) -> QueueBuilder<'a> {
        QueueBuilder::new(self, capacity, overflow)
    }

    /// How many calls it lasts, for whoever counts them.
    pub(crate) fn take_calls(&mut self) -> Option<u64> {
        self.calls.take()
    }

    pub(crate) fn bus(&self) -> &'a Bus {
        self.bus
    }

    pub(super) fn finish(self, delivery: Delivery) -> Result<Subscription, SubscribeError> {
        let (bus, place) = (self.bus, self.place);
        let (entry, past) = self.prepare(delivery)?;
        match past {
            None => Ok(Subscription::new(&bus.state().core, entry)),
            Some(mut past) => past.replay(&bus.state().core, &entry, place),
        }
    }

    /// The subscription, known to nobody yet, and its past.
    pub(crate) fn prepare(
        self,
        delivery: Delivery,
    ) -> Result<(Arc<Entry>, Option<Box<CatchUp>>), SubscribeError> {
        let (bus, start) = (self.bus.state_arc(), self.start.unwrap_or_default());
        let history = match (start, &bus.core.history) {
            (Start::Latest, _) => None,
            (_, Some(history)) => Some(history),
            (_, None) => return Err(SubscribeError::NoHistory),
        };
        let entry = self.made(delivery, |entry| {
            if history.is_some() {
                entry.read_past_first();
            }
        })?;
        let Some(history) = history else { return Ok((entry, None)) };
        let past = CatchUp::new(bus, history, &entry, start);
        Ok((entry, Some(Box::new(past))))
    }

    /// The subscription, known to nobody but those who end it.
    pub(crate) fn made(
        self,
        delivery: Delivery,
        with: impl FnOnce(&mut Entry),
    ) -> Result<Arc<Entry>, SubscribeError> {
        let bus = self.bus.state_arc();
        let Self { pattern, by_type, filters, priority, calls, untils, place, .. } = self;
        let pattern = if by_type { pattern? } else { bus.absolute(pattern?)? };
        if bus.is_closed() {
            return Err(SubscribeError::Closed);
        }
        let mut entry = delivery.entry(bus, pattern, by_type, filters, priority, place);
        with(&mut entry);
        let term = Term::of(calls, untils.over);
        let may_be_over = term.as_ref().is_some_and(|term| term.may_be_over());
        entry.last(term);
        let entry = Arc::new(entry);
        if may_be_over {
            bus.core.mortals.watch_over(&entry);
        }
        untils.tokens.iter().for_each(|token| token.bind(&entry));
        if calls == Some(0) {
            entry.end();
        }
        Ok(entry)
    }

    pub(crate) fn start(&self) -> Option<Start> {
        self.start
    }

    pub(crate) fn place(&self) -> &'static Location<'static> {
        self.place
    }
}

impl fmt::Debug for SubscriptionBuilder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SubscriptionBuilder")
            .field("pattern", &self.pattern)
            .field("filters", &self.filters.len())
            .field("priority", &self.priority)
            .field("calls", &self.calls)
            .finish_non_exhaustive()
    }
}

/// Apart, for nearly all events are of the very type that is asked for.
#[cold]
#[inline(never)]
fn through_view<T, F, R>(event: &Seen<'_>, handle: &F) -> Called
where
    T: Shape + ?Sized,
    F: Fn(&Event<T>) -> R,
    R: Outcome,
{
    Called::from(T::share(event.shared()).map(|event| handle(&event).outcome()))
}

/// How events reach a handler, with the type of the events it takes forgotten.
pub(crate) struct Delivery {
    wanted: Option<crate::event::Wanted>,
    fits: fn(&Seen<'_>) -> bool,
    to: To,
}

impl Delivery {
    pub(crate) fn inline<T, F, R>(handle: F) -> Self
    where
        T: Shape + ?Sized,
        F: Fn(&Event<T>) -> R + Send + Sync + 'static,
        R: Outcome,
    {
        Self::of::<T>(Box::new(move |event, _| match T::look(event) {
            Some(event) => Called::of(handle(event)),
            None => through_view(event, &handle),
        }))
    }

    fn inline_received<T, F, R>(handle: F) -> Self
    where
        T: Shape + ?Sized,
        F: Fn(Received<T>) -> R + Send + Sync + 'static,
        R: Outcome,
    {
        Self::of::<T>(Box::new(move |event, about| {
            let (event, is_replay) = (T::share(event.shared()), event.is_replay());
            let handle = |event| handle(Received::new(event, about, is_replay)).outcome();
            Called::from(event.map(handle))
        }))
    }

    fn first<T: Shape + ?Sized>(keep: impl Fn(Arc<Event<T>>) + Send + Sync + 'static) -> Self {
        Self::to::<T>(To::First(Box::new(move |event, _| {
            Called::from(T::share(event.shared()).map(|event| {
                keep(event);
                Ok(())
            }))
        })))
    }

    pub(crate) fn queue<T: Shape + ?Sized>(channel: &Arc<Channel>) -> Self {
        Self::to::<T>(To::Queue(Arc::clone(channel)))
    }

    pub(crate) fn of<T: Shape + ?Sized>(call: Call) -> Self {
        Self::to::<T>(To::Inline(call))
    }

    pub(crate) fn task<T: Shape + ?Sized>(desk: &Arc<Desk>) -> Self {
        Self::to::<T>(To::Task(Arc::clone(desk)))
    }

    fn to<T: Shape + ?Sized>(to: To) -> Self {
        Self { wanted: T::wanted(), fits: |event| T::see(event, |_| ()).is_some(), to }
    }

    /// The event type that is asked for.
    pub(crate) fn wanted(&self) -> Option<crate::event::Wanted> {
        self.wanted
    }

    pub(crate) fn entry(
        self,
        state: &crate::bus::State,
        pattern: Pattern,
        by_type: bool,
        filters: Vec<Filter>,
        priority: i32,
        place: &'static Location<'static>,
    ) -> Entry {
        let Self { wanted, fits, to } = self;
        let about = About {
            id: state.core.next_subscription(),
            captures: pattern.has_captures(),
            pattern,
            prefix: state.prefix_topic().cloned(),
            wanted,
            by_type,
            priority,
            place,
            counts: Counts::default(),
        };
        Entry::new(about, Handler { filters, fits, to })
    }
}

//! [`Query`]: asking a bus's history.

use std::error::Error;
use std::fmt;
use std::ops::RangeInclusive;
use std::sync::{Arc, Weak};

use rem_patterns::{Pattern, PatternError, Topic};

use super::{Ask, Events, History, last_of_each};
use crate::bus::Core;
use crate::clock::Timestamp;
use crate::deliver::quietly;
use crate::event::{Event, EventId, Payload, Shape};

/// A question to a bus's history: which events, and how many of them.
///
/// Made by [`Bus::query`](crate::Bus::query). [`events`](Self::events) and [`of`](Self::of) give the answer as a whole, oldest
/// first; [`iter`](Self::iter) gives it one by one, from either end, and holds a page of it;
/// [`replay`](Self::replay) hands it to a handler or another bus.
///
/// ```
/// use rem_core::wire::{Codec, RawEvent};
/// use rem_core::{Bus, Ring};
///
/// let bus = Bus::builder().history(Ring::events(1_000)).build();
/// for topic in ["order.1.paid", "order.2.paid", "order.1.shipped"] {
///     bus.event(RawEvent::new(Codec::Json, *b"1")).source("shop").publish_to(topic)?;
/// }
/// assert_eq!(bus.query("order.1")?.source("shop").count(), 2);
/// assert_eq!(bus.query("order.*.paid")?.last(1).events()[0].topic(), "order.2.paid");
/// assert_eq!(bus.query("order")?.after(1).iter::<RawEvent>().next_back().map(|event| event.sequence()), Some(Some(3)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Cost
/// In memory there is no index: a question looks at every kept event of the range of numbers that is asked for, until
/// enough are found, [`last`](Self::last) from the newest backwards. One look costs about 150 ns by id, source or
/// correlation, and 500 ns where a pattern has to be compared, so all of 1,000,000 kept events half a second, and the last
/// 20 of any some microseconds (measured on 2026-11-28, on one of 2 busy cores). An index would have to be written with
/// every event that is published, and publishing is what a ring is for; a history on disk has some, and is asked by
/// them. Publishers do not wait.
#[must_use = "a query asks nothing until `events`, `of`, `iter`, `count` or `replay` is called"]
#[derive(Debug, Clone)]
pub struct Query {
    pub(super) history: Arc<dyn History>,
    core: Weak<Core>,
    /// What is asked of each event.
    pub(super) ask: Ask,
    sequences: RangeInclusive<u64>,
    pub(super) limit: Limit,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Limit {
    None,
    First(usize),
    Last(usize),
    LastPerTopic,
    /// All that there is has been chosen.
    Found,
}

impl Query {
    pub(crate) fn new(
        history: &Arc<dyn History>,
        core: &Arc<Core>,
        pattern: Pattern,
        prefix: Option<Topic>,
    ) -> Self {
        Self {
            history: Arc::clone(history),
            core: Arc::downgrade(core),
            ask: Ask { prefix, ..Ask::of(pattern) },
            sequences: 1..=u64::MAX,
            limit: Limit::None,
        }
    }

    /// Only the event with this identity.
    pub fn id(mut self, id: EventId) -> Self {
        self.ask.id = Some(id);
        self
    }

    /// Only events with a greater sequence number than this.
    pub fn after(mut self, sequence: u64) -> Self {
        self.sequences = sequence.saturating_add(1)..=*self.sequences.end();
        self
    }

    /// Only events with a smaller sequence number than this.
    pub fn before(mut self, sequence: u64) -> Self {
        self.sequences = *self.sequences.start()..=sequence.saturating_sub(1);
        self
    }

    /// Only events that happened at this time or later.
    pub fn since(mut self, time: Timestamp) -> Self {
        self.ask.times = time..=*self.ask.times.end();
        self
    }

    /// Only events that happened at this time or earlier.
    pub fn until(mut self, time: Timestamp) -> Self {
        self.ask.times = *self.ask.times.start()..=time;
        self
    }

    /// Only events from this source. An event without a source is from none.
    pub fn source(mut self, source: &str) -> Self {
        self.ask.source = Some(source.into());
        self
    }

    /// Only the events of one story: see [`Event::correlation`].
    pub fn correlation(mut self, correlation: EventId) -> Self {
        self.ask.correlation = Some(correlation);
        self
    }

    /// Only the oldest `count` of those that match. Of `first`, [`last`](Self::last) and
    /// [`last_per_topic`](Self::last_per_topic) the one said last counts.
    pub fn first(mut self, count: usize) -> Self {
        self.limit = Limit::First(count);
        self
    }

    /// Only the newest `count` of those that match, still oldest first.
    pub fn last(mut self, count: usize) -> Self {
        self.limit = Limit::Last(count);
        self
    }

    /// Only the newest of each topic, of those that match, still oldest first: see [`Bus::latest`](crate::Bus::latest).
    pub fn last_per_topic(mut self) -> Self {
        self.limit = Limit::LastPerTopic;
        self
    }

    /// The events, oldest first.
    pub fn events(&self) -> Vec<Arc<Event>> {
        self.of()
    }

    /// The events that can be seen as `T`, oldest first; others do not count.
    pub fn of<T: Shape + ?Sized>(&self) -> Vec<Arc<Event<T>>> {
        match self.limit {
            Limit::LastPerTopic => self.last_of_each(),
            // From the end that it counts from, which holds them once.
            Limit::Last(_) => {
                let mut found: Vec<_> = self.iter().rev().collect();
                found.reverse();
                found
            }
            _ => self.iter().collect(),
        }
    }

    /// The events that can be seen as `T`, read from the history as they are taken: oldest first, and newest first by
    /// `.rev()`. Ten million need no more memory than the history and two pages of 256.
    ///
    /// What is published later is not among them, and what the history lets go before it is read is left out.
    ///
    /// ```
    /// use rem_core::{Bus, Payload, Ring};
    ///
    /// let bus = Bus::builder().history(Ring::events(10_000)).build();
    /// for event in bus.query("order.*.paid")?.iter::<dyn Payload>().rev().take(20) {
    ///     println!("{event}");
    /// }
    /// # Ok::<(), rem_core::QueryError>(())
    /// ```
    pub fn iter<T: Shape + ?Sized>(&self) -> Events<T> {
        Events::new(self.clone())
    }

    /// How many events there are, without holding them: only with [`last_per_topic`](Self::last_per_topic) are those held
    /// that it counts.
    pub fn count(&self) -> usize {
        let mut events = self.iter::<dyn Payload>();
        // From the end that its limit counts from, for all that it leaves is held from the other.
        let is_forwards = matches!(self.limit, Limit::First(_));
        let mut next = || if is_forwards { events.next() } else { events.next_back() };
        std::iter::from_fn(|| next().map(quietly)).count()
    }

    /// What there is to look at: `None` if nothing can be read.
    pub(crate) fn range(&self) -> Option<RangeInclusive<u64>> {
        let readable = self.history.readable()?;
        let start = *self.sequences.start().max(readable.start());
        let end = *self.sequences.end().min(readable.end());
        Some(start..=end)
    }

    pub(super) fn last_of_each<T: Shape + ?Sized>(&self) -> Vec<Arc<Event<T>>> {
        let Some(range) = self.range() else { return Vec::new() };
        let taken = || self.core.upgrade().map_or(0, |core| core.last_sequence());
        last_of_each(&*self.history, range, taken, |event| self.select(event))
    }

    /// The event, if it is asked for. The history may have let go of it meanwhile, and its data is the user's to drop.
    pub(super) fn pass<T: Shape + ?Sized>(&self, event: Arc<Event>) -> Option<Arc<Event<T>>> {
        let selected = self.select(&event);
        quietly(event);
        selected
    }

    fn select<T: Shape + ?Sized>(&self, event: &Arc<Event>) -> Option<Arc<Event<T>>> {
        if self.ask.selects(event) { T::share(event) } else { None }
    }

    pub(crate) fn limit(&self) -> Limit {
        self.limit
    }

    /// What is asked, of what history, and whose bus's.
    pub(crate) fn parts(&self) -> (&Arc<dyn History>, &Ask, &Weak<Core>) {
        (&self.history, &self.ask, &self.core)
    }
}

/// A question that cannot be asked.
#[derive(Debug)]
#[non_exhaustive]
pub enum QueryError {
    /// The pattern is none, or cannot lie below the bus's prefix.
    Pattern(PatternError),
    /// The bus keeps no history.
    NoHistory,
    /// The last handle to the bus is gone, and its history with it.
    Gone,
}

impl From<PatternError> for QueryError {
    fn from(error: PatternError) -> Self {
        Self::Pattern(error)
    }
}

impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pattern(error) => error.fmt(f),
            Self::NoHistory => f.write_str(
                "the bus keeps no history; build it with `Bus::builder().history(Ring::events(10_000))`",
            ),
            Self::Gone => f.write_str(
                "the bus is gone, and its history with it; keep a handle to it for as long as the past is asked for",
            ),
        }
    }
}

impl Error for QueryError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Pattern(error) => Some(error),
            Self::NoHistory | Self::Gone => None,
        }
    }
}

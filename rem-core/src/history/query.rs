//! [`Query`]: asking a bus's history.

use std::error::Error;
use std::fmt;
use std::ops::RangeInclusive;
use std::sync::{Arc, Weak};

use rem_patterns::{Pattern, PatternError, Topic};

use super::{Backwards, History, PAGE, last_of_each};
use crate::bus::Core;
use crate::clock::Timestamp;
use crate::deliver::{each_quietly, quietly};
use crate::event::{Event, EventId, Shape};

/// A question to a bus's history: which events, and how many of them. Answers are oldest first.
///
/// Made by [`Bus::query`](crate::Bus::query). An answer costs a look at every kept event of the range that is asked
/// for, until enough are found: [`last`](Self::last) looks from the newest backwards.
#[must_use = "a query asks nothing until `events` or `of` is called"]
#[derive(Debug, Clone)]
pub struct Query {
    history: Arc<dyn History>,
    core: Weak<Core>,
    pattern: Pattern,
    /// The prefix of the bus that asks: all that it may see.
    prefix: Option<Topic>,
    sequences: RangeInclusive<u64>,
    times: RangeInclusive<Timestamp>,
    source: Option<Box<str>>,
    correlation: Option<EventId>,
    limit: Limit,
}

#[derive(Debug, Clone, Copy)]
enum Limit {
    None,
    First(usize),
    Last(usize),
    LastPerTopic,
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
            pattern,
            prefix,
            sequences: 1..=u64::MAX,
            times: Timestamp::default()..=Timestamp::from_nanos(u64::MAX),
            source: None,
            correlation: None,
            limit: Limit::None,
        }
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
        self.times = time..=*self.times.end();
        self
    }

    /// Only events that happened at this time or earlier.
    pub fn until(mut self, time: Timestamp) -> Self {
        self.times = *self.times.start()..=time;
        self
    }

    /// Only events from this source. An event without a source is from none.
    pub fn source(mut self, source: &str) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Only the events of one story: see [`Event::correlation`].
    pub fn correlation(mut self, correlation: EventId) -> Self {
        self.correlation = Some(correlation);
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
        let Some(readable) = self.history.readable() else { return Vec::new() };
        let start = *self.sequences.start().max(readable.start());
        let end = *self.sequences.end().min(readable.end());
        let history = &*self.history;
        match self.limit {
            Limit::LastPerTopic => {
                let taken = || self.core.upgrade().map_or(0, |core| core.last_sequence());
                last_of_each(history, start..=end, taken, |event| self.select(event))
            }
            Limit::Last(count) => {
                let past = Backwards::new(history, start..=end);
                let mut found: Vec<_> =
                    past.filter_map(|event| self.pass(event)).take(count).collect();
                found.reverse();
                found
            }
            Limit::None => self.forwards(start, end, usize::MAX),
            Limit::First(count) => self.forwards(start, end, count),
        }
    }

    fn forwards<T: Shape + ?Sized>(
        &self,
        mut from: u64,
        end: u64,
        count: usize,
    ) -> Vec<Arc<Event<T>>> {
        let (mut found, mut page) = (Vec::new(), Vec::new());
        while from <= end && found.len() < count {
            let to = from.saturating_add(PAGE - 1).min(end);
            self.history.read(from..=to, &mut page);
            let mut events = page.drain(..);
            let matching = events.by_ref().filter_map(|event| self.pass(event));
            found.extend(matching.take(count - found.len()));
            each_quietly(events);
            from = to + 1;
        }
        found
    }

    /// The event, if it is asked for. The history may have let go of it meanwhile, and its data is the user's to drop.
    fn pass<T: Shape + ?Sized>(&self, event: Arc<Event>) -> Option<Arc<Event<T>>> {
        let selected = self.select(&event);
        quietly(event);
        selected
    }

    fn select<T: Shape + ?Sized>(&self, event: &Arc<Event>) -> Option<Arc<Event<T>>> {
        let below = match &self.prefix {
            Some(prefix) => event.topic().strip_prefix(prefix).is_some_and(|rest| !rest.is_empty()),
            None => true,
        };
        let wanted = below
            && self.times.contains(&event.timestamp())
            && self.source.as_deref().is_none_or(|source| event.source() == Some(source))
            && self.correlation.is_none_or(|correlation| event.correlation() == correlation)
            && self.pattern.matches(event.topic());
        if wanted { T::share(event) } else { None }
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

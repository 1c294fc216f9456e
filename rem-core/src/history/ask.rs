//! [`Ask`]: what is asked of a history, so that one with indexes need not look at every event.

use std::ops::RangeInclusive;

use rem_patterns::{Pattern, Topic};

use crate::clock::Timestamp;
use crate::event::{Event, EventId, Head};
use crate::route::lies_below;

/// Which events are asked for: those for which all of this holds.
///
/// A [`History`](super::History) with indexes says by it which numbers are worth a look:
/// [`candidates`](super::History::candidates).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Ask {
    /// It selects their topics, from the root bus.
    pub pattern: Pattern,
    /// Their topics lie below it: the prefix of the child bus that asks.
    pub prefix: Option<Topic>,
    /// The one event with this identity.
    pub id: Option<EventId>,
    /// They happened then.
    pub times: RangeInclusive<Timestamp>,
    /// They come from this source.
    pub source: Option<Box<str>>,
    /// They belong to this story.
    pub correlation: Option<EventId>,
}

/// From which end events are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Oldest first.
    Forwards,
    /// Newest first.
    Backwards,
}

impl Ask {
    /// All events whose topics a pattern selects.
    pub fn of(pattern: Pattern) -> Self {
        Self {
            pattern,
            prefix: None,
            id: None,
            times: Timestamp::from_nanos(0)..=Timestamp::from_nanos(u64::MAX),
            source: None,
            correlation: None,
        }
    }

    /// Whether the event is one of those. What is cheap to compare is compared first.
    pub fn selects(&self, event: &Event) -> bool {
        self.selects_head(&event.head)
    }

    pub(crate) fn selects_head(&self, event: &Head) -> bool {
        let is_of = |correlation| event.correlation.unwrap_or(event.id) == correlation;
        self.id.is_none_or(|id| event.id == id)
            && self.times.contains(&event.timestamp)
            && self.correlation.is_none_or(is_of)
            && self.source.as_deref().is_none_or(|source| event.source.as_deref() == Some(source))
            && self.prefix.as_ref().is_none_or(|prefix| lies_below(&event.topic, prefix))
            && self.pattern.matches(&event.topic)
    }
}

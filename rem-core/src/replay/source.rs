//! [`Source`]: what is replayed, read from the history as it is asked for.

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::vec;

use crate::deliver::{each_quietly, quietly};
use crate::event::{Event, Payload, Wanted};
use crate::history::{Found, Limit, Query, Read, Reader};

pub(super) struct Source {
    query: Query,
    from: Kind,
    /// Of how many numbers.
    pub(super) of: u64,
    /// The first of them.
    first: u64,
    /// How many are still to be found.
    wanted: usize,
}

enum Kind {
    History {
        reader: Reader,
        end: u64,
    },
    /// Chosen at the beginning, and held.
    Chosen(vec::IntoIter<Arc<Event>>),
}

/// What comes next.
pub(super) enum Next {
    Event(Arc<Event>),
    Lost(RangeInclusive<u64>),
    /// Something that was not asked for.
    Other,
    End,
}

impl Source {
    pub(super) fn new(query: Query) -> Self {
        let nothing = RangeInclusive::new(1, 0);
        let mut range = query.range().unwrap_or(nothing);
        let (mut wanted, mut chosen) = (usize::MAX, None);
        match query.limit() {
            Limit::First(count) => wanted = count,
            Limit::Last(count) => {
                // The oldest of them says where to begin; none is held.
                let mut events = query.iter::<dyn Payload>();
                let oldest = std::iter::from_fn(|| {
                    let event = events.next_back()?;
                    let number = event.sequence();
                    quietly(event);
                    number
                });
                let oldest = oldest.take(count).last();
                range = oldest.unwrap_or(range.end() + 1)..=*range.end();
            }
            Limit::LastPerTopic => chosen = Some(query.of::<dyn Payload>()),
            Limit::None | Limit::Found => {}
        }
        let (first, end) = range.into_inner();
        let of = match &chosen {
            Some(chosen) => u64::try_from(chosen.len()).unwrap_or(u64::MAX),
            None => (end + 1).saturating_sub(first),
        };
        let (history, ask, _) = query.parts();
        let reader = || Reader::new(history, ask.pattern.clone(), Some(ask.clone()), first);
        let from = match chosen {
            Some(chosen) => Kind::Chosen(chosen.into_iter()),
            None => Kind::History { reader: reader(), end },
        };
        Self { query, from, of, first, wanted }
    }

    /// The next step. What is stored becomes an event of the type that is wanted, if it can be read as that.
    pub(super) fn next(&mut self, wanted: Option<&Wanted>) -> Next {
        if self.wanted == 0 {
            return Next::End;
        }
        let read = match &mut self.from {
            Kind::History { reader, end } => reader.step(*end),
            Kind::Chosen(events) => {
                events.next().map_or(Read::Nothing, |event| Read::Event(Found::Event(event)))
            }
        };
        match read {
            Read::Event(found) if self.query.parts().1.selects_head(found.head()) => {
                self.wanted -= 1;
                Next::Event(found.event_as(wanted))
            }
            Read::Event(found) => {
                quietly(found);
                Next::Other
            }
            Read::Lost(numbers) => Next::Lost(numbers),
            Read::Nothing => Next::End,
        }
    }

    /// How many numbers are behind it.
    pub(super) fn read(&self) -> u64 {
        match &self.from {
            Kind::History { reader, .. } => reader.next().saturating_sub(self.first).min(self.of),
            Kind::Chosen(left) => {
                self.of - u64::try_from(left.len()).unwrap_or(u64::MAX).min(self.of)
            }
        }
    }

    /// The last number that was read.
    pub(super) fn last(&self) -> Option<u64> {
        match &self.from {
            Kind::History { reader, .. } => {
                Some(reader.next() - 1).filter(|last| *last >= self.first)
            }
            Kind::Chosen(_) => None,
        }
    }
}

/// The history may have let go of them, and their data is the users' to drop.
impl Drop for Source {
    fn drop(&mut self) {
        if let Kind::Chosen(events) = &mut self.from {
            each_quietly(events.by_ref());
        }
    }
}

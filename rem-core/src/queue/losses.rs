//! [`Lagged`]: a loss as a value.

use std::error::Error;
use std::fmt;
use std::ops::RangeInclusive;

/// Events that a subscription wanted and its queue had no room for.
///
/// The range encloses no event that the same stream delivered. While the bus's history still has them they can be read
/// again: [`EventStream::recover`](super::EventStream::recover).
///
/// ```
/// use rem_core::wire::{Codec, RawEvent};
/// use rem_core::{Bus, EventStream, Overflow, Ring, TryRecvError};
///
/// let bus = Bus::builder().history(Ring::events(100)).build();
/// let mut newest: EventStream = bus.subscription("order").queue(2, Overflow::DropOldest).stream()?;
/// for _ in 0..5 {
///     bus.publish_to("order.paid", RawEvent::new(Codec::Json, *b"1"))?;
/// }
/// let Err(TryRecvError::Lagged(lagged)) = newest.try_recv() else { return Err("no loss".into()) };
/// assert_eq!((lagged.missed(), lagged.from(), lagged.to()), (3, 1, 3));
/// assert_eq!(newest.recover(&lagged)?.events.len(), 3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lagged {
    pub(super) missed: u64,
    pub(super) from: u64,
    pub(super) to: u64,
}

impl Lagged {
    /// How many events were lost.
    pub fn missed(&self) -> u64 {
        self.missed
    }

    /// The sequence number of the first; 0 for system events, which have none.
    pub fn from(&self) -> u64 {
        self.from
    }

    /// The sequence number of the last; 0 for system events.
    pub fn to(&self) -> u64 {
        self.to
    }

    /// All that had the numbers of the range.
    pub(crate) fn of(range: RangeInclusive<u64>) -> Self {
        let (from, to) = range.into_inner();
        Self { missed: (to + 1).saturating_sub(from), from, to }
    }

    fn one(sequence: u64) -> Self {
        Self { missed: 1, from: sequence, to: sequence }
    }

    fn is_numbered(&self) -> bool {
        self.from != 0
    }

    fn join(&mut self, other: Self) {
        self.missed += other.missed;
        self.from = self.from.min(other.from);
        self.to = self.to.max(other.to);
    }
}

impl fmt::Display for Lagged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { missed, from, to } = self;
        let events = if *missed == 1 { "event" } else { "events" };
        write!(f, "{missed} {events} did not fit into the queue")?;
        match (from, to) {
            (0, _) => Ok(()),
            (from, to) if from == to => write!(f, ": #{from}"),
            _ => write!(f, ", from #{from} to #{to}"),
        }
    }
}

impl Error for Lagged {}

/// Losses that the reader has not been told of, oldest first, as few ranges as can be.
///
/// Two losses are one range if no event between them was or will be delivered. The caller knows up to which number
/// events may have been: above that there is one range at most. Below it there is one for each event that a publisher
/// numbered and then was slow to queue, so not more than there were publishers at once.
#[derive(Debug, Default)]
pub(super) struct Losses(Vec<Lagged>);

impl Losses {
    /// Adds a loss. Nothing that is delivered has a number above `delivered` and below any loss to be added.
    pub(super) fn add(&mut self, sequence: u64, delivered: u64) {
        self.add_range(Lagged::one(sequence), delivered);
    }

    /// Adds those that come after these.
    pub(super) fn append(&mut self, later: Self, delivered: u64) {
        for range in later.0 {
            self.add_range(range, delivered);
        }
    }

    fn add_range(&mut self, range: Lagged, delivered: u64) {
        let joins = |last: &Lagged| match (last.is_numbered(), range.is_numbered()) {
            (true, true) => {
                last.from.min(range.from) > delivered
                    || last.to + 1 == range.from
                    || range.to + 1 == last.from
            }
            (last, range) => last == range,
        };
        match self.0.iter_mut().rev().find(|last| joins(last)) {
            Some(last) => last.join(range),
            None => self.0.push(range),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes the oldest range.
    pub(super) fn take(&mut self) -> Option<Lagged> {
        (!self.0.is_empty()).then(|| self.0.remove(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(losses: &[u64], delivered: u64) -> Vec<(u64, u64, u64)> {
        let mut all = Losses::default();
        for &loss in losses {
            all.add(loss, delivered);
        }
        std::iter::from_fn(|| all.take())
            .map(|range| (range.missed, range.from, range.to))
            .collect()
    }

    #[test]
    fn what_has_nothing_delivered_in_between_is_one_range() {
        assert_eq!(of(&[4, 6, 9], 3), [(3, 4, 9)]);
        assert_eq!(of(&[4, 6, 9], 7), [(1, 4, 4), (1, 6, 6), (1, 9, 9)]);
        assert_eq!(of(&[4, 5, 7, 9, 6], 7), [(2, 4, 5), (2, 6, 7), (1, 9, 9)]);
        assert_eq!(of(&[0, 0], 0), [(2, 0, 0)]);
        assert_eq!(of(&[], 0), []);
    }

    #[test]
    fn a_loss_reads_as_a_sentence() {
        let text = |missed, from, to| Lagged { missed, from, to }.to_string();
        assert_eq!(text(1, 7, 7), "1 event did not fit into the queue: #7");
        assert_eq!(text(3, 4, 9), "3 events did not fit into the queue, from #4 to #9");
        assert_eq!(text(2, 0, 0), "2 events did not fit into the queue");
    }
}

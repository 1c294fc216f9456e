//! [`Items`]: what a queue holds, in its order, and what it has lost. Plain data, changed under the queue's lock.

use std::collections::VecDeque;
use std::mem;
use std::sync::Arc;

use super::losses::Losses;
use super::notes::{Note, Notes};
use super::{Lagged, Overflow};
use crate::event::Event;
use crate::trace::Origin;

/// The events of a queue, by sequence number; with [`Overflow::Conflate`] by the first event of each key.
#[derive(Default)]
pub(super) struct Items {
    events: VecDeque<Arc<Event>>,
    /// The place of the first among all that ever were.
    first: u64,
    notes: Notes,
    /// What was lost after the last event.
    tail: Losses,
    /// The highest number that was ever put in.
    newest: u64,
    /// The highest number that was lost: what comes below it comes too late.
    lost: u64,
    /// The highest number that the reader has.
    taken: u64,
    pub(super) counts: Counts,
}

/// What became of those that came.
#[derive(Default, Clone, Copy)]
pub(super) struct Counts {
    pub(super) delivered: u64,
    pub(super) dropped: u64,
    pub(super) replaced: u64,
    pub(super) unread: u64,
}

/// What is next for the reader.
pub(super) enum Next {
    /// With how many had begun to wait for the queue to drain when it came, and the span of its publish.
    Event(Arc<Event>, u64, Origin),
    Lagged(Lagged),
    Nothing,
}

/// An event that had to go, with its note.
pub(super) type Gone = (Arc<Event>, Note);

fn number(event: &Event) -> u64 {
    event.sequence().unwrap_or_default()
}

impl Items {
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.events.len()
    }

    /// Whether the reader gets something: an event, or a loss.
    pub(super) fn has_something(&self) -> bool {
        !self.events.is_empty() || !self.tail.is_empty()
    }

    /// The number of the oldest event, if it has one.
    pub(super) fn oldest(&self) -> Option<u64> {
        self.events.iter().map(|event| number(event)).min().filter(|number| *number > 0)
    }

    /// The reader has what comes up to that number from elsewhere.
    pub(super) fn begin_after(&mut self, taken: u64) {
        self.taken = self.taken.max(taken);
    }

    /// Takes out all that is there, which nobody will read, and tells of no loss any more.
    pub(super) fn clear(&mut self) -> (VecDeque<Arc<Event>>, Notes) {
        self.tail = Losses::default();
        self.counts.unread += u64::try_from(self.events.len()).unwrap_or(u64::MAX);
        (mem::take(&mut self.events), mem::take(&mut self.notes))
    }

    /// How many had begun to wait for the queue to drain when each event came.
    pub(super) fn after_drains(&mut self) -> Vec<u64> {
        let places = (self.first..).take(self.events.len());
        places.map(|place| self.notes.get(place).map_or(0, |note| note.after_drains)).collect()
    }

    /// Whether an event of that number comes last, and there is nothing to be told of it: as nearly always.
    #[inline]
    pub(super) fn comes_last(&self, sequence: u64) -> bool {
        self.newest <= sequence && self.lost <= sequence && self.tail.is_empty()
    }

    /// Puts an event behind all others, which [comes there](Self::comes_last).
    #[inline]
    pub(super) fn push(&mut self, event: Arc<Event>, sequence: u64) {
        self.newest = sequence;
        self.events.push_back(event);
    }

    /// Puts an event where it belongs; whether it is in, and what had to go for it, perhaps itself. `full`: there is no room.
    pub(super) fn put(
        &mut self,
        event: Arc<Event>,
        mut note: Note,
        full: bool,
        overflow: &Overflow,
    ) -> (bool, Option<Gone>) {
        let sequence = number(&event);
        if let Some(place) = note.key.as_ref().and_then(|key| self.notes.of_key(key)) {
            self.counts.replaced += 1;
            return (true, Some(self.replace(place, event, note)));
        }
        // Later ones are lost already, and the range of a loss encloses nothing that is delivered.
        if sequence != 0 && sequence < self.lost {
            return (false, Some(self.lose(event, note)));
        }
        let mut gone = None;
        if full {
            let oldest = match overflow {
                Overflow::DropOldest => Some(0),
                Overflow::Conflate(_) => self.lowest(),
                // A system event has no seat in a queue that has some.
                Overflow::DropNewest | Overflow::Block(_) | Overflow::Reject => None,
            };
            match oldest.filter(|&at| {
                let oldest = self.events.get(at).map(|oldest| number(oldest));
                sequence == 0 || oldest.is_some_and(|oldest| oldest <= sequence)
            }) {
                Some(at) => gone = self.drop_event(at),
                None => return (false, Some(self.lose(event, note))),
            }
        }
        let at = if note.key.is_some() { self.events.len() } else { self.place(sequence) };
        // Whatever is lost already is older than what is taken in.
        note.before = self.take_before(at);
        self.newest = self.newest.max(sequence);
        self.events.insert(at, event);
        self.notes.insert(self.first + as_count(at), note);
        (true, gone)
    }

    /// What was lost before the event in that place of the queue, or after the last.
    fn before(&mut self, at: usize) -> &mut Losses {
        if at < self.events.len() {
            &mut self.notes.at(self.first + as_count(at)).before
        } else {
            &mut self.tail
        }
    }

    fn take_before(&mut self, at: usize) -> Losses {
        if at < self.events.len() {
            self.notes.get(self.first + as_count(at)).map(|note| mem::take(&mut note.before))
        } else {
            Some(mem::take(&mut self.tail))
        }
        .unwrap_or_default()
    }

    /// Puts the newer of two events of one key into its place; gives the older one.
    fn replace(&mut self, place: u64, mut event: Arc<Event>, mut note: Note) -> Gone {
        let at = usize::try_from(place - self.first).unwrap_or(usize::MAX);
        if let Some(there) = self.events.get_mut(at)
            && number(there) <= number(&event)
        {
            self.newest = self.newest.max(number(&event));
            mem::swap(there, &mut event);
            let noted = self.notes.at(place);
            mem::swap(&mut noted.after_drains, &mut note.after_drains);
            mem::swap(&mut noted.origin, &mut note.origin);
        }
        (event, note)
    }

    /// Before the first event of a higher number. Most come last.
    fn place(&self, sequence: u64) -> usize {
        if sequence == 0 {
            return self.events.len();
        }
        let later = self.events.iter().rev().take_while(|event| number(event) > sequence).count();
        self.events.len() - later
    }

    /// The event of the lowest number, where they do not stand in order.
    fn lowest(&self) -> Option<usize> {
        let numbered = self.events.iter().enumerate();
        numbered.min_by_key(|(_, event)| number(event)).map(|(at, _)| at)
    }

    /// An event that was not taken in, given back.
    fn lose(&mut self, event: Arc<Event>, note: Note) -> Gone {
        let (sequence, conflates) = (number(&event), note.key.is_some());
        self.count_loss(sequence);
        let at = if conflates { 0 } else { self.place(sequence) };
        let below = match at.checked_sub(1).and_then(|at| self.events.get(at)) {
            Some(before) => number(before).max(self.taken),
            // Where events do not stand in order, one may be older.
            None if conflates => match self.lowest().map(|at| number(&self.events[at])) {
                Some(lowest) if lowest < sequence => u64::MAX,
                _ => self.taken,
            },
            None => self.taken,
        };
        self.before(at).add(sequence, below);
        (event, note)
    }

    /// Drops the oldest event for a newer one. What was lost before it, and itself, is lost before the next.
    fn drop_event(&mut self, at: usize) -> Option<Gone> {
        let event = self.events.remove(at)?;
        let mut note = if at == 0 {
            self.first += 1;
            self.notes.take_first(self.first - 1)
        } else {
            self.notes.remove(self.first + as_count(at))
        };
        let sequence = number(&event);
        self.count_loss(sequence);
        let mut losses = mem::take(&mut note.before);
        losses.add(sequence, self.taken);
        losses.append(self.take_before(at), self.taken);
        *self.before(at) = losses;
        Some((event, note))
    }

    fn count_loss(&mut self, sequence: u64) {
        self.counts.dropped += 1;
        self.lost = self.lost.max(sequence);
    }

    /// Takes the next event, if nothing is noted of any that is here: as nearly always.
    #[inline]
    pub(super) fn next_plain(&mut self) -> Option<Arc<Event>> {
        if !self.notes.is_empty() {
            return None;
        }
        let event = self.events.pop_front()?;
        self.count_taken(&event);
        Some(event)
    }

    #[inline]
    fn count_taken(&mut self, event: &Event) {
        self.first += 1;
        self.taken = self.taken.max(number(event));
        self.counts.delivered += 1;
    }

    /// Takes what comes next.
    pub(super) fn next(&mut self) -> Next {
        let losses = match self.notes.first(self.first) {
            Some(note) => note.before.take(),
            None if self.events.is_empty() => self.tail.take(),
            None => None,
        };
        if let Some(lagged) = losses {
            return Next::Lagged(lagged);
        }
        let Some(event) = self.events.pop_front() else { return Next::Nothing };
        let note = self.notes.take_first(self.first);
        self.count_taken(&event);
        Next::Event(event, note.after_drains, note.origin)
    }
}

/// No queue has more than can be counted so.
fn as_count(at: usize) -> u64 {
    u64::try_from(at).unwrap_or(u64::MAX)
}

//! [`Notes`]: what few of a queue's events have beside themselves.

use std::collections::VecDeque;

use super::losses::Losses;
use crate::trace::Origin;

/// Notes on the events of a queue, in their order. Apart from the events, for most have none, and an event that is a pointer
/// alone is put into its place by one store.
///
/// An event's place counts all those that were ever before it, so that taking the first changes no other's.
#[derive(Default)]
pub(super) struct Notes(VecDeque<(u64, Note)>);

/// What is noted of an event.
#[derive(Default)]
pub(super) struct Note {
    /// What it is told apart by, where a queue keeps the last of each.
    pub(super) key: Option<Box<str>>,
    /// What was lost between the event before and this one.
    pub(super) before: Losses,
    /// How many had begun to wait for the queue to drain when it came: see [`Drains`](super::drains::Drains).
    pub(super) after_drains: u64,
    /// The span of its publish, where a traced task reads.
    pub(super) origin: Origin,
}

impl Note {
    pub(super) fn is_empty(&self) -> bool {
        self.key.is_none()
            && self.before.is_empty()
            && self.after_drains == 0
            && self.origin.is_none()
    }
}

impl Notes {
    /// Whether nothing is noted of any event.
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn find(&self, place: u64) -> Result<usize, usize> {
        self.0.binary_search_by_key(&place, |(place, _)| *place)
    }

    /// The note on the first event.
    #[inline]
    pub(super) fn first(&mut self, place: u64) -> Option<&mut Note> {
        self.0.front_mut().filter(|(noted, _)| *noted == place).map(|(_, note)| note)
    }

    pub(super) fn get(&mut self, place: u64) -> Option<&mut Note> {
        self.find(place).ok().map(|at| &mut self.0[at].1)
    }

    /// The note in that place, made if there is none.
    pub(super) fn at(&mut self, place: u64) -> &mut Note {
        let at = self.find(place).unwrap_or_else(|at| {
            self.0.insert(at, (place, Note::default()));
            at
        });
        &mut self.0[at].1
    }

    /// The place of the event with that key. Cost: a look at each note.
    pub(super) fn of_key(&self, key: &str) -> Option<u64> {
        let mut notes = self.0.iter();
        notes.find(|(_, note)| note.key.as_deref() == Some(key)).map(|(place, _)| *place)
    }

    /// An event comes into that place, and those from there on move back.
    pub(super) fn insert(&mut self, place: u64, note: Note) {
        let at = self.find(place).unwrap_or_else(|at| at);
        self.0.range_mut(at..).for_each(|(place, _)| *place += 1);
        if !note.is_empty() {
            self.0.insert(at, (place, note));
        }
    }

    /// The first event is taken out.
    #[inline]
    pub(super) fn take_first(&mut self, place: u64) -> Note {
        if self.first(place).is_none() {
            return Note::default();
        }
        self.0.pop_front().map(|(_, note)| note).unwrap_or_default()
    }

    /// The event in that place is taken out, and those behind it move up.
    pub(super) fn remove(&mut self, place: u64) -> Note {
        let (at, note) = match self.find(place) {
            Ok(at) => (at, self.0.remove(at).map(|(_, note)| note)),
            Err(at) => (at, None),
        };
        self.0.range_mut(at..).for_each(|(place, _)| *place -= 1);
        note.unwrap_or_default()
    }
}

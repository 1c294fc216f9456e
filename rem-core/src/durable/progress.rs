//! [`Progress`]: how far a durable subscription is, and where that is noted.

use std::fmt;
use std::sync::{Arc, Weak};

use super::marks::Marks;
use crate::event::Event;
use crate::history::{DurableHistory, PAGE};
use crate::sync::atomic::{AtomicBool, Ordering};

/// How far a durable subscription is. It keeps no history open.
pub(crate) struct Progress {
    /// As the history has it.
    pub(crate) name: Box<str>,
    history: Weak<dyn DurableHistory>,
    /// It has no position yet.
    is_new: AtomicBool,
    pub(super) marks: Marks,
}

impl Progress {
    pub(super) fn new(
        name: &str,
        history: &Arc<dyn DurableHistory>,
        position: u64,
        window: usize,
    ) -> Arc<Self> {
        let (history, marks) = (Arc::downgrade(history), Marks::new(position, window));
        Arc::new(Self { name: name.into(), history, is_new: AtomicBool::new(false), marks })
    }

    /// Begins behind that number.
    pub(super) fn begin_after(&self, position: u64) {
        self.marks.pass(position);
        self.is_new.store(true, Ordering::Release);
    }

    /// Notes where a name begins that is new: what is published from now on is not missed, whatever happens before any of it
    /// is handled.
    pub(crate) fn begin(&self) {
        if self.is_new.swap(false, Ordering::AcqRel)
            && let Some(history) = self.history()
        {
            history.set_position(&self.name, Some(self.position()));
        }
    }

    /// The history, as long as its bus is there.
    pub(super) fn history(&self) -> Option<Arc<dyn DurableHistory>> {
        self.history.upgrade()
    }

    /// Up to which number all is handled.
    pub(crate) fn position(&self) -> u64 {
        self.marks.position()
    }

    /// How many events are taken, from the oldest on that is not handled.
    pub(crate) fn in_hand(&self) -> usize {
        self.marks.taken()
    }

    /// How many events may be committed beyond its position.
    pub(crate) fn lag(&self) -> u64 {
        self.history().map_or(0, |history| history.behind(self.position()))
    }

    /// An event was handled; whether there is room for another where there was none.
    pub(crate) fn handled(&self, event: &Event) -> bool {
        let Some(number) = event.sequence() else { return false };
        let made_room = self.marks.finish(number);
        self.note(1);
        made_room
    }

    /// All up to that number is none to be handled. Noted now and then, for it is read again soon.
    pub(super) fn passed(&self, number: u64) {
        self.marks.pass(number);
        self.note(PAGE);
    }

    /// All up to that number is handled; and perhaps what is to be kept with it.
    pub(super) fn acknowledged(&self, number: u64, note: Option<Vec<u8>>) {
        match note {
            Some(note) => self.marks.keep(number, note),
            None => self.marks.pass(number),
        }
        self.note(1);
    }

    fn note(&self, least: u64) {
        let Some(history) = self.history() else { return };
        self.marks.note(least, |position, note| match note {
            Some(note) => history.set_position_with(&self.name, position, note),
            None => history.set_position(&self.name, Some(position)),
        });
    }
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Progress")
            .field("name", &self.name)
            .field("position", &self.position())
            .field("in_hand", &self.in_hand())
            .finish_non_exhaustive()
    }
}

//! [`Reading`]: events out of the store, and what is wrong with those that are none.

use std::fmt::Display;
use std::ops::{ControlFlow, RangeInclusive};

use rem_core::Restored;

use crate::event::Reader;
use crate::store::{Direction, Store};
use crate::sync::{Mutex, lock};

/// How many records one page has at the most.
const PAGE: usize = 1_024;

/// Reads events, and keeps in mind what could not be read.
#[derive(Debug, Default)]
pub(crate) struct Reading(Mutex<Unreadable>);

/// What could not be read.
#[derive(Debug, Clone, Default)]
pub(crate) struct Unreadable {
    /// How often something could not be.
    pub(crate) times: u64,
    /// What was wrong, the last time.
    pub(crate) last: Option<Box<str>>,
}

impl Reading {
    /// Gives the events with these numbers, oldest first. What cannot be read is left out, and told of.
    pub(crate) fn read(
        &self,
        store: &dyn Store,
        range: RangeInclusive<u64>,
        give: &mut dyn FnMut(Restored<'_>),
    ) {
        let mut reader = Reader::default();
        let mut left = Some(range);
        while let Some(range) = left.take() {
            let mut visit = |sequence: u64, record: Result<&[u8], _>| {
                match record.map(|bytes| reader.event(sequence, bytes)) {
                    Ok(Ok(event)) => give(event),
                    Ok(Err(error)) => self.note(&format_args!("event {sequence}: {error}")),
                    Err(damage) => self.note(&damage),
                }
                ControlFlow::Continue(())
            };
            match store.read(range, Direction::Forwards, PAGE, &mut visit) {
                Ok(rest) => left = rest,
                Err(error) => self.note(&error),
            }
        }
    }

    fn note(&self, error: &dyn Display) {
        let last = Some(error.to_string().into());
        let mut unreadable = lock(&self.0);
        unreadable.times += 1;
        unreadable.last = last;
    }

    pub(crate) fn unreadable(&self) -> Unreadable {
        lock(&self.0).clone()
    }
}

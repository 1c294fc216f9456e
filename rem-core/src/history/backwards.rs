//! The past from its newest end: page by page, and the last of each topic.

use std::collections::HashSet;
use std::ops::{Range, RangeInclusive};
use std::sync::Arc;
use std::vec;

use super::reader::last_kept;
use super::{History, PAGE};
use crate::deliver::{each_quietly, quietly};
use crate::event::Event;
use crate::sync::yield_now;

/// The kept events with the numbers of a range, newest first.
pub(crate) struct Backwards<'h> {
    history: &'h dyn History,
    /// What is left to be read.
    left: Range<u64>,
    page: vec::IntoIter<Arc<Event>>,
}

impl<'h> Backwards<'h> {
    pub(crate) fn new(history: &'h dyn History, range: RangeInclusive<u64>) -> Self {
        let left = *range.start()..range.end().saturating_add(1);
        Self { history, left, page: Vec::new().into_iter() }
    }
}

impl Iterator for Backwards<'_> {
    type Item = Arc<Event>;

    fn next(&mut self) -> Option<Arc<Event>> {
        loop {
            let event = self.page.next_back();
            if event.is_some() || self.left.is_empty() {
                return event;
            }
            let from = self.left.end.saturating_sub(PAGE).max(self.left.start);
            let mut page = Vec::new();
            self.history.read(from..=self.left.end - 1, &mut page);
            self.left.end = if page.is_empty() && from > self.left.start {
                last_kept(self.history, self.left.start..=from - 1) + 1
            } else {
                from
            };
            self.page = page.into_iter();
        }
    }
}

/// The history may have let go of them meanwhile, and their data is the users' to drop.
impl Drop for Backwards<'_> {
    fn drop(&mut self) {
        each_quietly(self.page.by_ref());
    }
}

/// What `select` makes of the newest event of each topic that it makes something of, oldest first. `taken` says which
/// numbers publishers have.
///
/// The history may let events go while it is read, the newer of two topics' before the older: publishers do not write in
/// the order of their numbers. An event that has gone may have been its topic's last, so nothing older is given then.
pub(crate) fn last_of_each<R>(
    history: &dyn History,
    range: RangeInclusive<u64>,
    taken: impl Fn() -> u64,
    mut select: impl FnMut(&Arc<Event>) -> Option<R>,
) -> Vec<R> {
    let mut above = range.end().saturating_add(1);
    let mut past = Backwards::new(history, range);
    let (mut topics, mut last) = (HashSet::new(), Vec::new());
    for event in past.by_ref() {
        let next = event.sequence().unwrap_or_default() + 1;
        if next < above && oldest_of(history, taken()) > next {
            quietly(event);
            break;
        }
        above = next - 1;
        if !topics.contains(event.topic())
            && let Some(selected) = select(&event)
        {
            topics.insert(event.topic().clone());
            last.push(selected);
        }
        quietly(event);
    }
    last.reverse();
    last
}

/// The oldest number that is kept when all that were `taken` are written. What cannot be read from there on did not have
/// to go for a newer event: it was not there when the history was asked.
fn oldest_of(history: &dyn History, taken: u64) -> u64 {
    loop {
        let readable = history.readable();
        let (oldest, end) =
            readable.map_or((1, 0), |readable| (*readable.start(), *readable.end()));
        if end >= taken {
            return oldest;
        }
        // A publisher has its number and is about to write its slot.
        yield_now();
    }
}

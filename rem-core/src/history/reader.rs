//! [`Reader`]: a history read forwards, page by page, with what it has let go of told.

use std::ops::RangeInclusive;
use std::sync::Arc;

use rem_patterns::Pattern;

use super::{Ask, Direction, DurableHistory, Found, History, PAGE, Page};
use crate::event::Event;

/// Reads a history from a number on.
pub(crate) struct Reader {
    history: Arc<dyn History>,
    /// The same, if what is stored is read alone.
    stored: Option<Arc<dyn DurableHistory>>,
    /// What is looked for by an index, if there is one; without it every kept event is read.
    ask: Option<Ask>,
    /// Who reads: what it cannot select is no loss.
    by: Pattern,
    /// The next number to be read.
    next: u64,
    page: Page,
    /// Up to where the page was to go.
    read_to: u64,
}

/// What comes next.
pub(crate) enum Read<'r> {
    /// An event, which need not be one that is asked for.
    Event(Found<'r>),
    /// The history let go of these before they were read, and some may have been asked for.
    Lost(RangeInclusive<u64>),
    /// Nothing more, up to the number that was given.
    Nothing,
}

impl Reader {
    pub(crate) fn new(
        history: &Arc<dyn History>,
        by: Pattern,
        ask: Option<Ask>,
        next: u64,
    ) -> Self {
        let (history, page) = (Arc::clone(history), Page::new());
        Self { history, stored: None, ask, by, next, page, read_to: 0 }
    }

    /// Only what is stored can be lost: what its history, which is this one, keeps in memory alone is not what is read for.
    pub(crate) fn of_stored(self, history: &Arc<dyn DurableHistory>) -> Self {
        Self { stored: Some(Arc::clone(history)), ..self }
    }

    /// The next number to be read.
    pub(crate) fn next(&self) -> u64 {
        self.next
    }

    /// Goes on as far as the history can be read, and not beyond `last`.
    pub(crate) fn step(&mut self, last: u64) -> Read<'_> {
        loop {
            match self.page.next_number() {
                // Those between were let go: before the page was read, or while it was.
                Some(number) if number > self.next => {
                    if let Some(lost) = self.pass_to(number) {
                        return Read::Lost(lost);
                    }
                    continue;
                }
                Some(_) => break,
                None if self.next <= self.read_to => {
                    if let Some(lost) = self.pass_to(self.read_to + 1) {
                        return Read::Lost(lost);
                    }
                    continue;
                }
                None => {}
            }
            let readable = self.history.readable();
            let (oldest, end) =
                readable.map_or((1, 0), |readable| (*readable.start(), *readable.end()));
            let end = end.min(last);
            if self.next > end {
                return Read::Nothing;
            }
            if self.next < oldest {
                if let Some(lost) = self.pass_to(oldest.min(end + 1)) {
                    return Read::Lost(lost);
                }
                continue;
            }
            self.fill(end);
        }
        self.next += 1;
        self.page.take().map_or(Read::Nothing, Read::Event)
    }

    /// Passes by what is not there, up to a number; gives the first part of it that is a loss, and stands behind that.
    fn pass_to(&mut self, number: u64) -> Option<RangeInclusive<u64>> {
        let gap = self.next..=number - 1;
        let lost = match &self.stored {
            Some(stored) => stored.lost_of_stored(gap.clone(), &self.by),
            None => self.history.lost(gap.clone(), &self.by),
        };
        let lost = lost.map(|lost| *lost.start().max(gap.start())..=*lost.end().min(gap.end()));
        let lost = lost.filter(|lost| !lost.is_empty());
        self.next = lost.as_ref().map_or(number, |lost| lost.end() + 1);
        lost
    }

    /// Reads the next page, as far as it is still there.
    fn fill(&mut self, end: u64) {
        let range = self.next..=end;
        self.page.clear();
        let forwards = Direction::Forwards;
        let found =
            self.ask.as_ref().and_then(|ask| numbers(&*self.history, ask, &range, forwards));
        if let Some((numbers, whole)) = found {
            for row in rows(&numbers) {
                self.history.read_page(row, &mut self.page);
            }
            self.read_to = if whole { end } else { numbers.last().copied().unwrap_or(end) };
        } else {
            self.read_to = self.next.saturating_add(PAGE - 1).min(end);
            self.history.read_page(self.next..=self.read_to, &mut self.page);
            if self.page.is_empty() && self.read_to < end {
                self.read_to = first_kept(&*self.history, self.read_to + 1..=end) - 1;
            }
        }
    }
}

/// A page of the numbers that an index gives, in their order, and whether these are all; `None` without an index.
pub(super) fn numbers(
    history: &dyn History,
    ask: &Ask,
    range: &RangeInclusive<u64>,
    direction: Direction,
) -> Option<(Vec<u64>, bool)> {
    let found = history.candidates(ask, range.clone(), direction)?;
    let page = usize::try_from(PAGE).unwrap_or(usize::MAX);
    let mut numbers: Vec<_> = found.filter(|number| range.contains(number)).take(page).collect();
    let whole = numbers.len() < page;
    numbers.sort_unstable();
    numbers.dedup();
    Some((numbers, whole))
}

/// Reads the events with these numbers, those in a row at once.
pub(super) fn read_each(history: &dyn History, numbers: &[u64], events: &mut Vec<Arc<Event>>) {
    rows(numbers).for_each(|row| history.read(row, events));
}

/// Those in a row.
fn rows(numbers: &[u64]) -> impl Iterator<Item = RangeInclusive<u64>> {
    let rows = numbers.chunk_by(|a, b| a + 1 == *b);
    rows.filter_map(|row| Some(*row.first()?..=*row.last()?))
}

/// The first number of the range that is kept, as far as the history can say without reading: where quotas let go of
/// millions, those that are left may be far apart. One above the range if none is.
pub(crate) fn first_kept(history: &dyn History, range: RangeInclusive<u64>) -> u64 {
    let (first, above) = (*range.start(), range.end() + 1);
    next_kept(history, range, Direction::Forwards, first, above).clamp(first, above)
}

/// The last number of the range that is kept, in the same way. One below the range if none is.
pub(super) fn last_kept(history: &dyn History, range: RangeInclusive<u64>) -> u64 {
    let (below, last) = (range.start().saturating_sub(1), *range.end());
    next_kept(history, range, Direction::Backwards, last, below).clamp(below, last)
}

fn next_kept(
    history: &dyn History,
    range: RangeInclusive<u64>,
    direction: Direction,
    unknown: u64,
    none: u64,
) -> u64 {
    let any = Pattern::parse("**").ok().map(Ask::of);
    let found = any.as_ref().and_then(|any| history.candidates(any, range, direction));
    found.map_or(unknown, |mut found| found.next().unwrap_or(none))
}

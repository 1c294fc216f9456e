//! What the indexes of the store say of a question, and what is lost to whoever asks it.

use std::collections::BTreeMap;
use std::ops::{ControlFlow, RangeInclusive};

use rem_core::{Ask, Direction, Pattern};

use crate::store::{self, Moment, State, Store, StoreError, Topic};

/// An index of topics pays if it leaves one in so many events to be read.
const WORTH: u64 = 8;
/// Up to how many events of a span of time are looked up rather than all events read.
const SPAN: usize = 4_096;
/// How many numbers, or records, one page has.
const PAGE: usize = 256;

/// The numbers of what is asked for, as far as the store has it, a page at a time. Nothing more after a failure: what cannot
/// be read is told to who reads it.
pub(crate) struct Found<'s> {
    store: &'s dyn Store,
    topics: Vec<Topic>,
    direction: store::Direction,
    left: Option<RangeInclusive<u64>>,
    page: std::vec::IntoIter<u64>,
}

impl<'s> Found<'s> {
    fn these(store: &'s dyn Store, numbers: Vec<u64>, direction: store::Direction) -> Self {
        Self { store, topics: Vec::new(), direction, left: None, page: numbers.into_iter() }
    }
}

impl Iterator for Found<'_> {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        loop {
            if let Some(number) = self.page.next() {
                return Some(number);
            }
            let range = self.left.take()?;
            let mut numbers = Vec::new();
            let left =
                self.store.by_topics(&self.topics, range, self.direction, PAGE, &mut numbers);
            self.left = left.ok()?;
            self.page = numbers.into_iter();
        }
    }
}

/// What an index finds among the stored events of a range; `None` if none of them pays.
pub(crate) fn find<'s>(
    store: &'s dyn Store,
    ask: &Ask,
    range: RangeInclusive<u64>,
    direction: Direction,
) -> Option<Found<'s>> {
    let direction = match direction {
        Direction::Forwards => store::Direction::Forwards,
        Direction::Backwards => store::Direction::Backwards,
    };
    if let Some(id) = ask.id {
        let number = store.find(id.as_uuid().as_bytes()).ok()?;
        return Some(Found::these(store, number.into_iter().collect(), direction));
    }
    if let Some(topics) = topics(store, ask) {
        let (left, page) = (Some(range), Vec::new().into_iter());
        return Some(Found { store, topics, direction, left, page });
    }
    let mut numbers = within(store, ask).ok()??;
    numbers.retain(|number| range.contains(number));
    numbers.sort_unstable();
    if direction == store::Direction::Backwards {
        numbers.reverse();
    }
    Some(Found::these(store, numbers, direction))
}

/// The topics that are asked for, if they are those of few enough events.
fn topics(store: &dyn Store, ask: &Ask) -> Option<Vec<Topic>> {
    let most = store.state().events / WORTH;
    let (mut topics, mut events) = (Vec::new(), 0_u64);
    store.topics(literal(ask.pattern.as_str()), &mut |topic| {
        let is_below = ask.prefix.as_ref().is_none_or(|prefix| {
            let rest = topic.name.strip_prefix(prefix.as_str());
            rest.is_some_and(|rest| rest.starts_with('.'))
        });
        if is_below && ask.pattern.matches(&topic.name) {
            events = events.saturating_add(topic.events);
            topics.push(topic.clone());
        }
        if events > most { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    (events <= most).then_some(topics)
}

/// What every topic that a pattern selects begins with, as far as its text tells.
fn literal(pattern: &str) -> &str {
    let exact = pattern.strip_prefix('=').unwrap_or(pattern);
    let end = exact.find(|c| "*?>[]{}!,~".contains(c)).unwrap_or(exact.len());
    // Of a set, one pattern says nothing of the others.
    if exact.contains(',') { "" } else { &exact[..end] }
}

/// The numbers of what happened in the time that is asked for; `None` if they are too many to be looked up.
fn within(store: &dyn Store, ask: &Ask) -> Result<Option<Vec<u64>>, StoreError> {
    let (from, to) = (ask.times.start().as_nanos(), ask.times.end().as_nanos());
    if (from, to) == (0, u64::MAX) {
        return Ok(None);
    }
    let moment = |timestamp, sequence| Moment { timestamp, sequence };
    let mut left = Some(moment(from, 0)..=moment(to, u64::MAX));
    let mut found = Vec::new();
    while let Some(range) = left.take() {
        if found.len() > SPAN {
            return Ok(None);
        }
        left = store.by_time(range, store::Direction::Forwards, PAGE, &mut found)?;
    }
    Ok(Some(found.into_iter().map(|moment| moment.sequence).collect()))
}

/// The first part of a gap whose events were let go by a rule that has to do with `by`. `local_after`: from this number on a
/// hole may be an event that only memory had.
pub(crate) fn lost(
    store: &dyn Store,
    gap: RangeInclusive<u64>,
    by: &Pattern,
    local_after: Option<u64>,
) -> Option<RangeInclusive<u64>> {
    let state = store.state();
    let by_rules = lost_up_to(&state.let_go, by);
    let up_to = if local_after.is_some() { *gap.end() } else { by_rules.min(*gap.end()) };
    let mut next = *gap.start();
    while next <= up_to {
        let missing = first_missing(store, &state, next..=up_to)?;
        // What no event ever had is no loss, unless memory may have had it.
        let hole = state.holes.iter().find(|hole| hole.contains(missing.start()));
        match hole {
            Some(hole) if local_after.is_some_and(|after| *missing.start() > after) => {
                return Some(*missing.start()..=*hole.end().min(missing.end()));
            }
            // One hole may begin before this process and go on in it.
            Some(hole) => {
                let end = local_after.map_or(*hole.end(), |after| after.min(*hole.end()));
                next = end.saturating_add(1);
            }
            None if *missing.start() > by_rules => next = missing.end().saturating_add(1),
            None => {
                let holes = state.holes.iter().map(|hole| *hole.start());
                let end = holes.filter(|start| *start > *missing.start()).min();
                let end = end.map_or(*missing.end(), |start| (start - 1).min(*missing.end()));
                return Some(*missing.start()..=end.min(by_rules));
            }
        }
    }
    None
}

/// How many numbers above the first and up to the second no event has.
pub(super) fn unused(state: &State, above: u64, up_to: u64) -> u64 {
    let from = state.holes.partition_point(|hole| *hole.end() <= above);
    let holes = state.holes[from..].iter().take_while(|hole| *hole.start() <= up_to);
    holes.map(|hole| up_to.min(*hole.end()) - above.max(hole.start() - 1)).sum()
}

/// The first numbers of a range that the store does not have.
fn first_missing(
    store: &dyn Store,
    state: &State,
    range: RangeInclusive<u64>,
) -> Option<RangeInclusive<u64>> {
    if *range.start() < state.first {
        return Some(*range.start()..=*range.end().min(&(state.first - 1)));
    }
    let (mut next, end) = (*range.start(), *range.end());
    let mut left = Some(range);
    while let Some(range) = left.take() {
        let mut found = None;
        // What is damaged is there, for this.
        let visit = &mut |sequence: u64, _: Result<&[u8], _>| {
            if sequence > next {
                found = Some(next..=sequence - 1);
                return ControlFlow::Break(());
            }
            next = sequence.saturating_add(1);
            ControlFlow::Continue(())
        };
        left = store.read(range, store::Direction::Forwards, PAGE, visit).ok()?;
        if found.is_some() {
            return found;
        }
    }
    (next <= end).then_some(next..=end)
}

/// The highest number that may be lost to whoever reads what `by` selects: what no rule let go that has to do with it was
/// never there.
fn lost_up_to(let_go: &BTreeMap<String, u64>, by: &Pattern) -> u64 {
    let meets = |name: &str| match name.parse::<Pattern>() {
        // Where it would take too long to tell they are said to meet.
        Ok(rule) => rule.intersects(by).map_or(true, |common| common.is_some()),
        Err(_) => true, // the rule for all
    };
    let_go.iter().filter(|(name, _)| meets(name)).map(|(_, last)| *last).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{State, literal, unused};

    #[test]
    fn numbers_that_no_event_has_are_counted_within_what_is_asked_for() {
        let state = State { holes: vec![1..=2, 5..=7, 9..=9], ..State::default() };
        for (above, up_to, count) in [
            (0, 0, 0),
            (0, 9, 6),
            (0, 6, 4),
            (1, 4, 1),
            (5, 6, 1),
            (6, 9, 2),
            (7, 8, 0),
            (9, 90, 0),
        ] {
            assert_eq!(unused(&state, above, up_to), count, "{above} to {up_to}");
        }
    }

    #[test]
    fn the_text_before_the_first_wildcard_is_what_topics_begin_with() {
        let cases = [
            ("a.b", "a.b"),
            ("=a.b", "a.b"),
            ("a.*.c", "a."),
            ("a.b*", "a.b"),
            ("{id}.b", ""),
            ("a.b,!a.c", ""),
            ("**", ""),
            ("a.>", "a."),
        ];
        for (pattern, begins) in cases {
            assert_eq!(literal(pattern), begins, "{pattern}");
        }
    }
}

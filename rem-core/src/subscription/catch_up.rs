//! [`CatchUp`]: the past of a subscription, read until it meets what is live.

use std::collections::VecDeque;
use std::fmt;
use std::mem;
use std::ops::RangeInclusive;
use std::panic::Location;
use std::sync::{Arc, Weak};

use rem_patterns::{Pattern, Topic};

use super::{Entry, Start, Subscription};
use crate::bus::{Core, State};
use crate::clock::Timestamp;
use crate::deliver::{self, each_quietly, isolate, quietly};
use crate::error::SubscribeError;
use crate::event::{Event, Head, Seen, Wanted};
use crate::history::{Backwards, Found, History, PAGE, Read, Reader, first_kept, last_of_each};
use crate::queue::Lagged;
use crate::route::{selects, selects_topic};
use crate::sync::atomic::Ordering;
use crate::sync::yield_now;

/// A subscription that reads the past. It is not in the index until it has read what there is; then it goes there, and reads
/// what came meanwhile.
pub(crate) struct CatchUp {
    /// What the subscription was made on. It may close, or go.
    bus: Weak<State>,
    core: Weak<Core>,
    entry: Arc<Entry>,
    reader: Reader,
    /// As what stored events are made at once.
    wanted: Option<Wanted>,
    choice: Choice,
    /// Nothing more is published, and what was is read once more.
    is_over: bool,
    /// Up to where to read, once it is in the index.
    target: Option<u64>,
    /// Known to be selected; they come before what the reader has.
    ready: VecDeque<Arc<Event>>,
}

/// Whether the topic of the last stored event is selected: events of one topic come in a row, and to compare is cheaper than
/// to match.
#[derive(Default)]
struct Choice(Option<(Topic, u8, bool)>);

/// What comes next.
pub(crate) enum Step {
    /// An event of the past that the subscription selects.
    Event(Arc<Event>),
    /// Events that the history let go before they were read. Which of them would have been selected is not known any more;
    /// that none would is, where a quota let them go that the subscription does not meet.
    Lagged(Lagged),
    /// All is read up to this number; what follows is live.
    Live(u64),
    /// The bus is closed or gone, and all is read.
    Ended,
}

impl CatchUp {
    pub(crate) fn new(
        bus: &Arc<State>,
        history: &Arc<dyn History>,
        entry: &Arc<Entry>,
        start: Start,
    ) -> Self {
        let readable = history.readable();
        let (oldest, end) =
            readable.map_or((1, 0), |readable| (*readable.start(), *readable.end()));
        // What is gone is no loss to whoever asks for what is kept.
        let next = match start {
            Start::Earliest => oldest,
            Start::Time(time) => first_since(&**history, time, oldest..=end),
            // Numbers that are still to come are waited for.
            Start::Sequence(sequence) => sequence.max(1),
            Start::Latest | Start::Last(_) | Start::LastPerTopic => end + 1,
        };
        let mut catch_up = Self {
            bus: Arc::downgrade(bus),
            core: Arc::downgrade(&bus.core),
            entry: Arc::clone(entry),
            reader: Reader::new(history, reads(entry), None, next),
            wanted: entry.wanted.filter(|_| entry.is_typed()),
            choice: Choice::default(),
            is_over: false,
            target: None,
            ready: VecDeque::new(),
        };
        match start {
            Start::Last(count) => {
                let past = Backwards::new(&**history, oldest..=end);
                let mut last: Vec<_> =
                    past.filter(|event| catch_up.selects(event)).take(count).collect();
                last.reverse();
                catch_up.ready = last.into();
            }
            Start::LastPerTopic => {
                let core = &bus.core;
                let last = last_of_each(
                    &**history,
                    oldest..=end,
                    || core.last_sequence(),
                    |event| catch_up.selects(event).then(|| Arc::clone(event)),
                );
                catch_up.ready = last.into();
            }
            Start::Latest | Start::Earliest | Start::Sequence(_) | Start::Time(_) => {}
        }
        catch_up
    }

    /// The next step.
    pub(crate) fn step(&mut self) -> Step {
        if let Some(event) = self.ready.pop_front() {
            return Step::Event(event);
        }
        loop {
            self.entry.reads_next(self.reader.next());
            match self.reader.step(u64::MAX) {
                Read::Event(found) => {
                    let is_selected = match &found {
                        Found::Event(event) => selects(&self.entry, event),
                        Found::Stored(stored) => self.choice.of(&self.entry, &stored.head),
                    };
                    if !is_selected {
                        quietly(found);
                        continue;
                    }
                    let event = found.event_as(self.wanted.as_ref());
                    if self.wants(&event) {
                        return Step::Event(event);
                    }
                    quietly(event);
                    continue;
                }
                Read::Lost(numbers) => return Step::Lagged(Lagged::of(numbers)),
                Read::Nothing => {}
            }
            let read = self.reader.next() - 1;
            match self.target {
                None if self.is_over => return Step::Ended,
                // What was published before the end may have come after the look above.
                None => self.is_over = !self.join(),
                // A publisher has its number and is about to write its slot.
                Some(target) if read < target => yield_now(),
                Some(_) => match self.entry.open(read) {
                    Ok(()) => return Step::Live(read),
                    Err(left) => self.target = Some(left),
                },
            }
        }
    }

    /// Goes into the index; `false` if there is no more.
    fn join(&mut self) -> bool {
        let Some(core) = self.core.upgrade() else { return false };
        let bus = self.bus.upgrade();
        let is_finished = || bus.as_ref().is_some_and(|bus| bus.is_finished());
        // A bus that is closed may have publishes under way.
        if is_finished() {
            return false;
        }
        self.entry.stands(&core, core.router.add(&self.entry));
        // Read as it is written: of this and a publisher's, one comes first. See `Gate`.
        self.target = Some(core.sequence.fetch_add(0, Ordering::AcqRel));
        if is_finished()
            && let Some(queue) = self.entry.queue()
        {
            queue.finish(); // it came too late to be found there
        }
        true
    }

    /// Whether the subscription selects the event. What its filters and its type have against it is told as for one that is
    /// live, as long as there is a bus to tell it.
    fn selects(&self, event: &Arc<Event>) -> bool {
        selects(&self.entry, event) && self.wants(event)
    }

    fn wants(&self, event: &Arc<Event>) -> bool {
        if self.wanted.is_some_and(|wanted| Seen::new(event).is_of(wanted.type_id)) {
            return true; // there are no filters
        }
        match self.core.upgrade() {
            Some(core) => deliver::wants(&core, &self.entry, event),
            None => {
                isolate(|| self.entry.accepts(event) && self.entry.fits(&Seen::new(event)))
                    == Ok(true)
            }
        }
    }
}

impl Choice {
    fn of(&mut self, entry: &Entry, head: &Head) -> bool {
        match &self.0 {
            Some((topic, scope, chosen)) if *topic == head.topic && *scope == head.scope => *chosen,
            _ => {
                let chosen = selects_topic(entry, &head.topic, usize::from(head.scope));
                self.0 = Some((head.topic.clone(), head.scope, chosen));
                chosen
            }
        }
    }
}

impl fmt::Debug for CatchUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CatchUp")
            .field("entry", &self.entry)
            .field("target", &self.target)
            .finish_non_exhaustive()
    }
}

/// The history may have let go of what was read.
impl Drop for CatchUp {
    fn drop(&mut self) {
        each_quietly(mem::take(&mut self.ready));
    }
}

/// The first number whose event happened at that time or later. Times need not be in order, so it is looked for.
pub(crate) fn first_since(
    history: &dyn History,
    time: Timestamp,
    range: RangeInclusive<u64>,
) -> u64 {
    let (mut next, end) = range.into_inner();
    let mut events = Vec::new();
    while next <= end {
        let to = next.saturating_add(PAGE - 1).min(end);
        history.read(next..=to, &mut events);
        let first = events.iter().find(|event| event.timestamp() >= time);
        let first = first.and_then(|event| event.sequence());
        let none = events.is_empty() && to < end;
        each_quietly(events.drain(..));
        if let Some(first) = first {
            return first;
        }
        next = if none { first_kept(history, to + 1..=end) } else { to + 1 };
    }
    next
}

/// A pattern, from the root bus, that selects all that the subscription may. One by type counts from any bus below its own.
pub(crate) fn reads(entry: &Entry) -> Pattern {
    match Pattern::parse("**") {
        Ok(any) if entry.by_type => any,
        _ => entry.pattern.clone(),
    }
}

impl CatchUp {
    /// Calls an inline handler with the past, in this thread, until it is live.
    pub(crate) fn replay(
        &mut self,
        core: &Arc<Core>,
        entry: &Arc<Entry>,
        place: &'static Location<'static>,
    ) -> Result<Subscription, SubscribeError> {
        // Whether there is a past or not: what a program may do should not hang on that.
        if deliver::is_delivering() {
            return Err(SubscribeError::WithinHandler { place });
        }
        let guard = Subscription::outside(core, Arc::clone(entry));
        loop {
            match self.step() {
                Step::Event(event) => {
                    deliver::replay(core, entry, &event);
                    // The history may have let it go, and what is dropped then is the user's.
                    quietly(event);
                }
                Step::Lagged(lagged) => entry.count_missed(lagged.missed()),
                Step::Live(_) => return Ok(guard),
                Step::Ended => return Err(SubscribeError::Closed),
            }
            if !entry.is_active() {
                return Ok(guard); // it has ended by itself
            }
        }
    }
}

//! [`Counted`]: how many events of each topic a history has; [`Counting`]: the same of a journal that is looked at, counted once.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

use rem_core::{Bus, Event, Payload, Query, Timestamp};

use crate::routes::range;
use crate::shared::{Shared, lock};

/// Of how many topics; events of others are counted together.
const TOPICS: usize = 10_000;
/// Into how many steps the time of a history is cut.
const STEPS: u32 = 60;
/// How many events are counted between two looks at whether somebody waits for it, or nobody does any more.
const TURN: usize = 1_000;

/// How many events of each topic a history has, of as many topics as there is room for.
#[derive(Debug, Default)]
pub struct Counted {
    topics: BTreeMap<Box<str>, Of>,
    all: Of,
    others: u64,
    times: Option<Times>,
}

/// How many, and how many in each step.
#[derive(Debug, Default)]
struct Of {
    events: u64,
    steps: Vec<u64>,
}

/// From when to when, and how long a step is.
#[derive(Debug, Clone, Copy)]
struct Times {
    first: Timestamp,
    last: Timestamp,
    step: Duration,
}

impl Counted {
    /// Counts steps of that time too.
    pub(crate) fn between(first: Timestamp, last: Timestamp) -> Self {
        // At least as long as what a time is told to, so that there are no more steps than there is room for.
        let step = (last.since(first) / STEPS).max(Duration::from_micros(1));
        Self { times: Some(Times { first, last, step }), ..Self::default() }
    }

    /// One event more.
    pub fn add(&mut self, event: &Event) {
        let step = self.times.map(|times| times.step_of(event.timestamp()));
        self.all.add(step);
        let known = self.topics.len();
        match self.topics.get_mut(event.topic().as_str()) {
            Some(of) => of.add(step),
            None if known < TOPICS => {
                self.topics.entry(event.topic().as_str().into()).or_default().add(step);
            }
            None => self.others += 1,
        }
    }

    /// How many events.
    pub fn events(&self) -> u64 {
        self.all.events
    }

    /// How many events of each topic.
    pub fn topics(&self) -> impl Iterator<Item = (&str, u64)> {
        self.topics.iter().map(|(topic, of)| (&**topic, of.events))
    }

    /// How many events of topics that there was no room for.
    pub fn others(&self) -> u64 {
        self.others
    }

    /// The steps of a topic, and those of all.
    pub(crate) fn steps(&self, topic: &str) -> Vec<u64> {
        self.topics.get(topic).map_or_else(Vec::new, |of| of.steps.clone())
    }

    pub(crate) fn all_steps(&self) -> Vec<u64> {
        self.all.steps.clone()
    }

    /// How long a step is, and when the last ends.
    pub(crate) fn times(&self) -> Option<(Duration, Timestamp)> {
        self.times.map(|times| (times.step, times.last))
    }
}

impl Times {
    /// Times of events may lie outside of those of the first and the last, for they are whatever who publishes says.
    fn step_of(&self, time: Timestamp) -> usize {
        let step = time.since(self.first).as_nanos() / self.step.as_nanos().max(1);
        usize::try_from(step).unwrap_or(usize::MAX).min(STEPS as usize - 1)
    }
}

impl Of {
    fn add(&mut self, step: Option<usize>) {
        self.events += 1;
        if let Some(step) = step {
            if self.steps.is_empty() {
                self.steps = vec![0; STEPS as usize];
            }
            self.steps[step] += 1;
        }
    }
}

/// What was counted of a journal so far: by a thread of its own, from when somebody asks for the first time.
#[derive(Debug, Default)]
pub(crate) struct Counting(Mutex<SoFar>);

#[derive(Debug, Default)]
pub(crate) struct SoFar {
    begun: bool,
    pub(crate) counted: Counted,
    /// How many numbers it has looked at, and of how many, while it counts.
    pub(crate) under_way: Option<(u64, u64)>,
}

impl Counting {
    /// Begins, if nobody has asked before; gives what there is by now.
    pub(crate) fn so_far(&self, shared: &Arc<Shared>, bus: &Bus) -> MutexGuard<'_, SoFar> {
        let mut state = lock(&self.0);
        if !state.begun {
            let (shared, bus) = (Arc::clone(shared), bus.clone());
            let counter = thread::Builder::new().name("rem-inspector-count".into());
            // Where there is no thread it is tried again when somebody asks again.
            state.begun = counter.spawn(move || count(&shared, &bus)).is_ok();
            state.under_way = Some((0, 0));
        }
        state
    }
}

/// Counts all that there is, unless the inspector comes to its end before.
fn count(shared: &Shared, bus: &Bus) {
    let state = &shared.counting.0;
    let Ok(query) = bus.query("**") else { return done(state) };
    let edge = |query: Query| query.iter::<dyn Payload>().next().map(|event| event.timestamp());
    let newest = query.clone().last(1).iter::<dyn Payload>().next();
    let (Some(first), Some(newest)) = (edge(query.clone().first(1)), newest) else {
        return done(state);
    };
    let (begin, end) =
        range(bus).map_or((1, 0), |range| (range.from.unwrap_or(1), range.to.unwrap_or_default()));
    {
        let mut state = lock(state);
        state.counted = Counted::between(first, newest.timestamp());
        state.under_way = Some((0, (end + 1).saturating_sub(begin)));
    }
    let ending = shared.ending();
    let mut events = query.iter::<dyn Payload>().peekable();
    while events.peek().is_some() && !*ending.borrow() {
        // Read before it is locked: whoever asks does not wait for the disk.
        let some: Vec<_> = events.by_ref().take(TURN).collect();
        let mut state = lock(state);
        for event in &some {
            state.counted.add(event);
        }
        let last = some.last().and_then(|event| event.sequence()).unwrap_or(end);
        if let Some((looked, _)) = &mut state.under_way {
            *looked = (last + 1).saturating_sub(begin);
        }
    }
    done(state);
}

fn done(state: &Mutex<SoFar>) {
    lock(state).under_way = None;
}

#[cfg(test)]
mod tests {
    use rem_core::wire::{Codec, RawEvent};
    use rem_core::{Ring, Timestamp};

    use super::*;

    #[test]
    fn there_is_room_for_so_many_topics_and_others_are_counted_together() {
        let bus = Bus::builder().history(Ring::events(1)).build();
        let mut counted = Counted::default();
        for number in 0..TOPICS + 7 {
            let data = RawEvent::new(Codec::Json, b"0".to_vec());
            bus.publish_to(format!("t.{number}").as_str(), data).unwrap();
            let newest = bus.query("**").unwrap().last(1).events();
            counted.add(&newest[0]);
            if number == 0 {
                counted.add(&newest[0]);
            }
        }
        assert_eq!(counted.topics().count(), TOPICS);
        assert_eq!((counted.events(), counted.others()), (TOPICS as u64 + 8, 7));
        assert_eq!(counted.topics().next(), Some(("t.0", 2)));
    }

    #[test]
    fn times_outside_of_all_count_to_the_first_step_and_the_last() {
        let at = |seconds: u64| Timestamp::from_nanos(seconds * 1_000_000_000);
        let counted = Counted::between(at(1_000), at(1_060));
        let times = counted.times.unwrap();
        assert_eq!(
            [0, 1_000, 1_001, 1_059, 1_060, 9_999].map(|it| times.step_of(at(it))),
            [0, 0, 1, 59, 59, 59]
        );
        let once = Counted::between(at(5), at(5)).times.unwrap();
        assert_eq!(once.step_of(at(5)), 0);
    }
}

//! [`Feed`]: the events that a client has, from where it was: read from the history, or from a queue where there is none.
//!
//! No publisher waits for it, and what it does not give it tells: as sampled, or as gone.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rem_core::__private::{Interests, past, readable};
use rem_core::{
    Bus, Event, EventStream, Follow, Followed, Overflow, Payload, TryRecvError, WeakBus,
};
use serde::Serialize;

use crate::event_json::{EventJson, IN_LIST};
use crate::filter::Filter;
use crate::mask::Masking;
use crate::refusal::Refusal;

/// How many numbers are looked at in one step where events are sampled: the newest. With a text to be searched, fewer.
const LOOK: u64 = 2_048;
const LOOK_INTO: u64 = 256;
/// How many events come out of one step at most.
const STEP: usize = 256;
/// And about how many bytes of data.
const BYTES: usize = 64 << 10;
/// How many wait in the queue of a client of a bus without history.
const QUEUE: usize = 1_024;

/// What a client is told.
#[derive(Debug)]
pub(crate) enum Told {
    Event(Box<EventJson>),
    Sampled(Sampled),
    Gap(Gap),
}

/// Of a range of numbers, how many events were given.
#[derive(Debug, Serialize)]
pub(crate) struct Sampled {
    from: u64,
    pub(crate) to: u64,
    sent: u64,
    left_out: u64,
    /// How many are selected; `None` if not all were looked at.
    matched: Option<u64>,
}

/// Numbers whose events are gone.
#[derive(Debug, Serialize)]
pub(crate) struct Gap {
    pub(crate) from: u64,
    pub(crate) to: Option<u64>,
    pub(crate) why: &'static str,
}

pub(crate) const LET_GO: &str = "the history has let go of them";
pub(crate) const NO_HISTORY: &str = "the bus keeps no history";

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// There may be more at once.
    More,
    /// All is given that there is.
    Idle,
    /// Nothing more will come.
    Over,
}

/// How many events a client is given.
#[derive(Debug)]
pub(crate) enum Pace {
    All,
    Rate(Allowance),
}

/// So many a second, and as many at once.
#[derive(Debug)]
pub(crate) struct Allowance {
    rate: u32,
    left: f64,
    at: Instant,
}

impl Allowance {
    pub(crate) fn new(rate: u32) -> Self {
        Self { rate, left: f64::from(rate), at: Instant::now() }
    }

    /// How many may be given now.
    fn now(&mut self) -> usize {
        let now = Instant::now();
        let since = now.saturating_duration_since(self.at).as_secs_f64();
        self.at = now;
        self.left = (self.left + since * f64::from(self.rate)).min(f64::from(self.rate));
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 0 and the rate"
        )]
        let whole = self.left as usize;
        whole
    }

    fn take(&mut self, events: usize) {
        self.left -= f64::from(u32::try_from(events).unwrap_or(u32::MAX));
    }
}

/// The events that a client has.
pub(crate) struct Feed {
    bus: WeakBus,
    masking: Arc<Masking>,
    filter: Filter,
    is_open: bool,
    from: From,
    pace: Pace,
    /// All up to this number is given, or told.
    position: u64,
    /// What is read and not given yet, where all is.
    waiting: VecDeque<Arc<Event>>,
}

enum From {
    History(Box<Follow>),
    Queue(Box<EventStream>),
}

impl Feed {
    /// The feed of a bus, behind that number or, unless told, from now on.
    pub(crate) fn new(
        bus: &Bus,
        pattern: &str,
        filter: Filter,
        masking: Arc<Masking>,
        pace: Pace,
        after: Option<u64>,
    ) -> Result<Self, Refusal> {
        let refuse = |error| Refusal::subscribe(&error, pattern);
        let last = readable(bus).map_or(0, |range| *range.end());
        let position = after.unwrap_or(last);
        let has_history = bus.query("**").is_ok();
        let from = if has_history {
            From::History(Box::new(past(bus, pattern, position).map_err(refuse)?))
        } else if matches!(pace, Pace::All) {
            return Err(Refusal::no_history());
        } else {
            let queue = bus.subscription(pattern).queue(QUEUE, Overflow::DropOldest);
            let stream = queue.stream::<dyn Payload>().map_err(refuse)?;
            // That somebody looks is no interest of this node in what others publish.
            Interests::of(bus).set_apart(stream.subscription().id());
            From::Queue(Box::new(stream))
        };
        let is_open = pattern == "**" && filter.is_open();
        let (bus, waiting) = (bus.downgrade(), VecDeque::new());
        Ok(Self { bus, masking, filter, is_open, from, pace, position, waiting })
    }

    pub(crate) fn position(&self) -> u64 {
        self.position
    }

    /// The subscription that it has, if it has one.
    pub(crate) fn subscription(&self) -> Option<rem_core::SubscriptionId> {
        match &self.from {
            From::History(_) => None,
            From::Queue(stream) => Some(stream.subscription().id()),
        }
    }

    /// Whether it reads a history.
    pub(crate) fn resumes(&self) -> bool {
        matches!(self.from, From::History(_))
    }

    /// Adds what there is to be told, for about so long.
    pub(crate) fn step(&mut self, most: Duration, out: &mut Vec<Told>) -> Step {
        let until = Instant::now() + most;
        let step = match (&mut self.from, &mut self.pace) {
            (From::History(_), Pace::All) => self.all(until, out),
            (From::History(_), Pace::Rate(allowance)) => match allowance.now() {
                0 => Step::Idle,
                most => self.newest(most, out),
            },
            (From::Queue(_), _) => self.queued(out),
        };
        if step == Step::Idle && self.is_over() { Step::Over } else { step }
    }

    /// Whether all is given, and nothing more will come.
    fn is_over(&self) -> bool {
        let Some(bus) = self.bus.upgrade() else { return true };
        let last = readable(&bus).map_or(0, |range| *range.end());
        bus.is_closed() && (last <= self.position || !self.resumes())
    }

    /// Every event, in its order. It looks at the time with each, for one may take long to be written.
    fn all(&mut self, until: Instant, out: &mut Vec<Told>) -> Step {
        let (mut given, mut bytes) = (0, 0);
        loop {
            while let Some(event) = self.waiting.pop_front() {
                self.position = event.sequence().unwrap_or(self.position);
                if let Some(json) = self.pass(&event) {
                    (given, bytes) = (given + 1, bytes + json.bytes);
                    out.push(Told::Event(Box::new(json)));
                }
                if given >= STEP || bytes >= BYTES || Instant::now() >= until {
                    return Step::More;
                }
            }
            let From::History(follow) = &mut self.from else { return Step::Idle };
            let mut events = Vec::new();
            // What is told behind them is told when they are given: so it is asked for again then.
            let followed = follow.read(u64::MAX, STEP, &mut events);
            if !events.is_empty() {
                if let Followed::Lost(_) = followed
                    && let Some(last) = events.last().and_then(|event| event.sequence())
                {
                    follow.seek(last);
                }
                self.waiting.extend(events);
                continue;
            }
            self.position = follow.position();
            match followed {
                Followed::More => {}
                Followed::Lost(lost) => {
                    let (from, to) = (lost.from(), Some(lost.to()));
                    out.push(Told::Gap(Gap { from, to, why: LET_GO }));
                }
                Followed::Ended => return Step::Over,
                _ => return Step::Idle,
            }
            if Instant::now() >= until {
                return Step::More;
            }
        }
    }

    /// Of what has come, so many events at most: spread evenly over the newest.
    fn newest(&mut self, most: usize, out: &mut Vec<Told>) -> Step {
        let From::History(follow) = &mut self.from else { return Step::Idle };
        if let Some(missing) = follow.missing() {
            let (from, to) = (*missing.start(), *missing.end());
            out.push(Told::Gap(Gap { from, to: Some(to), why: LET_GO }));
            follow.seek(to);
            self.position = to;
        }
        let Some(readable) = follow.readable() else { return Step::Idle };
        let (first, last) = (self.position + 1, *readable.end());
        if last < first {
            return Step::Idle;
        }
        let look = if self.filter.searches() { LOOK_INTO } else { LOOK };
        let from = first.max((last + 1).saturating_sub(look));
        follow.seek(from - 1);
        let mut events = Vec::new();
        while follow.position() < last {
            match follow.read(last, STEP, &mut events) {
                // What was let go meanwhile is left out, as all of it might have been.
                Followed::More | Followed::Unreadable(_) | Followed::Lost(_) => {}
                _ => break,
            }
        }
        self.position = last;
        follow.seek(last);
        let seen_all = from == first;
        let mut found: Vec<Arc<Event>> = events;
        found.retain(|event| self.filter.by_head(event));
        let mut jsons = Vec::new();
        if self.filter.searches() {
            jsons.extend(found.iter().filter_map(|event| self.pass(event)));
        }
        let matched = if self.filter.searches() { jsons.len() } else { found.len() };
        let chosen = evenly(matched, most);
        let sent = chosen.len();
        if self.filter.searches() {
            out.extend(pick(jsons, &chosen).map(|json| Told::Event(Box::new(json))));
        } else {
            for event in pick(found, &chosen) {
                let json = EventJson::of(&event, &self.masking, IN_LIST);
                out.push(Told::Event(Box::new(json)));
            }
        }
        if let Pace::Rate(allowance) = &mut self.pace {
            allowance.take(sent);
        }
        if sent < matched || !seen_all {
            let all = last + 1 - first;
            let matched = match (seen_all, self.is_open) {
                (true, _) => Some(matched as u64),
                (false, true) => Some(all),
                (false, false) => None,
            };
            let left_out = all - (sent as u64).min(all);
            out.push(Told::Sampled(Sampled {
                from: first,
                to: last,
                sent: sent as u64,
                left_out,
                matched,
            }));
        }
        Step::Idle
    }

    fn pass(&self, event: &Arc<Event>) -> Option<EventJson> {
        self.filter.pass(event, &self.masking, IN_LIST)
    }

    /// What has come into the queue, so many events at most.
    fn queued(&mut self, out: &mut Vec<Told>) -> Step {
        let From::Queue(stream) = &mut self.from else { return Step::Idle };
        let (mut found, mut missed, mut range, mut step) = (Vec::new(), 0, None, Step::Idle);
        let mut widen = |from: u64, to: u64| {
            let (first, last) = range.unwrap_or((from, to));
            range = Some((first.min(from), last.max(to)));
        };
        for _ in 0..4 * QUEUE {
            match stream.try_recv() {
                Ok(received) => {
                    let event = Arc::clone(received.event());
                    if let Some(number) = event.sequence() {
                        widen(number, number);
                    }
                    found.push(event);
                }
                Err(TryRecvError::Lagged(lagged)) => {
                    missed += lagged.missed();
                    widen(lagged.from(), lagged.to());
                }
                Err(TryRecvError::Ended) => {
                    step = Step::Over;
                    break;
                }
                Err(_) => break,
            }
        }
        if found.is_empty() && missed == 0 {
            return step;
        }
        if let Some((_, to)) = range {
            self.position = self.position.max(to);
        }
        found.retain(|event| self.filter.by_head(event));
        let all = found.len();
        let most = match &mut self.pace {
            Pace::All => usize::MAX,
            Pace::Rate(allowance) => allowance.now(),
        };
        // Those that are searched are as many as are given at most: one cannot look into all.
        let chosen = evenly(all, most);
        let mut sent = 0;
        for event in pick(found, &chosen) {
            if let Some(json) = self.pass(&event) {
                sent += 1;
                out.push(Told::Event(Box::new(json)));
            }
        }
        if let Pace::Rate(allowance) = &mut self.pace {
            allowance.take(chosen.len());
        }
        let left_out = missed + (all - chosen.len()) as u64;
        // Events that the bus tells of itself have no number: of a range of them nothing can be said.
        if let Some((from, to)) = range.filter(|_| left_out > 0) {
            let matched = (missed == 0 && !self.filter.searches()).then_some(all as u64);
            out.push(Told::Sampled(Sampled { from, to, sent, left_out, matched }));
        }
        step
    }
}

/// Of a subscription that is over nothing is kept.
impl Drop for Feed {
    fn drop(&mut self) {
        if let (Some(id), Some(bus)) = (self.subscription(), self.bus.upgrade()) {
            Interests::of(&bus).forget(id);
        }
    }
}

/// Which of so many to take, if at most that many may be taken: spread evenly, the last among them.
fn evenly(of: usize, most: usize) -> Vec<usize> {
    if of <= most {
        return (0..of).collect();
    }
    (1..=most).map(|nth| nth * of / most - 1).collect()
}

/// Those at these places.
fn pick<T>(items: Vec<T>, places: &[usize]) -> impl Iterator<Item = T> {
    let mut places = places.iter().copied().peekable();
    items.into_iter().enumerate().filter_map(move |(at, item)| places.next_if_eq(&at).map(|_| item))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_is_spread_and_ends_with_the_last() {
        assert_eq!(evenly(3, 5), [0, 1, 2]);
        assert_eq!(evenly(10, 2), [4, 9]);
        assert_eq!(evenly(10, 3), [2, 5, 9]);
        assert!(evenly(10, 0).is_empty());
        assert_eq!(pick(vec!["a", "b", "c", "d"], &[1, 3]).collect::<Vec<_>>(), ["b", "d"]);
    }
}

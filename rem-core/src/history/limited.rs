//! [`Limited`]: a ring that is bounded by more than the number of its events.
//!
//! What a quota lets go stands among what stays, so an event's place does not follow from its number: all is kept in order
//! under one lock, which publishers take in turn. User code runs under it no more than under any other: patterns are
//! compared and the clock is read before, and what goes is dropped by whoever called.
//!
//! Of one topic an older event never outlives a newer one: each limit lets go of the oldest that it counts, and an event
//! that comes later than one that was let go for its place is refused. So who asks for the last of a topic has it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use rem_patterns::{Pattern, Topic};

use super::gone::{Cause, Gone};
use super::{Direction, Evicted, HistoryReport, PAGE};
use crate::clock::{BusClock, Timestamp};
use crate::deliver::each_quietly;
use crate::event::Event;
use crate::sync::{Mutex, lock};

/// How many comparisons of a quota's pattern with a reader's are remembered.
const MEETINGS: usize = 256;

pub(super) struct Limited {
    /// Events, at most.
    capacity: usize,
    /// What it keeps comes after this number.
    after: u64,
    pub(super) bytes: Option<u64>,
    pub(super) age: Option<Duration>,
    quotas: Vec<Quota>,
    /// Their places, that with the lowest limit first: what goes for it makes room in those around it.
    narrow_first: Vec<usize>,
    clock: OnceLock<BusClock>,
    kept: Mutex<Kept>,
    /// By the place of a quota and the text of a reader's pattern: whether a topic exists that both select.
    meetings: Mutex<BTreeMap<(usize, Box<str>), bool>>,
}

struct Quota {
    pattern: Pattern,
    /// Events, at most.
    limit: usize,
}

struct Kept {
    events: BTreeMap<u64, One>,
    lanes: Vec<Lane>,
    bytes: u64,
    /// The last number with no hole before it.
    end: u64,
    /// Those above it that have come.
    above: BTreeSet<u64>,
    /// The last that what bounds all has let go: so all before it are gone too.
    floor: u64,
    gone: Gone,
    let_go: u64,
    /// The latest time that was read, so that a clock which is set back lets nothing live longer than another.
    now: Timestamp,
}

/// One event that is kept.
struct One {
    event: Arc<Event>,
    bytes: u64,
    since: Timestamp,
    /// The places of the quotas that select it.
    lanes: Box<[usize]>,
}

/// What one quota counts.
#[derive(Default)]
struct Lane {
    numbers: BTreeSet<u64>,
    /// The last that it has let go.
    floor: u64,
    let_go: u64,
}

impl Limited {
    pub(super) fn new(capacity: usize) -> Self {
        // So many ranges as there can be between what is kept, once more, and some for a small one.
        let gone = Gone::new(capacity.saturating_mul(2).saturating_add(4_096));
        let kept = Kept {
            events: BTreeMap::new(),
            lanes: Vec::new(),
            bytes: 0,
            end: 0,
            above: BTreeSet::new(),
            floor: 0,
            gone,
            let_go: 0,
            now: Timestamp::from_nanos(0),
        };
        Self {
            capacity,
            after: 0,
            bytes: None,
            age: None,
            quotas: Vec::new(),
            narrow_first: Vec::new(),
            clock: OnceLock::new(),
            kept: Mutex::new(kept),
            meetings: Mutex::default(),
        }
    }

    pub(super) fn add_quota(&mut self, pattern: Pattern, limit: usize) {
        self.quotas.push(Quota { pattern, limit });
        self.narrow_first = (0..self.quotas.len()).collect();
        self.narrow_first.sort_by_key(|at| self.quotas[*at].limit);
        lock(&self.kept).lanes.push(Lane::default());
    }

    pub(super) fn set_clock(&self, clock: &BusClock) {
        // A ring has one bus; of a second one the clock does not count.
        let _ = self.clock.set(clock.clone());
    }

    /// What is read only by a ring that lets go by age.
    fn now(&self) -> Timestamp {
        match self.age {
            Some(_) => self.clock.get_or_init(BusClock::default).now(),
            None => Timestamp::from_nanos(0),
        }
    }

    /// What it keeps comes after this number.
    pub(super) fn begin_after(&mut self, sequence: u64) {
        self.after = sequence;
        let mut kept = lock(&self.kept);
        (kept.end, kept.floor) = (sequence, sequence);
    }

    /// No event has that number.
    pub(super) fn skip(&self, sequence: u64) -> Evicted {
        lock(&self.kept).arrive(sequence, self.patience());
        Evicted::default()
    }

    /// How many may come before one that is missing, until it is not waited for.
    fn patience(&self) -> usize {
        self.capacity.max(4_096)
    }

    pub(super) fn record(&self, sequence: u64, event: Arc<Event>) -> Evicted {
        let selecting =
            |(at, quota): (usize, &Quota)| quota.pattern.matches(event.topic()).then_some(at);
        let lanes = self.quotas.iter().enumerate().filter_map(selecting).collect();
        let bytes = if self.bytes.is_some() { weight(&event) } else { 0 };
        let now = self.now();
        let mut leaving = Vec::new();
        let mut kept = lock(&self.kept);
        kept.now = kept.now.max(now);
        let since = kept.now;
        kept.add(sequence, One { event, bytes, since, lanes }, &mut leaving);
        kept.shrink(self, &mut leaving);
        kept.arrive(sequence, self.patience());
        drop(kept);
        Evicted::from(leaving)
    }

    pub(super) fn readable(&self) -> Option<RangeInclusive<u64>> {
        let (now, mut leaving) = (self.now(), Vec::new());
        let mut kept = lock(&self.kept);
        kept.now = kept.now.max(now);
        kept.shrink(self, &mut leaving);
        let end = kept.end;
        let oldest = kept.events.first_key_value().map_or(end + 1, |(oldest, _)| *oldest);
        drop(kept);
        each_quietly(leaving);
        (end > self.after).then_some(oldest.min(end + 1)..=end)
    }

    pub(super) fn read(&self, range: RangeInclusive<u64>, events: &mut Vec<Arc<Event>>) {
        let (mut from, to) = range.into_inner();
        // A page at a time, so that no publisher waits for more.
        let page = usize::try_from(PAGE).unwrap_or(usize::MAX);
        loop {
            let kept = lock(&self.kept);
            let to = to.min(kept.end);
            if from > to {
                return;
            }
            let before = events.len();
            let some = kept.events.range(from..=to).take(page);
            events.extend(some.map(|(_, one)| Arc::clone(&one.event)));
            drop(kept);
            let last = events.last().and_then(|event| event.sequence());
            match last.filter(|_| events.len() - before == page) {
                Some(last) => from = last + 1,
                None => return,
            }
        }
    }

    pub(super) fn lost(
        &self,
        gap: RangeInclusive<u64>,
        by: &Pattern,
    ) -> Option<RangeInclusive<u64>> {
        let meets: Vec<_> = (0..self.quotas.len()).map(|at| self.meets(at, by)).collect();
        let counts = |cause| match cause {
            Cause::Quota(at) => meets.get(at).copied().unwrap_or(true),
            Cause::Bounds => true,
        };
        lock(&self.kept).lost(gap, counts)
    }

    /// Whether the quota in that place may let go of what a pattern selects. It is worked out under no lock, and once.
    fn meets(&self, at: usize, by: &Pattern) -> bool {
        let key = (at, Box::from(by.as_str()));
        if let Some(meets) = lock(&self.meetings).get(&key) {
            return *meets;
        }
        // If it would take too long to tell, they may.
        let meets = self.quotas[at].pattern.intersects(by).map_or(true, |topic| topic.is_some());
        let mut meetings = lock(&self.meetings);
        if meetings.len() >= MEETINGS {
            meetings.clear();
        }
        meetings.insert(key, meets);
        meets
    }

    /// The numbers that are kept: others may be far between.
    pub(super) fn numbers(
        &self,
        range: RangeInclusive<u64>,
        direction: Direction,
    ) -> impl Iterator<Item = u64> + '_ {
        let (mut from, mut above) = (*range.start(), range.end().saturating_add(1));
        std::iter::from_fn(move || {
            if from >= above {
                return None;
            }
            let kept = lock(&self.kept);
            let mut numbers = kept.events.range(from..above).map(|(number, _)| *number);
            match direction {
                Direction::Forwards => numbers.next().inspect(|number| from = number + 1),
                Direction::Backwards => numbers.next_back().inspect(|number| above = *number),
            }
        })
    }

    pub(super) fn report(&self) -> HistoryReport {
        let kept = lock(&self.kept);
        let count = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        let mut report = HistoryReport::default();
        (report.kept, report.let_go) = (count(kept.events.len()), kept.let_go);
        report.bytes = self.bytes.map(|_| kept.bytes);
        for (quota, lane) in self.quotas.iter().zip(&kept.lanes) {
            let (limit, held) = (count(quota.limit), count(lane.numbers.len()));
            report = report.with_quota(quota.pattern.as_str(), limit, held, lane.let_go);
        }
        report
    }

    pub(super) fn capacity(&self) -> usize {
        self.capacity
    }

    /// Takes all that is kept, to be dropped.
    pub(super) fn take(&self) -> impl Iterator<Item = Arc<Event>> {
        let events = std::mem::take(&mut lock(&self.kept).events);
        events.into_values().map(|one| one.event)
    }
}

impl Kept {
    /// Keeps an event, or gives it back at once: its place is gone already.
    fn add(&mut self, sequence: u64, one: One, leaving: &mut Vec<Arc<Event>>) {
        let quota = one.lanes.iter().find(|at| sequence <= self.lanes[**at].floor).copied();
        let cause = match quota {
            // Readers were told that it is gone. Nothing of its topic that is older may outlive it.
            _ if sequence <= self.end => {
                self.let_go += 1;
                self.let_go_of_topic(one.event.topic(), sequence, leaving);
                leaving.push(one.event);
                return;
            }
            _ if sequence <= self.floor => Cause::Bounds,
            Some(at) => Cause::Quota(at),
            None => {
                self.bytes += one.bytes;
                for at in &one.lanes {
                    self.lanes[*at].numbers.insert(sequence);
                }
                self.events.insert(sequence, one);
                return;
            }
        };
        self.note(sequence, cause);
        leaving.push(one.event);
    }

    /// Lets go of what is above the limits.
    fn shrink(&mut self, limits: &Limited, leaving: &mut Vec<Arc<Event>>) {
        for &at in &limits.narrow_first {
            while self.lanes[at].numbers.len() > limits.quotas[at].limit
                && let Some(oldest) = self.lanes[at].numbers.first().copied()
            {
                self.lanes[at].floor = oldest.max(self.lanes[at].floor);
                self.let_go(oldest, Cause::Quota(at), leaving);
            }
        }
        while let Some((oldest, one)) = self.events.first_key_value() {
            let too_many = self.events.len() > limits.capacity;
            let too_much = limits.bytes.is_some_and(|bytes| self.bytes > bytes);
            let too_old = limits.age.is_some_and(|age| self.now.since(one.since) > age);
            if !(too_many || too_much || too_old) {
                return;
            }
            let oldest = *oldest;
            self.floor = oldest.max(self.floor);
            self.let_go(oldest, Cause::Bounds, leaving);
        }
    }

    fn let_go(&mut self, number: u64, cause: Cause, leaving: &mut Vec<Arc<Event>>) {
        if let Some(one) = self.events.remove(&number) {
            self.bytes -= one.bytes;
            for at in &one.lanes {
                self.lanes[*at].numbers.remove(&number);
            }
            self.note(number, cause);
            leaving.push(one.event);
        }
    }

    fn note(&mut self, number: u64, cause: Cause) {
        self.let_go += 1;
        if let Cause::Quota(at) = cause {
            self.lanes[at].let_go += 1;
        }
        self.gone.add(number..=number, cause);
    }

    /// What is older of a topic than an event that came too late.
    fn let_go_of_topic(&mut self, topic: &Topic, below: u64, leaving: &mut Vec<Arc<Event>>) {
        let of_topic = self.events.range(..below).filter(|(_, one)| one.event.topic() == topic);
        for number in of_topic.map(|(number, _)| *number).collect::<Vec<_>>() {
            self.let_go(number, Cause::Bounds, leaving);
        }
    }

    /// A number has come. One that is a long way behind the others is not waited for.
    fn arrive(&mut self, sequence: u64, patience: usize) {
        if sequence > self.end {
            self.above.insert(sequence);
        }
        if self.above.len() > patience
            && let Some(next) = self.above.first().copied()
            && next > self.end + 1
        {
            self.gone.add(self.end + 1..=next - 1, Cause::Bounds);
            self.end = next - 1;
        }
        while self.above.first() == Some(&(self.end + 1)) {
            self.above.pop_first();
            self.end += 1;
        }
    }

    fn lost(
        &self,
        gap: RangeInclusive<u64>,
        counts: impl Fn(Cause) -> bool,
    ) -> Option<RangeInclusive<u64>> {
        let (mut from, to) = gap.into_inner();
        // Of what was let go long ago it is not known why: all of it that is not kept.
        let unknown = to.min(self.gone.known_from() - 1);
        if from <= unknown {
            let mut last = unknown;
            for number in self.events.range(from..=unknown).map(|(number, _)| *number) {
                if number > from {
                    last = number - 1;
                    break;
                }
                from += 1;
            }
            if from <= last {
                return Some(from..=last);
            }
        }
        if from > to { None } else { self.gone.first(from..=to, counts) }
    }
}

/// What the bus can tell of an event's size without asking its type: the envelope with the data in its place, and the text
/// and raw data that hang on it. What a typed value has elsewhere is not seen.
fn weight(event: &Event) -> u64 {
    // Beside the event stand two counts of owners.
    let mut bytes = size_of_val(event) + 2 * size_of::<usize>();
    bytes += event.topic().len() + event.source().map_or(0, str::len);
    bytes += event.data.raw().map_or(0, |raw| raw.bytes().len());
    let mut values: Vec<_> = event.metadata().iter().collect();
    bytes += values.iter().map(|(name, _)| name.len()).sum::<usize>();
    let mut values: Vec<_> = values.drain(..).map(|(_, value)| value).collect();
    while let Some(value) = values.pop() {
        bytes += size_of_val(value);
        match value {
            serde_json::Value::String(text) => bytes += text.len(),
            serde_json::Value::Array(all) => values.extend(all),
            serde_json::Value::Object(all) => {
                bytes += all.keys().map(String::len).sum::<usize>();
                values.extend(all.values());
            }
            _ => {}
        }
    }
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

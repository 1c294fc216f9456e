//! [`Consumer`]: how far somebody is in a stream, and what is given to him again.

use std::collections::BTreeMap;
use std::time::Duration;

use rem_core::Timestamp;

use super::stream::Stream;
use crate::transport::{Answer, ConsumerId, ConsumerSpec, Delivery, SubjectFilter, Ticket};

/// Who has less time to answer is given the same again and again.
const SHORTEST: Duration = Duration::from_millis(1);

pub(super) struct Consumer {
    /// In a ticket.
    name: Box<str>,
    pub(super) filters: Vec<SubjectFilter>,
    time_to_answer: Duration,
    in_flight: usize,
    /// What was never given begins here.
    next: u64,
    /// Given and not answered.
    open: BTreeMap<u64, Open>,
    /// The links that consume by it.
    pub(super) readers: Vec<(u64, ConsumerId)>,
    /// Whose turn it is among them.
    turn: usize,
}

struct Open {
    attempt: u64,
    /// When it is given again.
    due: Timestamp,
}

impl Consumer {
    pub(super) fn new(spec: ConsumerSpec, next: u64) -> Self {
        Self {
            name: format!("{} {}", spec.stream, spec.name).into(),
            filters: spec.filters,
            time_to_answer: spec.time_to_answer.max(SHORTEST),
            in_flight: spec.in_flight,
            next,
            open: BTreeMap::new(),
            readers: Vec::new(),
            turn: 0,
        }
    }

    /// The limits are those of who came last.
    pub(super) fn limits(&mut self, spec: &ConsumerSpec) {
        self.time_to_answer = spec.time_to_answer.max(SHORTEST);
        self.in_flight = spec.in_flight;
    }

    /// Up to which number all is answered.
    pub(super) fn handled(&self) -> u64 {
        self.open.keys().next().map_or(self.next, |first| *first) - 1
    }

    /// Nobody reads any more who is that link, by that name or by any.
    pub(super) fn forget(&mut self, link: u64, id: Option<ConsumerId>) {
        self.readers.retain(|(who, by)| *who != link || id.is_some_and(|id| id != *by));
    }

    /// When something is to be given again, as far as that link reads it.
    pub(super) fn due(&self, link: u64) -> Option<Timestamp> {
        let reads = self.readers.iter().any(|(who, _)| *who == link);
        self.open.values().map(|open| open.due).min().filter(|_| reads)
    }

    pub(super) fn answer(&mut self, sequence: u64, attempt: u64, answer: Answer, now: Timestamp) {
        let Some(open) = self.open.get_mut(&sequence) else { return };
        match answer {
            Answer::Handled | Answer::Never => drop(self.open.remove(&sequence)),
            // Of an attempt that is over they say nothing.
            _ if open.attempt != attempt => {}
            Answer::Again(time) => open.due = now + time,
            Answer::Working => open.due = now + self.time_to_answer,
        }
    }

    /// What is to be given now, and to which link, of those that are there.
    pub(super) fn give(
        stream: &mut Stream,
        name: &str,
        now: Timestamp,
        is_there: impl Fn(u64) -> bool,
    ) -> Vec<(u64, Delivery)> {
        let Some(mut consumer) = stream.consumers.remove(name) else { return Vec::new() };
        let given = consumer.given(stream, now, is_there);
        stream.consumers.insert(name.into(), consumer);
        given
    }

    fn given(
        &mut self,
        stream: &Stream,
        now: Timestamp,
        is_there: impl Fn(u64) -> bool,
    ) -> Vec<(u64, Delivery)> {
        let readers: Vec<_> =
            self.readers.iter().copied().filter(|(link, _)| is_there(*link)).collect();
        let mut given = Vec::new();
        if readers.is_empty() {
            return given;
        }
        // What the stream has let go cannot be given again.
        self.open.retain(|sequence, _| stream.kept(*sequence).is_some());
        let mut numbers: Vec<u64> =
            self.open.iter().filter(|(_, open)| open.due <= now).map(|(at, _)| *at).collect();
        let room = self.in_flight.saturating_sub(self.open.len());
        for _ in 0..room {
            let Some(found) = stream.next(self.next, &self.filters) else {
                self.next = self.next.max(stream.state().last + 1);
                break;
            };
            self.next = found.sequence + 1;
            numbers.push(found.sequence);
        }
        for sequence in numbers {
            let Some(kept) = stream.kept(sequence) else { continue };
            let open = self.open.entry(sequence).or_insert(Open { attempt: 0, due: now });
            open.attempt += 1;
            open.due = now + self.time_to_answer;
            let (link, id) = readers[self.turn % readers.len()];
            self.turn = self.turn.wrapping_add(1);
            let ticket = Ticket::new(format!("{} {sequence} {}", self.name, open.attempt));
            let delivery = Delivery::new(kept.parcel.clone(), id, sequence, kept.stored_at, ticket);
            // All that the stream has, whatever the filters: to count what they select would be to look at each.
            let after = if open.attempt > 1 { self.next } else { sequence + 1 };
            let behind = (stream.state().last + 1).saturating_sub(after);
            given.push((link, delivery.attempt(open.attempt).behind(behind)));
        }
        given
    }
}

/// The stream, the consumer, the number and the attempt that a ticket names.
pub(super) fn read(ticket: &Ticket) -> Option<(&str, &str, u64, u64)> {
    let mut words = ticket.as_str().split(' ');
    let found = (words.next()?, words.next()?, words.next()?, words.next()?);
    Some((found.0, found.1, found.2.parse().ok()?, found.3.parse().ok()?))
}

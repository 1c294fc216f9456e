//! [`Place`]: a stream of a clause's own, and two transports at it.

use std::time::{Duration, Instant};

use super::Venue;
use super::side::{Held, Side, parcel};
use crate::block::block_until;
use crate::transport::{
    Answer, ConsumerSpec, Consuming, Delivery, HistoryAsk, Incoming, Stored, StreamSpec,
    StreamState, Streams, SubjectFilter, TransportError,
};

/// How long a consumer has to answer where that is tried.
pub(super) const TIME_TO_ANSWER: Duration = Duration::from_millis(500);

/// Two transports, and a stream that no other clause and no other run of the contract knows.
pub(super) struct Place {
    pub(super) one: Side,
    pub(super) two: Side,
    pub(super) stream: String,
}

impl Place {
    /// `None` where the broker has no streams.
    pub(super) fn open(venue: &dyn Venue, clause: &str) -> Held<Option<Self>> {
        let (first, second) = (format!("{clause}-1"), format!("{clause}-2"));
        let (one, two) = (Side::connected(venue, &first)?, Side::connected(venue, &second)?);
        if !one.can.streams {
            return Ok(None);
        }
        let place = Self { one, two, stream: format!("{clause}_{:016x}", fastrand::u64(..)) };
        place.made(&place.spec()?)?;
        Ok(Some(place))
    }

    pub(super) fn spec(&self) -> Held<StreamSpec> {
        Ok(StreamSpec::new(&self.stream, [self.filter(">")?]).window(Duration::from_secs(120)))
    }

    pub(super) fn made(&self, spec: &StreamSpec) -> Held<StreamState> {
        let opened = self.one.wait("to open a stream", streams(&self.one)?.open(spec.clone()))?;
        opened.map_err(|error| format!("opening `{}` failed: {error}", spec.name))
    }

    pub(super) fn subject(&self, below: &str) -> String {
        format!("contract.{}.{below}", self.stream)
    }

    pub(super) fn filter(&self, below: &str) -> Held<SubjectFilter> {
        SubjectFilter::parse(self.subject(below)).map_err(|error| error.to_string())
    }

    /// Stored and acknowledged, by the first of the two.
    pub(super) fn store(&self, below: &str, body: &str, key: &str) -> Held<Stored> {
        let stored = self.try_store(&self.stream, &self.subject(below), body.as_bytes(), key)?;
        stored.map_err(|error| format!("storing `{below}` under `{key}` failed: {error}"))
    }

    pub(super) fn try_store(
        &self,
        stream: &str,
        subject: &str,
        body: &[u8],
        key: &str,
    ) -> Held<Result<Stored, TransportError>> {
        let taken = streams(&self.one)?.store(stream, parcel(subject, body)?, key);
        match self.one.wait("to store", taken)? {
            Ok(storing) => self.one.wait("for an acknowledgement", storing),
            Err(error) => Ok(Err(error)),
        }
    }

    /// So many, with their numbers as bodies.
    pub(super) fn fill(&self, numbers: std::ops::RangeInclusive<u32>) -> Held<()> {
        numbers.into_iter().try_for_each(|number| {
            let text = number.to_string();
            self.store("a", &text, &format!("key-{text}")).map(drop)
        })
    }

    pub(super) fn consumer(&self, name: &str) -> ConsumerSpec {
        ConsumerSpec::new(&self.stream, name)
    }

    pub(super) fn read(&self, ask: HistoryAsk) -> Held<crate::HistoryPage> {
        let read = self.two.wait("to read", streams(&self.two)?.read(ask))?;
        read.map_err(|error| format!("reading failed: {error}"))
    }
}

pub(super) fn streams(side: &Side) -> Held<&dyn Streams> {
    let said = || "it says that it has streams, and gives none".to_owned();
    side.transport.streams().ok_or_else(said)
}

pub(super) fn consume(side: &Side, spec: ConsumerSpec) -> Held<Consuming> {
    let begun = side.wait("to consume", streams(side)?.consume(spec))?;
    begun.map_err(|error| format!("consuming failed: {error}"))
}

pub(super) fn answer(side: &Side, delivery: &Delivery, answer: Answer) -> Held<()> {
    let given = side.wait("to answer", streams(side)?.answer(&delivery.ticket, answer))?;
    given.map_err(|error| format!("answering failed: {error}"))
}

pub(super) fn next(side: &Side) -> Held<Delivery> {
    match side.next("for a delivery")? {
        Incoming::Delivery(delivery) => Ok(*delivery),
        came => Err(format!("a delivery was to come, and {came:?} did")),
    }
}

/// So many, all answered as handled; their bodies.
pub(super) fn take(side: &Side, count: usize) -> Held<Vec<String>> {
    let mut bodies = Vec::new();
    for _ in 0..count {
        let delivery = next(side)?;
        answer(side, &delivery, Answer::Handled)?;
        bodies.push(body(&delivery));
    }
    Ok(bodies)
}

pub(super) fn body(delivery: &Delivery) -> String {
    String::from_utf8_lossy(delivery.parcel.body()).into_owned()
}

pub(super) fn numbers(range: std::ops::RangeInclusive<u32>) -> Vec<String> {
    range.map(|number| number.to_string()).collect()
}

pub(super) fn pause(time: Duration) {
    let never = std::future::pending::<()>();
    let _ = block_until(never, Instant::now().checked_add(time));
}

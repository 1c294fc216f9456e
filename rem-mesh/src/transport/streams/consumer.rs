//! [`ConsumerSpec`]: who consumes a stream; [`Delivery`]: what it is given; [`Answer`]: what it says to that.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use rem_core::Timestamp;

use super::super::{Parcel, SubjectFilter};
use super::StreamStart;

/// Who consumes a stream, and how: see [`Streams::consume`](super::Streams::consume).
///
/// There is no limit of attempts in it, on purpose: a broker that gives up says so to nobody. Who consumes counts the
/// [attempts](Delivery::attempt), and answers [`Answer::Never`] when there were enough.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConsumerSpec {
    /// The stream's name.
    pub stream: Box<str>,
    /// The consumer's, in the stream: 1 to 128 of `a` to `z`, `A` to `Z`, `0` to `9`, `-` and `_`. Under it the broker keeps
    /// how far it is.
    pub name: Box<str>,
    /// What it is given: a subject that one of these selects; with none, everything. A broker that has one filter for each
    /// consumer gives it what a wider one selects, and the transport leaves out the rest and says that it is handled.
    pub filters: Vec<SubjectFilter>,
    /// Where it begins, if it is new.
    pub start: StreamStart,
    /// How long it has to answer.
    pub time_to_answer: Duration,
    /// How many may be given and not answered, of all that consume by the name.
    pub in_flight: usize,
}

impl ConsumerSpec {
    /// Given everything from the first on, with 30 seconds to answer and 256 in flight.
    pub fn new(stream: &str, name: &str) -> Self {
        Self {
            stream: stream.into(),
            name: name.into(),
            filters: Vec::new(),
            start: StreamStart::First,
            time_to_answer: Duration::from_secs(30),
            in_flight: 256,
        }
    }

    /// Given what this selects too; unless told, everything.
    #[must_use]
    pub fn filter(mut self, filter: SubjectFilter) -> Self {
        self.filters.push(filter);
        self
    }

    /// Begins there, if it is new.
    #[must_use]
    pub fn from(mut self, start: StreamStart) -> Self {
        self.start = start;
        self
    }

    /// Has so long to answer.
    #[must_use]
    pub fn time_to_answer(mut self, time: Duration) -> Self {
        self.time_to_answer = time;
        self
    }

    /// May have so many in flight.
    #[must_use]
    pub fn in_flight(mut self, most: usize) -> Self {
        self.in_flight = most.max(1);
        self
    }
}

/// Names what a transport consumes, among those of the transport.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConsumerId(pub u64);

/// A consumer that has begun, or goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Consuming {
    /// Which deliveries are its.
    pub id: ConsumerId,
    /// Behind which number of the stream nothing was ever answered by it: all up to here that it selects is handled. What it
    /// would be given next has a higher one; if [`StreamState::first`](super::StreamState::first) is beyond the number that follows, what
    /// lies between is gone.
    pub handled: u64,
    /// It was not there before.
    pub is_new: bool,
}

impl Consuming {
    /// Of a consumer that goes on behind that number.
    pub fn new(id: ConsumerId, handled: u64, is_new: bool) -> Self {
        Self { id, handled, is_new }
    }
}

/// A parcel that a consumer is given, and has to answer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Delivery {
    /// As it was stored.
    pub parcel: Parcel,
    /// Whose it is.
    pub consumer: ConsumerId,
    /// Its number in the stream.
    pub sequence: u64,
    /// How often it was given by now, this time too: 1 for the first.
    pub attempt: u64,
    /// When the broker stored it, by its clock.
    pub stored_at: Timestamp,
    /// How many more, at most, the consumer is to be given behind it of what was stored when the broker gave this; `None` if it does not
    /// say.
    pub behind: Option<u64>,
    /// By which it is answered.
    pub ticket: Ticket,
}

impl Delivery {
    /// A first attempt.
    pub fn new(
        parcel: Parcel,
        consumer: ConsumerId,
        sequence: u64,
        stored_at: Timestamp,
        ticket: Ticket,
    ) -> Self {
        Self { parcel, consumer, sequence, attempt: 1, stored_at, behind: None, ticket }
    }

    /// How many more the consumer is to be given.
    #[must_use]
    pub fn behind(mut self, parcels: u64) -> Self {
        self.behind = Some(parcels);
        self
    }

    /// Which attempt it is.
    #[must_use]
    pub fn attempt(mut self, attempt: u64) -> Self {
        self.attempt = attempt;
        self
    }
}

/// Names a delivery towards the transport that gave it. What stands in it is the transport's own.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Ticket(Arc<str>);

impl Ticket {
    /// With what the transport has to know.
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// The same.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ticket({:?})", self.0)
    }
}

/// What a consumer says of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Answer {
    /// It is done, and need not come again.
    Handled,
    /// It failed, and is to come again after that time.
    Again(Duration),
    /// It is still being worked on: the time to answer begins anew.
    Working,
    /// It failed, and is not to come again.
    Never,
}

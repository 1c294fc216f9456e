//! [`StreamSpec`]: which stream there has to be; [`StreamState`]: what it is; [`StreamStart`]: a place in it.

use std::time::Duration;

use rem_core::Timestamp;

use super::super::SubjectFilter;

/// Which stream there has to be: see [`Streams::open`](super::Streams::open).
///
/// ```
/// use std::time::Duration;
///
/// use rem_mesh::{StreamSpec, SubjectFilter};
///
/// let spec = StreamSpec::new("rem_main", [SubjectFilter::parse("rem.main.>")?])
///     .parcels(1_000_000)
///     .age(Duration::from_secs(7 * 24 * 3_600))
///     .window(Duration::from_secs(600));
/// assert_eq!(spec.parcels, Some(1_000_000));
/// # Ok::<(), rem_mesh::SubjectError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StreamSpec {
    /// Its name: 1 to 128 of `a` to `z`, `A` to `Z`, `0` to `9`, `-` and `_`.
    pub name: Box<str>,
    /// What it keeps: a subject that one of these selects. No two streams of a broker may select one subject.
    pub subjects: Vec<SubjectFilter>,
    /// How many parcels it keeps at most, if it is new; the oldest go. `None` for no limit.
    pub parcels: Option<u64>,
    /// How many bytes it keeps at most, if it is new, headers and bodies and what the broker needs beside them. `None` for no limit.
    pub bytes: Option<u64>,
    /// How long it keeps a parcel, if it is new. `None` for no limit.
    pub age: Option<Duration>,
    /// For how long a key is known at least.
    pub window: Duration,
    /// On how many servers it is kept, if it is new: a parcel is acknowledged when most of them have it.
    pub replicas: usize,
}

impl StreamSpec {
    /// Of those subjects, without limits, on one server; a key is known for two minutes.
    pub fn new(name: &str, subjects: impl IntoIterator<Item = SubjectFilter>) -> Self {
        Self {
            name: name.into(),
            subjects: subjects.into_iter().collect(),
            parcels: None,
            bytes: None,
            age: None,
            window: Duration::from_secs(120),
            replicas: 1,
        }
    }

    /// Keeps so many parcels at most.
    #[must_use]
    pub fn parcels(mut self, most: u64) -> Self {
        self.parcels = Some(most.max(1));
        self
    }

    /// Keeps so many bytes at most.
    #[must_use]
    pub fn bytes(mut self, most: u64) -> Self {
        self.bytes = Some(most.max(1));
        self
    }

    /// Keeps a parcel so long at most.
    #[must_use]
    pub fn age(mut self, most: Duration) -> Self {
        self.age = Some(most);
        self
    }

    /// Knows a key for so long.
    #[must_use]
    pub fn window(mut self, time: Duration) -> Self {
        self.window = time;
        self
    }

    /// Is kept on so many servers.
    #[must_use]
    pub fn replicas(mut self, servers: usize) -> Self {
        self.replicas = servers.max(1);
        self
    }
}

/// What a stream is, and what it keeps now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct StreamState {
    /// The smallest number that it keeps: what is below it is gone. Of an empty stream, the number of the next parcel.
    pub first: u64,
    /// The number of the last parcel that was stored, kept or not; 0 if none ever was.
    pub last: u64,
    /// How many parcels it keeps.
    pub count: u64,
    /// For how long a key is known.
    pub window: Duration,
    /// On how many servers it is kept.
    pub replicas: usize,
}

impl StreamState {
    /// Of a stream that keeps nothing yet, on one server.
    pub fn empty(window: Duration) -> Self {
        Self { first: 1, last: 0, count: 0, window, replicas: 1 }
    }

    /// Which numbers it keeps, from the first to the last, of how many parcels.
    #[must_use]
    pub fn keeps(mut self, first: u64, last: u64, count: u64) -> Self {
        (self.first, self.last, self.count) = (first, last, count);
        self
    }

    /// On how many servers.
    #[must_use]
    pub fn on(mut self, replicas: usize) -> Self {
        self.replicas = replicas;
        self
    }
}

/// A place in a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum StreamStart {
    /// The first parcel that it keeps.
    #[default]
    First,
    /// The last parcel that is stored already, of those that are selected; the next if there is none.
    Last,
    /// What is stored from now on.
    New,
    /// That number; the first parcel behind it that is kept, if that is gone.
    Sequence(u64),
    /// The first parcel that the broker stored at that time or later, by its clock.
    Time(Timestamp),
}

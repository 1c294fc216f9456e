//! [`HistoryAsk`] and [`HistoryPage`]: what a stream keeps, read in pages.

use rem_core::Timestamp;

use super::super::{Parcel, SubjectFilter};
use super::{StreamStart, StreamState};

/// What is to be read of a stream: see [`Streams::read`](super::Streams::read).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HistoryAsk {
    /// The stream's name.
    pub stream: Box<str>,
    /// What is wanted: a subject that one of these selects; with none, everything.
    pub filters: Vec<SubjectFilter>,
    /// From where on.
    pub from: StreamStart,
    /// How many parcels at most, one at least.
    pub most: usize,
}

impl HistoryAsk {
    /// Everything from there on, at most 256 parcels at a time.
    pub fn new(stream: &str, from: StreamStart) -> Self {
        Self { stream: stream.into(), filters: Vec::new(), from, most: 256 }
    }

    /// What this selects too; unless told, everything.
    #[must_use]
    pub fn filter(mut self, filter: SubjectFilter) -> Self {
        self.filters.push(filter);
        self
    }

    /// So many at most.
    #[must_use]
    pub fn most(mut self, parcels: usize) -> Self {
        self.most = parcels.max(1);
        self
    }
}

/// A parcel that a stream keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoredParcel {
    /// Its number in the stream.
    pub sequence: u64,
    /// When the broker stored it, by its clock.
    pub stored_at: Timestamp,
    /// As it was stored.
    pub parcel: Parcel,
}

impl StoredParcel {
    /// Of that number and time.
    pub fn new(sequence: u64, stored_at: Timestamp, parcel: Parcel) -> Self {
        Self { sequence, stored_at, parcel }
    }
}

/// A page of what a stream keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HistoryPage {
    /// In the order of their numbers.
    pub parcels: Vec<StoredParcel>,
    /// Where to go on, by [`StreamStart::Sequence`]; `None` if nothing more was stored when this was read.
    pub next: Option<u64>,
    /// What the stream kept then. If its first number is higher than the one that was asked for, what lies between is gone.
    pub state: StreamState,
}

impl HistoryPage {
    /// With what was found.
    pub fn new(parcels: Vec<StoredParcel>, next: Option<u64>, state: StreamState) -> Self {
        Self { parcels, next, state }
    }
}

//! [`Start`]: where in the past a subscription begins.

use crate::clock::Timestamp;

/// Where in the bus's history a subscription begins. From there it goes on without a gap and without a repeat: first what
/// is past, oldest first, then what is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Start {
    /// With what is published from now on.
    #[default]
    Latest,
    /// With the oldest event that is kept.
    Earliest,
    /// With the event of this sequence number.
    Sequence(u64),
    /// With the first event that happened at this time or later.
    Time(Timestamp),
    /// With the newest so many that it selects.
    Last(usize),
    /// With the newest of each topic that it selects: see [`Bus::latest`](crate::Bus::latest).
    LastPerTopic,
}

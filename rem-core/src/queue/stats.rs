//! [`QueueStats`]: the account of a queue.

/// What became of the events that a queue was given: each is counted in one of these.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct QueueStats {
    /// They wait to be read.
    pub waiting: usize,
    /// The reader has them.
    pub delivered: u64,
    /// They were lost, as [`Lagged`](super::Lagged) says or will say.
    pub dropped: u64,
    /// A newer event of the same key took their place.
    pub replaced: u64,
    /// They were there when the reader went, or had as many as it was to have, and go unread.
    pub unread: u64,
}

//! [`HistoryReport`]: what a history keeps and has let go, told.

use std::fmt;
use std::ops::RangeInclusive;

/// What a history keeps, and what it has let go since it was made.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct HistoryReport {
    /// How many events it keeps.
    pub kept: u64,
    /// How many it has let go, by whatever limit.
    pub let_go: u64,
    /// The bytes that it counts for those it keeps, if it is bounded by bytes.
    pub bytes: Option<u64>,
    /// Its quotas, in the order in which they were given.
    pub quotas: Vec<QuotaReport>,
}

/// What became of the events of one quota: see [`Ring::quota`](crate::Ring::quota).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct QuotaReport {
    /// What it selects.
    pub pattern: Box<str>,
    /// How many of these are kept at most.
    pub limit: u64,
    /// How many are kept.
    pub kept: u64,
    /// How many this quota has let go. What another limit let go is not among them.
    pub let_go: u64,
}

impl HistoryReport {
    /// Of a history without quotas, of which this can be read.
    pub fn of(readable: Option<&RangeInclusive<u64>>) -> Self {
        let Some(readable) = readable else { return Self::default() };
        let kept = (readable.end() + 1).saturating_sub(*readable.start());
        Self { kept, let_go: readable.end() - kept, bytes: None, quotas: Vec::new() }
    }

    /// The same with what is counted in bytes.
    #[must_use]
    pub fn with_bytes(mut self, bytes: u64) -> Self {
        self.bytes = Some(bytes);
        self
    }

    /// The same with a quota more.
    #[must_use]
    pub fn with_quota(mut self, pattern: &str, limit: u64, kept: u64, let_go: u64) -> Self {
        self.quotas.push(QuotaReport { pattern: pattern.into(), limit, kept, let_go });
        self
    }
}

/// One line: `3 events kept, 7 let go; of metrics.** 1 of 1 kept, 6 let go`.
impl fmt::Display for HistoryReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} events kept", self.kept)?;
        if let Some(bytes) = self.bytes {
            write!(f, " of {bytes} bytes")?;
        }
        write!(f, ", {} let go", self.let_go)?;
        self.quotas.iter().try_for_each(|quota| write!(f, "; {quota}"))
    }
}

impl fmt::Display for QuotaReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pattern, limit, kept, let_go } = self;
        write!(f, "of {pattern} {kept} of {limit} kept, {let_go} let go")
    }
}

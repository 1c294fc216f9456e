//! [`PartitionerStats`], [`PartitionerReport`]: what a partitioner did.

use std::fmt;

use crate::error::{Refusal, UnitError};
use crate::flow::Flow;

/// How many units a partitioner has and had, at one moment: `came` is the sum of `completed`, `failed`, `skipped`, `cancelled`,
/// `refused` and `open`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PartitionerStats {
    /// Events `task.created` and `task.created.local` that came.
    pub came: u64,
    /// Units that did what they were to do.
    pub completed: u64,
    /// Units that failed at their last attempt.
    pub failed: u64,
    /// Units that were not run, because one that they waited for failed or was refused.
    pub skipped: u64,
    /// Units that were cancelled, by themselves or with one that they waited for.
    pub cancelled: u64,
    /// Units that were not taken, or held for too long.
    pub refused: u64,
    /// Units that have not ended.
    pub open: u64,
    /// Of these, those that wait for what is unknown.
    pub held: u64,
    /// Units that have ended and are remembered.
    pub remembered: u64,
    /// Events of the partitioner's own that the bus did not take.
    pub events_lost: u64,
}

impl PartitionerStats {
    pub(super) fn of(flow: &Flow) -> Self {
        let numbers = flow.units.step(|units| units.numbers());
        let [completed, failed, skipped, cancelled, refused] = numbers.ends;
        Self {
            came: numbers.came,
            completed,
            failed,
            skipped,
            cancelled,
            refused,
            open: numbers.open as u64,
            held: numbers.held as u64,
            remembered: numbers.remembered as u64,
            events_lost: flow.watch.lost(),
        }
    }
}

impl fmt::Display for PartitionerStats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} came, {} completed, {} failed, {} were skipped, {} cancelled and {} refused",
            self.came, self.completed, self.failed, self.skipped, self.cancelled, self.refused
        )?;
        match self.open {
            0 => Ok(()),
            open => write!(f, "; {open} are open"),
        }
    }
}

/// What became of the units of a partitioner that was closed: see
/// [`EventDrivenPartitioner::close`](crate::EventDrivenPartitioner::close).
#[derive(Debug, Clone)]
pub struct PartitionerReport {
    stats: PartitionerStats,
    cut_short: usize,
    failures: Vec<UnitError>,
    refusals: Vec<Refusal>,
}

impl PartitionerReport {
    pub(super) fn of(flow: &Flow, cut_short: usize) -> Self {
        Self {
            stats: PartitionerStats::of(flow),
            cut_short,
            failures: flow.log.failures(),
            refusals: flow.log.refusals(),
        }
    }

    /// `true` if all that had come was run to its end, and nothing was cancelled for the limit's sake.
    pub fn is_complete(&self) -> bool {
        self.cut_short == 0 && self.stats.open == 0
    }

    /// How many units had to be cancelled when the limit came, not counting those that waited for them.
    pub fn cut_short(&self) -> usize {
        self.cut_short
    }

    /// How many units came to which end.
    pub fn stats(&self) -> PartitionerStats {
        self.stats
    }

    /// The errors of the units that failed last, up to 100.
    pub fn failures(&self) -> &[UnitError] {
        &self.failures
    }

    /// Why units were refused last, up to 100.
    pub fn refusals(&self) -> &[Refusal] {
        &self.refusals
    }
}

impl fmt::Display for PartitionerReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "closed: {}", self.stats)?;
        match self.cut_short {
            0 => Ok(()),
            units => write!(f, "; {units} of them had to be cancelled when the limit came"),
        }
    }
}

//! [`TaskEvent`]: what becomes of units, as events.

use rem_macros::EventType;
use serde::{Deserialize, Serialize};

use crate::error::{RefusalKind, UnitErrorKind};

/// What becomes of units of work: `task.started`, `task.completed` and so on. A [`Runner`](crate::Runner) that is told to
/// [watch](crate::Runner::watch) publishes them, and so does an [`EventDrivenPartitioner`](crate::EventDrivenPartitioner).
///
/// Who begins is caused by what let it begin: the completion of the last unit that it waited for. What becomes of it is caused
/// by its beginning, and those who are skipped by the failure.
#[derive(EventType, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[event(crate = rem_core, namespace = "task")]
pub enum TaskEvent {
    /// An attempt at a unit begins.
    Started {
        /// Its name.
        unit: String,
        /// Which attempt, from 1 on.
        attempt: u32,
        /// Why the attempt before failed, if there was one.
        error: Option<String>,
    },
    /// A unit says how far it has come: once for each percent at the most.
    Progressed {
        /// Its name.
        unit: String,
        /// Which attempt, from 1 on.
        attempt: u32,
        /// So much is done,
        done: u64,
        /// of so much.
        total: u64,
    },
    /// A unit has completed; those that wait for it alone begin after this.
    Completed {
        /// Its name.
        unit: String,
        /// How many attempts there were.
        attempts: u32,
        /// How long the last attempt took, in microseconds.
        micros: u64,
    },
    /// A unit failed at its last attempt.
    Failed {
        /// Its name.
        unit: String,
        /// How many attempts there were.
        attempts: u32,
        /// Why.
        kind: UnitErrorKind,
        /// The same as text.
        error: String,
    },
    /// A unit is not run, because one that it waits for, by itself or by others, failed or was refused.
    Skipped {
        /// Its name.
        unit: String,
        /// The unit that failed or was refused.
        because: String,
    },
    /// A unit was cancelled before it completed.
    Cancelled {
        /// Its name.
        unit: String,
        /// The unit that it waits for, by itself or by others, and that was cancelled; `None` if it was meant itself.
        because: Option<String>,
    },
    /// A unit of an [`EventDrivenPartitioner`](crate::EventDrivenPartitioner) waits for units that have not come yet.
    Held {
        /// Its name.
        unit: String,
        /// The names of those.
        waits_for: Vec<String>,
    },
    /// A unit is not taken by an [`EventDrivenPartitioner`](crate::EventDrivenPartitioner), or was held for too long.
    Refused {
        /// Its name.
        unit: String,
        /// Why.
        kind: RefusalKind,
        /// The units that it is about: those of a cycle, each of which waits for the next and the last for the first, or those
        /// that are not there.
        units: Vec<String>,
        /// Why, as text that says how to mend it.
        error: String,
    },
}

impl TaskEvent {
    /// The name of the unit.
    pub fn unit(&self) -> &str {
        match self {
            Self::Started { unit, .. }
            | Self::Progressed { unit, .. }
            | Self::Completed { unit, .. }
            | Self::Failed { unit, .. }
            | Self::Skipped { unit, .. }
            | Self::Cancelled { unit, .. }
            | Self::Held { unit, .. }
            | Self::Refused { unit, .. } => unit,
        }
    }
}

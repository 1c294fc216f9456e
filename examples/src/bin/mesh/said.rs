//! [`Said`]: what a process says to the one that started it, a line each; [`Totals`]: what it has counted.

use std::collections::BTreeMap;
use std::io::{self, Write};

use rem_examples::flights::FlightEvent;
use serde::{Deserialize, Serialize};

/// How many flights go by between two lines.
pub(crate) const OFTEN: u64 = 250;

/// A line of JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Said {
    /// So many flights were published, or came.
    Flights(u64),
    /// So many notices came.
    Notices(u64),
    /// All that there was, at the end.
    Ended(Totals),
}

impl Said {
    /// Says it, at once.
    pub(crate) fn say(&self) -> io::Result<()> {
        let mut out = io::stdout().lock();
        writeln!(out, "{}", serde_json::to_string(self)?)?;
        out.flush()
    }

    /// The same now and then.
    pub(crate) fn now_and_then(of: fn(u64) -> Self, count: u64) -> io::Result<()> {
        if count.is_multiple_of(OFTEN) { of(count).say() } else { Ok(()) }
    }
}

/// Flights by what became of them, and the minutes that they were late, which no two wrong counts would agree on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Totals {
    pub(crate) by_kind: BTreeMap<String, u64>,
    pub(crate) minutes: i64,
    /// Flights of which there is a notice.
    pub(crate) notices: u64,
    /// Notices that came again for one of which there was one.
    pub(crate) again: u64,
}

impl Totals {
    pub(crate) fn add(&mut self, event: &FlightEvent) {
        let kind = match event {
            FlightEvent::Departed { .. } => "departed",
            FlightEvent::Arrived { .. } => "arrived",
            FlightEvent::Cancelled { .. } => "called off",
        };
        *self.by_kind.entry(kind.to_owned()).or_default() += 1;
        self.minutes += event.delay().map_or(0, i64::from);
    }

    pub(crate) fn of(&self, kind: &str) -> u64 {
        self.by_kind.get(kind).copied().unwrap_or_default()
    }

    pub(crate) fn flights(&self) -> u64 {
        self.by_kind.values().sum()
    }
}

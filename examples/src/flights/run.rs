//! [`run`]: every row of a file through the bus, and an account of each.

use std::error::Error;
use std::fmt;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use rem::Timestamp;
use rem::prelude::*;

use super::{Airspace, Desks, Fate, FileError, FlightEvent, Rows};

/// How many rows that did not get through are told one by one.
const NOTES: usize = 20;

/// What to run, and how.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The file.
    pub path: PathBuf,
    /// How many events the history keeps.
    pub history: usize,
    /// How many rows to read; all of them unless told.
    pub limit: Option<u64>,
    /// How many events a second; as many as it can unless told.
    pub pace: Option<NonZeroU32>,
}

/// How far a run has come.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    /// Rows read.
    pub rows: u64,
    /// Bytes read of the file, as it lies on the disk.
    pub bytes: u64,
    /// How many there are.
    pub size: u64,
    /// When the event published last happened.
    pub time: Timestamp,
}

/// A run that has come to its end.
#[derive(Debug)]
pub struct Run {
    /// What became of the rows.
    pub tally: Tally,
    /// What the desks counted.
    pub desks: Desks,
    /// The last twenty cancellations at Newark that the history had, oldest first.
    pub cancelled_at_ewr: Vec<Arc<Event<FlightEvent>>>,
    /// How long it took, from the opening of the file.
    pub elapsed: Duration,
    /// Why the file was not read to its end, if it was not.
    pub damage: Option<FileError>,
}

/// What became of the rows: each is in one of `published`, `dropped` and `rejected`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Rows read.
    pub rows: u64,
    /// Rows that were published.
    pub published: u64,
    /// Rows that middleware stopped.
    pub dropped: u64,
    /// Rows of which no event could be made or published.
    pub rejected: u64,
    /// Calls of handlers: one event has as many as subscriptions want it.
    pub delivered: u64,
    /// Calls of handlers that failed.
    pub failed: u64,
    /// The first twenty rows that were dropped or rejected.
    pub notes: Vec<Note>,
}

/// A row that did not get through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Its line in the file, from 1; the header is line 1.
    pub line: u64,
    /// What became of it, and why.
    pub text: String,
}

impl Tally {
    /// Counts a row that was read.
    pub fn count(&mut self, line: u64, fate: Fate) {
        self.rows += 1;
        match fate {
            Fate::Published(receipt) => {
                self.published += 1;
                self.delivered += receipt.delivered() as u64;
                self.failed += receipt.failed() as u64;
            }
            Fate::Dropped { by, reason } => {
                self.dropped += 1;
                self.note(line, || format!("dropped by `{by}`: {reason}"));
            }
            Fate::Rejected(reason) => {
                self.rejected += 1;
                self.note(line, || format!("rejected: {reason}"));
            }
        }
    }

    fn note(&mut self, line: u64, text: impl FnOnce() -> String) {
        if self.notes.len() < NOTES {
            self.notes.push(Note { line, text: text() });
        }
    }

    /// `true` if every row that was read is accounted for.
    pub fn is_complete(&self) -> bool {
        self.rows == self.published + self.dropped + self.rejected
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.text)
    }
}

/// Runs a file through the bus. `watch` is called often, a bar's worth.
///
/// A file that is damaged in the middle still gives a [`Run`], of what was read up to there, which says so.
///
/// # Errors
/// A file that cannot be opened or is of another form.
pub fn run(settings: &Settings, watch: impl FnMut(Progress)) -> Result<Run, Box<dyn Error>> {
    run_in(&mut Airspace::new(settings.history)?, settings, watch)
}

/// The same in an airspace that outlives the run, to be looked at.
///
/// # Errors
/// As for [`run`](fn@run).
pub fn run_in(
    airspace: &mut Airspace,
    settings: &Settings,
    mut watch: impl FnMut(Progress),
) -> Result<Run, Box<dyn Error>> {
    let begun = Instant::now();
    let mut rows = Rows::open(&settings.path)?;
    let desks = Desks::open(airspace.bus())?;
    let mut tally = Tally::default();
    let mut damage = None;
    let mut pacer = settings.pace.map(|rate| Pacer { rate, begun, events: 0 });
    // Looking is cheap, but not as cheap as an event; at a pace to be watched there is time for it.
    let often = if pacer.is_some() { 1 } else { 4_096 };
    let limit = settings.limit.unwrap_or(u64::MAX);
    while tally.rows < limit {
        let fate = match rows.next() {
            Ok(Some(Ok(row))) => {
                let time = row.time;
                if tally.rows.is_multiple_of(often) {
                    let (bytes, size) = (rows.position(), rows.size());
                    watch(Progress { rows: tally.rows, bytes, size, time });
                }
                if let Some(pacer) = &mut pacer {
                    pacer.wait();
                }
                airspace.publish(row)
            }
            Ok(Some(Err(error))) => Fate::Rejected(error.to_string().into()),
            Ok(None) => break,
            Err(error) => {
                damage = Some(error);
                break;
            }
        };
        tally.count(rows.line(), fate);
    }
    let cancelled_at_ewr = airspace.bus().query("flight.*.ewr.cancelled")?.last(20).of();
    Ok(Run { tally, desks, cancelled_at_ewr, elapsed: begun.elapsed(), damage })
}

/// Lets events go at a pace that can be watched.
struct Pacer {
    rate: NonZeroU32,
    begun: Instant,
    events: u32,
}

impl Pacer {
    fn wait(&mut self) {
        let due = Duration::from_secs(1) / self.rate.get() * self.events;
        let early = due.saturating_sub(self.begun.elapsed());
        // A sleep is never shorter than about a tenth of this: what is due sooner goes with the next.
        if early > Duration::from_millis(1) {
            thread::sleep(early);
        }
        self.events += 1;
        if self.events == self.rate.get() {
            // A second's worth is out; begin the next, so that no product grows with the file.
            self.begun += Duration::from_secs(1);
            self.events = 0;
        }
    }
}

impl Run {
    /// Events published a second.
    #[expect(clippy::cast_precision_loss, reason = "events are far below 2^52")]
    pub fn rate(&self) -> f64 {
        self.tally.published as f64 / self.elapsed.as_secs_f64().max(f64::EPSILON)
    }
}

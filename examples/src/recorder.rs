//! The flights into a journal, and on from where a crash left it: `cargo run --release --bin recorder`.
//!
//! [`record`] publishes what the journal does not have yet; [`count`] counts the same file without a bus, so that the two
//! can be compared.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rem::journal::Journal;
use rem::prelude::*;
use rem::{Start, Timestamp};

use crate::flights::{
    Airspace, CarrierTotals, Code, Fate, FileError, FlightEvent, Rows, Tally, carrier_of, defect,
};

/// What each carrier's flights did.
pub type Totals = BTreeMap<Code, CarrierTotals>;

/// The disk may be busy for so long before the recorder gives up.
const PATIENCE: Duration = Duration::from_secs(60);

/// What to record, and where.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The file of flights.
    pub path: PathBuf,
    /// The file of the journal.
    pub journal: PathBuf,
    /// How many rows to read; all of them unless told.
    pub limit: Option<u64>,
}

/// How far a recording has come.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    /// Events published by this process.
    pub published: u64,
    /// Rows read, those that were there already among them.
    pub rows: u64,
    /// Bytes read of the file, as it lies on the disk.
    pub bytes: u64,
    /// How many there are.
    pub size: u64,
    /// When the event published last happened.
    pub time: Timestamp,
}

/// A recording that has come to its end.
#[derive(Debug)]
pub struct Recording {
    /// How many events the journal had when it was opened.
    pub found: u64,
    /// What became of the rows behind those.
    pub tally: Tally,
    /// What a subscriber counted that began with the first event of the journal: past and live in one.
    pub totals: Totals,
    /// How long it took, from the opening of the journal.
    pub elapsed: Duration,
}

/// Records the flights of a file, from where the journal ends. `watch` is called after each event that is published.
///
/// The journal has one event a row, in their order, so that how many it has says where to go on. When this returns all of
/// them are on the disk.
///
/// # Errors
/// A file that cannot be opened or read to its end, a journal that another has open or that is damaged, a disk that refuses.
pub fn record(
    settings: &Settings,
    mut watch: impl FnMut(Progress),
) -> Result<Recording, Box<dyn Error>> {
    let begun = Instant::now();
    let mut rows = Rows::open(&settings.path)?;
    // Every 10 ms, as it is unless told: a crash loses no more, and the file still has it.
    let journal = Journal::builder().patience(PATIENCE).open(&settings.journal)?;
    let found = journal.handle().stats().stored.events;
    let mut airspace = Airspace::on(Bus::builder().history(journal).build())?;

    let totals = Arc::new(Mutex::new(Totals::new()));
    let counted = Arc::clone(&totals);
    let count = move |event: &Event<FlightEvent>| {
        let mut totals = counted.lock().unwrap_or_else(PoisonError::into_inner);
        totals.entry(carrier_of(event)).or_default().add(&event.data);
    };
    // Who begins in the past is called with it before this returns, and then with each event as it is published.
    let counting = airspace.bus().subscription("flight.**").from(Start::Earliest).inline(count)?;

    let (mut there, mut tally) = (0, Tally::default());
    let mut last = None;
    for read in 0..settings.limit.unwrap_or(u64::MAX) {
        let Some(row) = rows.next()? else { break };
        let fate = match row {
            Ok(row) if there < found && defect(&row.event).is_none() => {
                there += 1;
                continue;
            }
            // It made no event the last time either.
            _ if there < found => continue,
            Ok(row) => {
                let time = row.time;
                let fate = airspace.publish(row);
                match &fate {
                    Fate::Published(receipt) => {
                        last = Some(receipt.clone());
                        let (bytes, size) = (rows.position(), rows.size());
                        let published = tally.published + 1;
                        watch(Progress { published, rows: read + 1, bytes, size, time });
                    }
                    Fate::Dropped { .. } => {}
                    // A row that is left out would be missing for good: the next recording goes on behind the last.
                    Fate::Rejected(why) => return Err(why.to_string().into()),
                }
                fate
            }
            Err(error) => Fate::Rejected(error.to_string().into()),
        };
        tally.count(rows.line(), fate);
    }
    if let Some(receipt) = last {
        receipt.durable().wait(PATIENCE)?;
    }
    drop(counting);
    let totals = totals.lock().unwrap_or_else(PoisonError::into_inner).clone();
    Ok(Recording { found, tally, totals, elapsed: begun.elapsed() })
}

/// Counts the flights of a file by a plain loop, without a bus: what a recording of it should have come to.
///
/// # Errors
/// A file that cannot be opened or read to its end.
pub fn count(path: &Path, limit: Option<u64>) -> Result<Totals, FileError> {
    let mut rows = Rows::open(path)?;
    let mut totals = Totals::new();
    for _ in 0..limit.unwrap_or(u64::MAX) {
        match rows.next()? {
            Some(Ok(row)) if defect(&row.event).is_none() => {
                totals.entry(row.carrier).or_default().add(&row.event);
            }
            Some(_) => {}
            None => break,
        }
    }
    Ok(totals)
}

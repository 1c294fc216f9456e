//! A year of flights through the bus: `cargo run --release --bin flights`.
//!
//! [`Rows`] reads the file; [`Airspace`] gives each carrier a child bus, on which it publishes its own
//! [`FlightEvent`]s; [`Desks`] subscribe on the root bus, by type and by glob; [`run`](fn@run) joins
//! them and says what became of every row.

mod code;
mod event;
mod file;
mod row;
mod check;
mod airspace;
mod desks;
mod clock;
mod run;
mod report;
mod chart;
mod names;

pub use airspace::{Airspace, Fate};
pub use chart::heat_map;
pub use check::{Defect, check, defect};
pub use clock::{hour_in_new_york, scheduled};
pub use code::{Code, NotACode};
pub use desks::{CarrierTotals, Delays, Desks, Mean, Movements, NEW_YORK, carrier_of};
pub use event::FlightEvent;
pub use file::{COLUMNS, FileError, MAX_LINE, Rows};
pub use names::carrier_name;
pub use report::{cancellations, carriers, delay_bars, summary, tables};
pub use row::{Row, RowError};
pub use run::{Note, Progress, Run, Settings, Tally, run, run_in};

/// The year 2013, as the repository carries it.
pub const YEAR: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data/flights-events.csv.gz");

//! You will see what a history adds up to: delays by carrier, departures of a day by airport, and a file for `DuckDB`.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "a program speaks in a terminal")]

use std::error::Error;
use std::fs::File;
use std::path::Path;
use std::time::Duration;

use rem::analysis::parquet::{Kind, Parquet};
use rem::analysis::{Analysis, Group};
use rem_examples::flights::{Airspace, Rows, YEAR};

/// How many rows of the year are read: a fortnight.
const ROWS: usize = 25_000;

fn main() -> Result<(), Box<dyn Error>> {
    let mut airspace = Airspace::new(ROWS)?;
    let mut rows = Rows::open(Path::new(YEAR))?;
    for _ in 0..ROWS {
        let Some(row) = rows.next()? else { break };
        airspace.publish(row?);
    }
    // The topics are `flight.<carrier>.<airport>.<what>`.
    let bus = airspace.bus();

    println!("Minutes of delay at departure, by carrier:\n");
    let departed = bus.query("flight.*.*.departed")?;
    let delays = Analysis::of("delay").by(Group::Segment(1)).percentiles([50.0, 95.0]);
    println!("{}\n", delays.run(departed.iter())?);

    println!("Departures of each day, by airport:\n");
    let day = Duration::from_secs(24 * 60 * 60);
    let days = Analysis::events().by(Group::Segment(2)).every(day);
    let days = days.run(departed.first(4_000).iter())?;
    println!("{days}\n");

    // `select topic, avg(delay) from 'rem-flights.parquet' group by topic` in DuckDB.
    let path = std::env::temp_dir().join(format!("rem-flights-{}.parquet", std::process::id()));
    let file = Parquet::new().column("delay", Kind::I64).column("tail", Kind::Text);
    let report = file.write(bus.query("**")?.iter(), File::create(&path)?)?;
    println!(
        "{} events, {} values that their columns do not hold",
        report.rows(),
        report.not_held()
    );
    println!("as a file of Parquet: {}", path.display());
    Ok(())
}

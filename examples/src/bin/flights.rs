//! A year of flights: you will see a progress bar, then what became of every row, a table of the
//! carriers, delays by hour, the last cancellations at Newark, and where the plot was written.
//!
//! `cargo run --release --bin flights`, and `-- --help` for what else it can do. To look into it while it runs:
//! `cargo run --release --features inspect --bin flights -- --inspect --pace 2000`.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program speaks in a terminal")]

use std::error::Error;
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Arg, ArgMatches, Command, value_parser};
#[cfg(feature = "inspect")]
use rem::{
    Bus,
    projections::{Projection, Projector},
};
use rem_examples::Bar;
use rem_examples::flights::{self, Airspace, Progress, Settings};

fn main() -> ExitCode {
    match go(&command().get_matches()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("flights: {error}");
            ExitCode::FAILURE
        }
    }
}

fn command() -> Command {
    let command = Command::new("flights")
        .about(
            "Runs a year of flights from New York through the bus: each carrier publishes on a bus of \
             its own, desks listen on the root, and a history keeps the newest events.",
        )
        .arg(
            Arg::new("FILE")
                .help("A file of flights, .csv or .csv.gz; the year 2013 unless told")
                .long_help(format!(
                    "A file of flights, gzipped or plain, with the columns {}. Without it, the year 2013, \
                     which the repository carries.",
                    flights::COLUMNS.join(",")
                ))
                .value_parser(value_parser!(PathBuf)),
        )
        .arg(
            option("svg", "PATH", "Where the plot is written")
                .default_value("target/flights.svg")
                .value_parser(value_parser!(PathBuf)),
        )
        .arg(
            option("pace", "N", "So many events a second, to be watched; as many as it can unless told")
                .value_parser(value_parser!(NonZeroU32)),
        )
        .arg(
            option("limit", "ROWS", "Ends after so many rows")
                .value_parser(value_parser!(u64)),
        )
        .arg(
            option("history", "N", "How many of the newest events are kept to be asked")
                .default_value("20000")
                .value_parser(value_parser!(NonZeroUsize)),
        )
        .after_help(
            "It ends with 1 if the file cannot be read to its end; what was read is told all the same.\n\
             To watch it: flights --pace 2000 --limit 60000",
        );
    #[cfg(feature = "inspect")]
    let command = command.arg(
        option("inspect", "ADDRESS", "Serves the inspector there, and stays until Ctrl-C")
            .num_args(0..=1)
            .default_missing_value("127.0.0.1:7878"),
    );
    command
}

fn option(name: &'static str, value: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).value_name(value).help(help)
}

fn go(found: &ArgMatches) -> Result<ExitCode, Box<dyn Error>> {
    let settings = Settings {
        path: found.get_one("FILE").cloned().unwrap_or_else(|| flights::YEAR.into()),
        history: found.get_one("history").copied().map_or(1, NonZeroUsize::get),
        limit: found.get_one("limit").copied(),
        pace: found.get_one("pace").copied(),
    };
    let bar = Bar::new()?;
    let mut airspace = Airspace::new(settings.history)?;
    #[cfg(feature = "inspect")]
    let inspector = inspect(found, &airspace)?;
    let run =
        flights::run_in(&mut airspace, &settings, |progress| show(&bar, &settings, progress))?;
    bar.end();

    println!("{}", flights::tables(&run));
    println!("{}", flights::delay_bars(&run));
    println!("{}", flights::cancellations(&run));
    println!("{}", flights::summary(&run));
    if let Some(svg) = found.get_one::<PathBuf>("svg") {
        match flights::heat_map(svg, &run.desks.delays()) {
            Ok(()) => println!("the plot is in {}", svg.display()),
            Err(error) => return Err(format!("no plot in {}: {error}", svg.display()).into()),
        }
    }
    if let Some(damage) = &run.damage {
        eprintln!("flights: {damage}");
    }
    #[cfg(feature = "inspect")]
    if let Some(inspector) = &inspector {
        println!("look at {} until Ctrl-C", inspector.url());
        loop {
            std::thread::park();
        }
    }
    let lost = run.damage.is_some() || run.tally.failed > 0 || !run.tally.is_complete();
    Ok(if lost { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Serves an inspector of the flights, if that is asked for: with the totals at any moment, and desks in sandboxes.
#[cfg(feature = "inspect")]
fn inspect(
    found: &ArgMatches,
    airspace: &Airspace,
) -> Result<Option<rem::inspector::Inspector>, Box<dyn Error>> {
    let Some(address) = found.get_one::<String>("inspect") else { return Ok(None) };
    let bus = airspace.bus();
    let totals = Projector::builder("totals").attach(bus, Totals::default())?;
    let builder = rem::inspector::Inspector::builder(bus)
        .title("flights")
        .projector(&totals)
        .sandbox(|sandbox: &Bus| flights::Desks::open(sandbox));
    let inspector = builder.serve(address.as_str())?;
    eprintln!("look at {}", inspector.url());
    Ok(Some(inspector))
}

/// What each carrier's flights did.
#[cfg(feature = "inspect")]
#[derive(Debug, Clone, Default, serde::Serialize)]
struct Totals(std::collections::BTreeMap<String, Total>);

#[cfg(feature = "inspect")]
#[derive(Debug, Clone, Default, serde::Serialize)]
struct Total {
    departed: u64,
    arrived: u64,
    cancelled: u64,
}

#[cfg(feature = "inspect")]
impl Projection for Totals {
    type Event = flights::FlightEvent;

    fn apply(&mut self, event: &rem::Event<flights::FlightEvent>) {
        let total = self.0.entry(flights::carrier_of(event).to_string()).or_default();
        match event.data {
            flights::FlightEvent::Departed { .. } => total.departed += 1,
            flights::FlightEvent::Arrived { .. } => total.arrived += 1,
            flights::FlightEvent::Cancelled { .. } => total.cancelled += 1,
        }
    }
}

/// With a limit the bar counts rows, without one the bytes of the file.
fn show(bar: &Bar, settings: &Settings, progress: Progress) {
    let Progress { rows, bytes, size, time } = progress;
    let (at, of) = settings.limit.map_or((bytes, size), |limit| (rows, limit));
    bar.show(at, of, time);
}

//! You will see a fortnight of flights cut into units of work while it is read: one for each carrier and day, as soon as the day is
//! over, one for the day, which waits for these, and a summary, which waits for all days; and what becomes of units that wait
//! for what nobody publishes.
//!
//! `-- --dot` and `-- --mermaid` print the units of two days as pictures.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "a program speaks in a terminal")]

use std::error::Error;
use std::path::Path;

use clap::{Arg, ArgAction, Command};
use rem_examples::flights::YEAR;
use rem_examples::jobs;

/// How many rows of the year are read: a fortnight, and two days for a picture that can be looked at.
const ROWS: usize = 25_000;
const FEW: usize = 2_900;

fn main() -> Result<(), Box<dyn Error>> {
    let flag = |name: &'static str, help: &'static str| {
        Arg::new(name).long(name).help(help).action(ArgAction::SetTrue)
    };
    let found = Command::new("20_partition")
        .about("Cuts a fortnight of flights into units of work while it is read.")
        .arg(flag("dot", "Prints the units of two days in the language of Graphviz"))
        .arg(flag("mermaid", "Prints the units of two days in the language of Mermaid"))
        .get_matches();
    if found.get_flag("dot") || found.get_flag("mermaid") {
        let outcome = jobs::run(Path::new(YEAR), FEW, 2)?;
        print!("{}", if found.get_flag("dot") { outcome.dot } else { outcome.mermaid });
        return Ok(());
    }

    let outcome = jobs::run(Path::new(YEAR), ROWS, 2)?;
    println!("day          left   came   off   mean delay");
    for (day, sums) in &outcome.days {
        println!(
            "{day}  {:5}  {:5}  {:4}  {:6.1} min",
            sums.departed,
            sums.arrived,
            sums.cancelled,
            sums.mean_delay()
        );
    }
    println!("{}", outcome.report);
    println!("{} of them had to wait for what had not come", outcome.held);
    for refusal in outcome.report.refusals() {
        println!("  {refusal}");
    }
    Ok(())
}

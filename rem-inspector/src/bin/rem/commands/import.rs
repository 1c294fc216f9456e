//! `rem import`: JSON lines of cloud events into a journal.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::ArgMatches;
use rem_core::Bus;
use rem_core::cloudevents::Import;
use rem_journal::Journal;
use serde_json::json;

use crate::Ended;
use crate::failure::Failure;
use crate::output::{self, Out};

pub(crate) fn run(matches: &ArgMatches) -> Ended {
    let from = matches.get_one::<PathBuf>("FILE").map_or(Path::new("-"), PathBuf::as_path);
    let reader: Box<dyn Read> = if from == Path::new("-") {
        Box::new(io::stdin().lock())
    } else {
        let opened = File::open(from);
        Box::new(opened.map_err(|error| {
            Failure::source(format!("{} cannot be read: {error}", from.display()))
        })?)
    };
    let bus = into(matches)?;
    let mut import = Import::new(BufReader::new(reader));
    if let Some(places) = matches.get_one::<usize>("skip-bad") {
        import = import.skip_bad(*places);
    }
    let report = import.publish(&bus).map_err(|error| Failure::refused(error.to_string()))?;
    let mut out = Out::new(matches.get_flag("json"));
    let bad: Vec<String> = report.bad().iter().map(ToString::to_string).collect();
    if out.is_json {
        out.json(&json!({ "events": report.events(), "bad": bad }))?;
    } else {
        for bad in &bad {
            output::note(bad);
        }
        out.text(&format!("{} events are imported", report.events()))?;
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

/// A bus with the journal that is to be written.
pub(super) fn into(matches: &ArgMatches) -> Result<Bus, Failure> {
    let path = matches.get_one::<PathBuf>("into").map_or(Path::new(""), PathBuf::as_path);
    let journal = Journal::open(path).map_err(|error| Failure::source(error.to_string()))?;
    Ok(Bus::builder().history(journal).build())
}

//! `rem import`: JSON lines of cloud events into a journal, or into a mesh.

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::ArgMatches;
use rem_core::cloudevents::Import;
use serde_json::json;

use crate::Ended;
use crate::failure::Failure;
use crate::output::{self, Out, are};
use crate::target::Target;

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
    let target = RefCell::new(Target::open(matches)?);
    let bus = target.borrow().bus().clone();
    let mut full = None;
    // Asked before each event is published: there has to be room for it.
    let mut import = Import::new(BufReader::new(reader)).filter(|_| {
        if full.is_none() {
            full = target.borrow_mut().room().err();
        }
        full.is_none()
    });
    if let Some(places) = matches.get_one::<usize>("skip-bad") {
        import = import.skip_bad(*places);
    }
    let imported = import.publish(&bus);
    if let Some(failure) = full {
        return Err(failure);
    }
    let report = imported.map_err(|error| Failure::refused(error.to_string()))?;
    let sent = target.into_inner().finish()?;
    let mut out = Out::new(matches.get_flag("json"));
    let bad: Vec<String> = report.bad().iter().map(ToString::to_string).collect();
    if out.is_json {
        let mut said = json!({ "events": report.events(), "bad": bad });
        if let Some(sent) = sent {
            said["sent"] = json!(sent);
        }
        out.json(&said)?;
    } else {
        for bad in &bad {
            output::note(bad);
        }
        out.text(&match sent {
            None => are(report.events(), "imported"),
            Some(sent) => sent_of(sent, report.events()),
        })?;
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

/// How many went to a mesh, of how many.
pub(super) fn sent_of(sent: u64, of: u64) -> String {
    match of.saturating_sub(sent) {
        0 => are(sent, "sent"),
        stay => format!(
            "{}; {stay} of {of} are not, for their topics begin with `local`, or they came from another node",
            are(sent, "sent")
        ),
    }
}

//! `rem verify`: every byte of a journal, checked.

use std::path::PathBuf;

use clap::ArgMatches;
use serde_json::json;

use super::answer;
use crate::Ended;
use crate::failure::Failure;
use crate::local::open;
use crate::output::{BAD, GOOD, Out, bar};
use crate::source::Kind;

pub(crate) fn run(matches: &ArgMatches) -> Ended {
    let path = matches.get_one::<PathBuf>("JOURNAL").cloned().unwrap_or_default();
    if Kind::of(&path.to_string_lossy()) != Kind::Journal {
        return Err(Failure::usage(
            "what is checked is a file, a journal: an inspector has none of its own, and a server of NATS checks its store when it starts; \
             check the journal that the program writes, when the program has ended",
        ));
    }
    let archive = open(&path)?;
    let bar = bar(matches.get_flag("quiet"), 0);
    let report = archive.verify(|progress| {
        bar.set_length(progress.of);
        bar.set_position(progress.checked);
        true
    });
    bar.finish_and_clear();
    let report = report.map_err(|error| Failure::refused(error.to_string()))?;
    let mut out = Out::new(matches.get_flag("json"));
    let damages: Vec<String> = report.damages.iter().map(ToString::to_string).collect();
    if out.is_json {
        out.json(&json!({
            "sound": report.is_sound(), "records": report.records, "rows": report.rows,
            "damaged": report.damaged, "damages": damages,
        }))?;
    } else if report.is_sound() {
        out.line(
            GOOD,
            "sound",
            &format!(
                ": {} events and {} rows of indexes are as they were written",
                report.records, report.rows
            ),
        )?;
    } else {
        out.line(
            BAD,
            "damaged",
            &format!(
                ": {} places, of {} events and {} rows",
                report.damaged, report.records, report.rows
            ),
        )?;
        damages.iter().try_for_each(|damage| out.text(&format!("  {damage}")))?;
        out.text(
            "export what can be read by `rem export --unmasked`, and import it into a new journal",
        )?;
    }
    out.flush()?;
    Ok(answer(report.is_sound()))
}

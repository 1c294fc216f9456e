//! `rem export`: events as JSON lines, each a cloud event.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::ArgMatches;
use rem_core::cloudevents::{Export, ExportErrorKind};
use rem_core::wire::Mask;
use serde_json::json;

use crate::Ended;
use crate::failure::Failure;
use crate::output;
use crate::source::Source;
use crate::wanted::Wanted;

pub(crate) fn run(matches: &ArgMatches) -> Ended {
    let wanted = Wanted::read(matches)?;
    let source = Source::open(matches)?;
    // An inspector has masked them; of a journal and a mesh nobody here knows what is to be.
    let is_masked = matches!(source, Source::Inspector(_));
    if !is_masked && !matches.get_flag("unmasked") {
        return Err(Failure::usage(
            "which fields are marked `#[event(redact)]` neither a journal nor a mesh knows: say `--unmasked` if all may be seen, or export by \
             `rem::cloudevents::Export` in the program that has the types",
        ));
    }
    let path = matches.get_one::<PathBuf>("output");
    let to: Box<dyn Write> = match path {
        Some(path) => Box::new(BufWriter::new(File::create(path)?)),
        None => Box::new(BufWriter::new(io::stdout().lock())),
    };
    let mut failed = None;
    let events = source.events(&wanted)?;
    let good = events.map_while(|event| event.map_err(|failure| failed = Some(failure)).ok());
    let written = Export::new().mask(Mask::off()).write(good, to);
    if let Some(failure) = failed {
        return Err(failure);
    }
    let report = match written {
        Ok(report) => report,
        Err(error) if error.kind() == ExportErrorKind::Io => {
            // Of its causes the last is the system's.
            let kind = std::error::Error::source(&error)
                .and_then(|source| source.downcast_ref::<io::Error>());
            return Err(io::Error::new(
                kind.map_or(io::ErrorKind::Other, io::Error::kind),
                error.to_string(),
            )
            .into());
        }
        Err(error) => return Err(Failure::refused(error.to_string())),
    };
    let range = report.sequences();
    let (from, to) =
        (range.as_ref().map(|range| *range.start()), range.as_ref().map(|range| *range.end()));
    if matches.get_flag("json") && path.is_some() {
        let mut out = output::Out::new(true);
        out.json(&json!({ "events": report.events(), "bytes": report.bytes(), "left_out": report.left_out(), "from": from, "to": to }))?;
    } else {
        let said = output::are(report.events(), "written");
        output::note(&format!("{said}, {} bytes", report.bytes()));
    }
    Ok(ExitCode::SUCCESS)
}

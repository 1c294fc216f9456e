//! `rem query`: events of the past, or what they add up to.

use std::io;
use std::process::ExitCode;

use clap::ArgMatches;
use clap::parser::ValueSource;
use rem_analysis::{Analysis, Group, Table};

use super::answer;
use crate::Ended;
use crate::failure::Failure;
use crate::output::Out;
use crate::plot::{What, draw};
use crate::source::Source;
use crate::wanted::{Wanted, length};

pub(crate) fn run(matches: &ArgMatches) -> Ended {
    let wanted = Wanted::read(matches)?;
    let analysis = analysis(matches)?;
    let plot = plot(matches)?;
    let source = Source::open(matches)?;
    let mut out = Out::new(matches.get_flag("json"));
    if let Some(analysis) = analysis {
        return add_up(&source, &wanted, analysis, matches.get_flag("csv"), plot, &mut out);
    }
    let mut found = false;
    for event in source.values(&wanted)? {
        out.event(&event?)?;
        found = true;
    }
    out.flush()?;
    Ok(answer(found))
}

/// What is to be added up; `None` if events are to be shown.
fn analysis(matches: &ArgMatches) -> Result<Option<Analysis>, Failure> {
    let groups: Vec<&String> = matches.get_many("group-by").into_iter().flatten().collect();
    let (every, of) = (matches.get_one::<String>("every"), matches.get_one::<String>("of"));
    if groups.is_empty() && every.is_none() && of.is_none() {
        let wants = |name: &str| matches.value_source(name) == Some(ValueSource::CommandLine);
        return match ["csv", "plot"].into_iter().find(|name| wants(name)) {
            Some(name) => Err(Failure::usage(format!(
                "`--{name}` is for a table: say by what, with `--group-by`, `--every` or `--of`"
            ))),
            None => Ok(None),
        };
    }
    let mut analysis = of.map_or_else(Analysis::events, |path| Analysis::of(path)).others();
    for text in groups {
        analysis = analysis.by(group(text)?);
    }
    if let Some(every) = every {
        analysis = analysis.every(length(every)?);
    }
    if let Some(percentiles) = matches.get_many::<f64>("percentiles") {
        analysis = analysis.percentiles(percentiles.copied());
    }
    Ok(Some(analysis))
}

/// Which number is to be drawn, if one is.
fn plot(matches: &ArgMatches) -> Result<Option<What>, Failure> {
    let Some(text) = matches.get_one::<String>("plot") else { return Ok(None) };
    let has_number = matches.contains_id("of");
    let what = match text.as_str() {
        "" if has_number => What::Mean,
        "" => What::Events,
        text => What::parse(text).map_err(|said| {
            Failure::usage(format!("`--plot {text}` is nothing that is counted: {said}"))
        })?,
    };
    if what.needs_a_number() && !has_number {
        return Err(Failure::usage(format!(
            "`--plot {text}` is of a number in the data: say which by `--of`, as `--of price.amount`"
        )));
    }
    if let What::Percentile(percentile) = what {
        let mut asked = matches.get_many::<f64>("percentiles").into_iter().flatten();
        if !asked.any(|asked| asked.to_bits() == percentile.to_bits()) {
            return Err(Failure::usage(format!(
                "`--plot {text}` is not counted: ask for it by `--percentiles {percentile}`"
            )));
        }
    }
    Ok(Some(what))
}

fn group(text: &str) -> Result<Group, Failure> {
    let (name, of) = text.split_once(':').unwrap_or((text, ""));
    match (name, of) {
        ("topic", "") => Ok(Group::Topic),
        ("source", "") => Ok(Group::Source),
        ("field", path) if !path.is_empty() => Ok(Group::field(path)),
        ("metadata", name) if !name.is_empty() => Ok(Group::metadata(name)),
        ("segment", number) => match number.parse() {
            Ok(number) => Ok(Group::Segment(number)),
            _ => Err(Failure::usage(format!(
                "`{text}` is no group: segments are counted from 0, as segment:1"
            ))),
        },
        _ => Err(Failure::usage(format!(
            "`{text}` is no group: write topic, source, segment:1, field:price.currency or metadata:tenant"
        ))),
    }
}

fn add_up(
    source: &Source,
    wanted: &Wanted,
    analysis: Analysis,
    csv: bool,
    plot: Option<What>,
    out: &mut Out,
) -> Ended {
    let mut failed = None;
    let events = source.events(wanted)?;
    // What fails on the way ends the events, and is told in place of the table.
    let good = events.map_while(|event| event.map_err(|failure| failed = Some(failure)).ok());
    let table = analysis.run(good).map_err(|error| Failure::usage(error.to_string()));
    if let Some(failure) = failed {
        return Err(failure);
    }
    let table: Table = table?;
    if out.is_json {
        let rows = serde_json::to_value(&table).map_err(io::Error::other)?;
        for row in rows.as_array().into_iter().flatten() {
            out.json(row)?;
        }
    } else if csv {
        out.text(table.csv().to_string().trim_end())?;
    } else {
        out.text(table.to_string().trim_end())?;
        if let Some(what) = plot {
            draw(&table, what, out)?;
        }
    }
    out.flush()?;
    Ok(if table.events() > 0 { ExitCode::SUCCESS } else { answer(false) })
}

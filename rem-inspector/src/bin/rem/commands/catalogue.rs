//! `rem catalogue`: the event types of a running program, or the topics of a journal and of what a mesh keeps.

use std::process::ExitCode;

use clap::ArgMatches;
use serde_json::{Value, json};

use super::stats::All;
use crate::Ended;
use crate::failure::Failure;
use crate::output::{self, GOOD, Out};
use crate::source::Source;

pub(crate) fn run(matches: &ArgMatches) -> Ended {
    let mut out = Out::new(matches.get_flag("json"));
    let source = Source::open(matches)?;
    if let Source::Inspector(remote) = &source {
        let types = remote.get("/api/types", &[])?;
        if out.is_json {
            out.json(&types)?;
        } else {
            for one in types["types"].as_array().into_iter().flatten() {
                show(&mut out, one)?;
            }
        }
    } else {
        let all = All::of(&source, matches.get_flag("quiet"))?;
        let topics: Vec<&str> = all.counted.topics().map(|(topic, _)| topic).collect();
        if out.is_json {
            out.json(&json!({ "topics": topics }))?;
        } else {
            topics.iter().try_for_each(|topic| out.text(topic))?;
        }
        if all.counted.others() > 0 {
            output::note(&format!(
                "there are more topics: {} events are of those that are not shown",
                all.counted.others()
            ));
        }
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

/// A type: a line each of its events, and of their fields.
fn show(out: &mut Out, one: &Value) -> Result<(), Failure> {
    let text = |value: &Value| {
        value.as_str().unwrap_or_default().lines().next().unwrap_or_default().to_owned()
    };
    let behind = |doc: String| if doc.is_empty() { doc } else { format!("  {doc}") };
    out.line(GOOD, &text(&one["name"]), &behind(text(&one["doc"])))?;
    for event in one["events"].as_array().into_iter().flatten() {
        let version = event["version"].as_u64().filter(|version| *version > 1);
        let version = version.map_or(String::new(), |version| format!(" (version {version})"));
        out.text(&format!("  {}{version}{}", text(&event["topic"]), behind(text(&event["doc"]))))?;
        for field in event["fields"].as_array().into_iter().flatten() {
            let is_marked = field["redacted"].as_bool().unwrap_or(false);
            let marked = if is_marked { ", redacted" } else { "" };
            let line = format!(
                "    {}: {}{marked}{}",
                text(&field["name"]),
                text(&field["type"]),
                behind(text(&field["doc"]))
            );
            out.text(&line)?;
        }
    }
    Ok(())
}

//! `rem publish`: one event into a journal.

use std::io::{self, Read};
use std::process::ExitCode;
use std::time::Duration;

use clap::ArgMatches;
use rem_core::Topic;
use rem_core::wire::{Codec, RawEvent};
use serde_json::{Value, json};

use super::import::into;
use crate::Ended;
use crate::failure::Failure;
use crate::output::Out;

/// How long the disk may take.
const DISK: Duration = Duration::from_secs(30);

pub(crate) fn run(matches: &ArgMatches) -> Ended {
    let text = |name: &str| matches.get_one::<String>(name).map(String::as_str);
    let topic = text("TOPIC").unwrap_or_default();
    // Before a journal is made for it.
    Topic::parse(topic).map_err(|error| Failure::usage(error.to_string()))?;
    let mut data = text("JSON").unwrap_or_default().to_owned();
    if data == "-" {
        data.clear();
        io::stdin()
            .lock()
            .read_to_string(&mut data)
            .map_err(|error| Failure::source(format!("what comes in cannot be read: {error}")))?;
    }
    let value: Value = serde_json::from_str(&data).map_err(|error| {
        Failure::usage(format!("the data is no JSON: {error}: write it as '{{\"order\":42}}'"))
    })?;
    let bus = into(matches)?;
    let raw = RawEvent::new(Codec::Json, value.to_string().into_bytes());
    let mut draft = bus.event(raw);
    if let Some(source) = text("from") {
        draft = draft.source(source.to_owned());
    }
    let receipt = draft.publish_to(topic).map_err(|error| Failure::refused(error.to_string()))?;
    receipt.durable().wait(DISK).map_err(|error| Failure::refused(error.to_string()))?;
    let mut out = Out::new(matches.get_flag("json"));
    if out.is_json {
        out.json(&json!({ "sequence": receipt.sequence(), "id": receipt.id(), "topic": topic }))?;
    } else {
        let number = receipt.sequence().unwrap_or_default();
        out.text(&format!("`{topic}` is published under the number {number}"))?;
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

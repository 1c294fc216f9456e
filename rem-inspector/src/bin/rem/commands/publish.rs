//! `rem publish`: one event into a journal, or into a mesh.

use std::io::{self, Read};
use std::process::ExitCode;
use std::time::Duration;

use clap::ArgMatches;
use rem_core::wire::{Codec, RawEvent};
use rem_core::{Bus, Receipt, Topic};
use serde_json::{Value, json};

use crate::Ended;
use crate::failure::Failure;
use crate::nats::{Nats, Sender};
use crate::output::{self, Out};
use crate::target::Target;

/// How long the disk may take.
const DISK: Duration = Duration::from_secs(30);

pub(crate) fn run(matches: &ArgMatches) -> Ended {
    let text = |name: &str| matches.get_one::<String>(name).map(String::as_str);
    let topic = text("TOPIC").unwrap_or_default();
    // Before a journal is made for it.
    Topic::parse(topic).map_err(|error| Failure::usage(error.to_string()))?;
    let raw = RawEvent::new(Codec::Json, data(text("JSON").unwrap_or_default())?.into_bytes());
    let published = match Target::open(matches)? {
        Target::Journal(bus) => {
            let receipt = publish(&bus, topic, raw, text("from"))?;
            receipt.durable().wait(DISK).map_err(|error| Failure::refused(error.to_string()))?;
            json!({ "sequence": receipt.sequence(), "id": receipt.id(), "topic": topic })
        }
        Target::Mesh(sender) => {
            // The one that reads what is stored of it.
            let reader = Nats::to_read(matches, text("into").unwrap_or_default());
            into_mesh(*sender, reader, topic, raw, text("from"))?
        }
    };
    let mut out = Out::new(matches.get_flag("json"));
    if out.is_json {
        out.json(&published)?;
    } else {
        out.text(&said(&published))?;
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

/// What is to be published, if it is JSON.
fn data(given: &str) -> Result<String, Failure> {
    let mut data = given.to_owned();
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
    Ok(value.to_string())
}

fn publish(
    bus: &Bus,
    topic: &str,
    raw: RawEvent,
    source: Option<&str>,
) -> Result<Receipt, Failure> {
    let mut draft = bus.event(raw);
    if let Some(source) = source {
        draft = draft.source(source.to_owned());
    }
    draft.publish_to(topic).map_err(|error| Failure::refused(error.to_string()))
}

/// Publishes it to whoever listens on a mesh, and looks whether its stream has it.
fn into_mesh(
    mut sender: Sender,
    reader: Result<Nats, Failure>,
    topic: &str,
    raw: RawEvent,
    source: Option<&str>,
) -> Result<Value, Failure> {
    if topic == "local" || topic.starts_with("local.") {
        return Err(Failure::usage(format!(
            "`{topic}` never leaves the process that publishes it, for it begins with `local`: take another topic, or publish it in that process"
        )));
    }
    // Where there is no stream, who listens now has it and nobody else.
    let reader = reader.and_then(|reader| reader.state().map(|state| (reader, state.last)));
    let mesh = sender.name().to_owned();
    sender.room()?;
    let id = publish(&sender.bus, topic, raw, source)?.id();
    sender.leave()?;
    let stored = match (reader, id) {
        (Ok((reader, last)), Some(id)) => Some(reader.stored(topic, id, last)?),
        _ => None,
    };
    Ok(json!({ "mesh": mesh, "sequence": stored, "id": id, "topic": topic }))
}

fn said(published: &Value) -> String {
    let topic = output::plain(published["topic"].as_str().unwrap_or_default());
    let number = &published["sequence"];
    match (published["mesh"].as_str(), number.is_null()) {
        (None, _) => format!("`{topic}` is published under the number {number}"),
        (Some(mesh), false) => {
            format!(
                "`{topic}` is published on the mesh `{mesh}`, and stored under the number {number}"
            )
        }
        (Some(mesh), true) => format!(
            "`{topic}` is published on the mesh `{mesh}`, which has no stream that can be read: who listens now has it"
        ),
    }
}

//! You will see the catalogue of a program that reads GitHub's webhooks: a page in Markdown with a picture, of what was
//! published, what it holds and who listens. `-- async-api` writes it as an AsyncAPI document, `-- json-schema` as one
//! JSON Schema.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "a program speaks in a terminal")]

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::sync::{Arc, Mutex, PoisonError};

use rem::prelude::*;
use rem::schema::{Catalogue, Subscriber, Topology};
use rem_examples::github::{Envelope, GithubEvent, WEBHOOKS, decode};

/// Who listens, and how each of them would say it.
const SUBSCRIBERS: &[(&str, &str, &str)] = &[
    ("github.issues.{opened,reopened}", "inline", "triage"),
    ("github.**,!github.workflow_run.**", "queue of 1024, drops the oldest", "feed"),
    ("github.*.created", "inline", "counters"),
];

fn main() -> Result<(), Box<dyn Error>> {
    let catalogue = Catalogue::new("GitHub's webhooks")
        .version(env!("CARGO_PKG_VERSION"))
        .description("What GitHub tells, with the few fields that somebody here reads.")
        .event_type::<GithubEvent>()
        .topology(a_morning()?);
    match std::env::args().nth(1).as_deref() {
        None => println!("{}", catalogue.markdown()?),
        Some("async-api") => println!("{:#}", catalogue.async_api()?),
        Some("json-schema") => println!("{:#}", catalogue.json_schema()?),
        Some(other) => return Err(format!("`{other}`: write `async-api` or `json-schema`").into()),
    }
    Ok(())
}

/// Publishes what the file has, and tells what a bus has seen of it.
fn a_morning() -> Result<Topology, Box<dyn Error>> {
    let bus = Bus::new();
    let topics = Arc::new(Mutex::new(BTreeMap::<String, u64>::new()));
    let counts = Arc::clone(&topics);
    let _all = bus.subscribe("**", move |event: &Event| {
        let mut counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry(event.topic().to_string()).or_default() += 1;
    })?;
    for line in fs::read(WEBHOOKS)?.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        // Of what the types do not have, and what they cannot read, the program `github` gives an account.
        let Ok(envelope) = Envelope::read(line) else { continue };
        if let Some(Ok(data)) = decode(&envelope.kind, envelope.data) {
            bus.publish(data)?;
        }
    }
    let topics = topics.lock().unwrap_or_else(PoisonError::into_inner);
    let seen =
        topics.iter().fold(Topology::new(), |seen, (topic, count)| seen.published(topic, *count));
    SUBSCRIBERS.iter().try_fold(seen, |seen, (pattern, delivery, place)| {
        Ok(seen.subscriber(Subscriber::new(pattern.parse()?).delivery(*delivery).place(*place)))
    })
}

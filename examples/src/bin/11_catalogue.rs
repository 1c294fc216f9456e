//! You will see the catalogue of a program that reads GitHub's webhooks: a page in Markdown with a picture, of what was
//! published, what it holds and who subscribes. `-- async-api` writes it as an AsyncAPI document, `-- json-schema` as one
//! JSON Schema.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "a program speaks in a terminal")]

use std::error::Error;
use std::fs;

use rem::prelude::*;
use rem::schema::Catalogue;
use rem_examples::github::{Envelope, GithubEvent, IssueEvent, WEBHOOKS, decode};

fn main() -> Result<(), Box<dyn Error>> {
    let bus = Bus::new();
    let _triage = bus.subscribe("github.issues.{opened,reopened}", |_: &Event| ())?;
    let _issues = bus.on(|_: &Event<IssueEvent>| ());
    let _feed = bus
        .subscription("github.**,!github.workflow_run.**")
        .queue(1_024, Overflow::DropOldest)
        .stream::<GithubEvent>()?;
    a_morning(&bus)?;

    // What is declared comes from the types, what is seen from the bus.
    let catalogue = Catalogue::new("GitHub's webhooks")
        .version(env!("CARGO_PKG_VERSION"))
        .description("What GitHub tells, with the few fields that somebody here reads.")
        .event_type::<GithubEvent>()
        .seen(&bus);
    match std::env::args().nth(1).as_deref() {
        None => println!("{}", catalogue.markdown()?),
        Some("async-api") => println!("{:#}", catalogue.async_api()?),
        Some("json-schema") => println!("{:#}", catalogue.json_schema()?),
        Some(other) => return Err(format!("`{other}`: write `async-api` or `json-schema`").into()),
    }
    Ok(())
}

/// Publishes what the file has.
fn a_morning(bus: &Bus) -> Result<(), Box<dyn Error>> {
    for line in fs::read(WEBHOOKS)?.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        // Of what the types do not have, and what they cannot read, the program `github` gives an account.
        let Ok(envelope) = Envelope::read(line) else { continue };
        if let Some(Ok(data)) = decode(&envelope.kind, envelope.data) {
            bus.publish(data)?;
        }
    }
    Ok(())
}

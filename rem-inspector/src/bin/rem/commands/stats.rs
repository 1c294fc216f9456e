//! `rem stats`: what there is, in numbers.

use std::collections::BTreeMap;
use std::process::ExitCode;

use clap::ArgMatches;
use rem_core::Payload;
use serde_json::{Value, json};

use crate::Ended;
use crate::failure::Failure;
use crate::output::Out;
use crate::source::Source;

pub(crate) fn run(matches: &ArgMatches) -> Ended {
    let stats = match Source::open(matches)? {
        Source::Journal(local) => journal(&local.bus)?,
        Source::Inspector(remote) => {
            let (about, topics) = (
                remote.get("/api/about", &[])?,
                remote.get("/api/topics", &[("order", "published".into())])?,
            );
            let listeners = remote.get("/api/subscriptions", &[])?;
            let of = |topic: &Value| (topic["topic"].clone(), topic["published"].clone());
            let topics: Vec<_> =
                topics["topics"].as_array().into_iter().flatten().map(of).collect();
            let count = |name: &str| listeners[name].as_array().map_or(0, Vec::len);
            json!({
                "events": about["source"]["history"]["to"], "from": about["source"]["history"]["from"],
                "to": about["source"]["history"]["to"], "subscriptions": count("subscriptions"),
                "findings": count("findings"), "clients": about["clients"]["attached"], "topics": topics,
            })
        }
    };
    let mut out = Out::new(matches.get_flag("json"));
    if out.is_json {
        out.json(&stats)?;
    } else {
        for name in [
            "events",
            "from",
            "to",
            "first",
            "last",
            "bytes",
            "subscriptions",
            "findings",
            "clients",
        ] {
            if let Some(value) = stats.get(name).filter(|value| !value.is_null()) {
                out.text(&format!(
                    "{name:<14} {}",
                    value.as_str().map_or_else(|| value.to_string(), Into::into)
                ))?;
            }
        }
        for topic in stats["topics"].as_array().into_iter().flatten() {
            out.text(&format!("{:>14} {}", topic[1], topic[0].as_str().unwrap_or_default()))?;
        }
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

/// One look at every event of a journal.
fn journal(bus: &rem_core::Bus) -> Result<Value, Failure> {
    let query = bus.query("**").map_err(|error| Failure::refused(error.to_string()))?;
    let (mut topics, mut first, mut last): (BTreeMap<String, u64>, _, _) =
        (BTreeMap::new(), None, None);
    let (mut from, mut to, mut events) = (None, None, 0_u64);
    for event in query.iter::<dyn Payload>() {
        *topics.entry(event.topic().to_string()).or_default() += 1;
        first = first.or(Some(event.timestamp()));
        last = Some(event.timestamp());
        from = from.or(event.sequence());
        to = event.sequence();
        events += 1;
    }
    let mut topics: Vec<_> = topics.into_iter().collect();
    topics.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let bytes = bus.topology().history.and_then(|history| history.bytes);
    Ok(
        json!({ "events": events, "from": from, "to": to, "first": first, "last": last, "bytes": bytes, "topics": topics }),
    )
}

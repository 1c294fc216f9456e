//! `rem stats`: what there is, in numbers.

use std::cmp::Reverse;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use clap::ArgMatches;
use rem_core::Timestamp;
use rem_inspector::__private::Counted;
use serde_json::{Value, json};

use crate::Ended;
use crate::failure::Failure;
use crate::output::{self, Out};
use crate::remote::Remote;
use crate::source::Source;
use crate::wanted::Wanted;

/// What is asked of an inspector, and how soon again.
const TOPICS: [(&str, &str); 2] = [("order", "published"), ("limit", "10000")];
const AGAIN: Duration = Duration::from_millis(100);

/// The names of the numbers, in the order in which they are shown.
const NAMES: [&str; 11] = [
    "mesh",
    "events",
    "from",
    "to",
    "first",
    "last",
    "bytes",
    "subscriptions",
    "findings",
    "clients",
    "others",
];

pub(crate) fn run(matches: &ArgMatches) -> Ended {
    let source = Source::open(matches)?;
    let is_quiet = matches.get_flag("quiet");
    let stats = match &source {
        Source::Inspector(remote) => of_program(remote)?,
        Source::Journal(local) => {
            let bytes = local.bus.topology().history.and_then(|history| history.bytes);
            let mut stats = All::of(&source, is_quiet)?.told();
            stats["bytes"] = json!(bytes);
            stats
        }
        Source::Mesh(nats) => {
            let mut stats = All::of(&source, is_quiet)?.told();
            stats["mesh"] = json!(nats.name());
            stats
        }
    };
    let mut out = Out::new(matches.get_flag("json"));
    if out.is_json {
        out.json(&stats)?;
    } else {
        for name in NAMES {
            if let Some(value) = stats.get(name).filter(|value| !value.is_null()) {
                let shown = value.as_str().map_or_else(|| value.to_string(), output::plain);
                out.text(&format!("{name:<14} {shown}"))?;
            }
        }
        for topic in stats["topics"].as_array().into_iter().flatten() {
            let name = output::plain(topic[0].as_str().unwrap_or_default());
            out.text(&format!("{:>14} {name}", topic[1].to_string()))?;
        }
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

/// What an inspector tells of its program, or of its journal.
fn of_program(remote: &Remote) -> Result<Value, Failure> {
    let about = remote.get("/api/about", &[])?;
    let history = &about["source"]["history"];
    let mut topics =
        remote.get("/api/topics", &TOPICS.map(|(name, value)| (name, value.into())))?;
    // An inspector of a journal counts it once, from when it is asked for the first time.
    while !topics["counting"].is_null() {
        thread::sleep(AGAIN);
        topics = remote.get("/api/topics", &TOPICS.map(|(name, value)| (name, value.into())))?;
    }
    let listeners = remote.get("/api/subscriptions", &[])?;
    let of = |topic: &Value| json!([topic["topic"], topic["published"]]);
    let told: Vec<_> = topics["topics"].as_array().into_iter().flatten().map(of).collect();
    let count = |name: &str| listeners[name].as_array().map_or(0, Vec::len);
    Ok(json!({
        "events": history["to"], "from": history["from"], "to": history["to"],
        "subscriptions": count("subscriptions"), "findings": count("findings"), "clients": about["clients"]["attached"],
        "topics": told, "others": others(topics["others"].as_u64().unwrap_or_default()),
    }))
}

fn others(others: u64) -> Option<u64> {
    Some(others).filter(|others| *others > 0)
}

/// All events that a source has, counted.
pub(super) struct All {
    pub(super) counted: Counted,
    numbers: Option<(u64, u64)>,
    times: Option<(Timestamp, Timestamp)>,
}

impl All {
    /// One look at every event, and how far it is.
    pub(super) fn of(source: &Source, is_quiet: bool) -> Result<Self, Failure> {
        let bar = output::bar(is_quiet, source.events_at_most()?);
        let mut all = Self { counted: Counted::default(), numbers: None, times: None };
        for event in source.events(&Wanted { pattern: "**".into(), ..Wanted::default() })? {
            let event = event?;
            let (number, time) = (event.sequence().unwrap_or_default(), event.timestamp());
            all.numbers = Some((all.numbers.map_or(number, |(from, _)| from), number));
            all.times = Some((all.times.map_or(time, |(first, _)| first), time));
            all.counted.add(&event);
            bar.set_position(all.counted.events());
        }
        bar.finish_and_clear();
        Ok(all)
    }

    fn told(&self) -> Value {
        let mut topics: Vec<_> = self.counted.topics().collect();
        topics.sort_by_key(|(_, count)| Reverse(*count));
        let ((from, to), (first, last)) = (self.numbers.unzip(), self.times.unzip());
        json!({
            "events": self.counted.events(), "from": from, "to": to, "first": first, "last": last,
            "topics": topics, "others": others(self.counted.others()),
        })
    }
}

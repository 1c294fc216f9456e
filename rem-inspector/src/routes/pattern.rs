//! `GET /api/pattern`: what a pattern means, while it is typed.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rem_core::{Bus, Captures, Pattern, Topic};
use serde::Serialize;

use super::Asked;
use super::topics::Declared;
use crate::findings::nearest;
use crate::refusal::{Refusal, Told, clip};

pub(crate) const KNOWN: &[&str] = &["pattern", "topic"];

/// How many topics are named.
const NAMED: usize = 20;
/// For how long it is worked out which declared topics the pattern can select.
const PATIENCE: Duration = Duration::from_millis(300);

#[derive(Debug, Default, Serialize)]
pub(crate) struct Meaning {
    pattern: String,
    valid: bool,
    error: Option<Told>,
    example: Option<String>,
    selects: usize,
    topics: Vec<String>,
    declares: Vec<String>,
    nearest: Vec<String>,
    topic: Option<OfTopic>,
}

#[derive(Debug, Serialize)]
struct OfTopic {
    topic: String,
    selected: bool,
    why: String,
    captures: BTreeMap<String, String>,
}

pub(crate) fn pattern(asked: &Asked) -> Result<Meaning, Refusal> {
    let Some(text) = asked.params.text("pattern") else {
        let said = "`pattern` is missing: write `**` for every topic";
        return Err(Refusal::parameter("pattern", "", said));
    };
    let pattern = match parse(&asked.bus, text) {
        Ok(pattern) => pattern,
        Err(refusal) => {
            let error = Some(refusal.told().clone());
            return Ok(Meaning { pattern: clip(text), error, ..Meaning::default() });
        }
    };
    let topology = asked.bus.topology();
    let seen = asked.seen(&topology);
    let seen: Vec<&str> = seen.iter().map(String::as_str).collect();
    let selected: Vec<&str> = seen.iter().copied().filter(|topic| pattern.matches(topic)).collect();
    let declared = Declared::of(&topology);
    // One is decided within some tenths of a second, whoever wrote the pattern; many might take a minute.
    let until = Instant::now() + PATIENCE;
    let meets = declared.patterns().filter(|(_, own)| {
        Instant::now() < until
            && own
                .as_ref()
                .is_some_and(|own| pattern.intersects(own).is_ok_and(|topic| topic.is_some()))
    });
    let selectable: Vec<String> = meets.map(|(topic, _)| topic.to_owned()).take(NAMED).collect();
    let nearest = if selected.is_empty() && selectable.is_empty() {
        let declared = declared.patterns().map(|(topic, _)| topic);
        nearest(text, seen.iter().copied().chain(declared))
    } else {
        Vec::new()
    };
    let topic = asked.params.text("topic").map(|topic| of_topic(&pattern, topic));
    Ok(Meaning {
        pattern: text.to_owned(),
        valid: true,
        error: None,
        example: pattern.example().ok().flatten().map(|topic| topic.to_string()),
        selects: selected.len(),
        topics: selected.into_iter().take(NAMED).map(Into::into).collect(),
        declares: selectable,
        nearest,
        topic,
    })
}

fn parse(bus: &Bus, text: &str) -> Result<Pattern, Refusal> {
    let refuse = |error| Refusal::pattern("pattern", text, &error);
    let pattern = Pattern::parse(text).map_err(refuse)?;
    match bus.prefix() {
        Some(prefix) => pattern.under(prefix).map_err(refuse),
        None => Ok(pattern),
    }
}

fn of_topic(pattern: &Pattern, text: &str) -> OfTopic {
    let captures = pattern.captures(text);
    let captures = captures.iter().flat_map(Captures::iter);
    OfTopic {
        topic: clip(text),
        selected: Topic::parse(text).is_ok() && pattern.matches(text),
        why: pattern.explain(text),
        captures: captures.map(|(name, value)| (name.to_owned(), value.to_string())).collect(),
    }
}

//! `rem match`: whether a pattern selects topics, and why.

use clap::ArgMatches;
use rem_core::Captures;
use serde_json::{Map, json};

use super::answer;
use crate::Ended;
use crate::output::{BAD, GOOD, Out};
use crate::wanted::parse;

pub(crate) fn run(matches: &ArgMatches) -> Ended {
    let text = matches.get_one::<String>("PATTERN").map(String::as_str).unwrap_or_default();
    let pattern = parse(text)?;
    let mut out = Out::new(matches.get_flag("json"));
    let mut all = true;
    for topic in matches.get_many::<String>("TOPIC").into_iter().flatten() {
        let (selected, why) = (pattern.matches(topic), pattern.explain(topic));
        all &= selected;
        if out.is_json {
            let captures = pattern.captures(topic);
            let captures = captures.iter().flat_map(Captures::iter);
            let captures: Map<_, _> =
                captures.map(|(name, value)| (name.to_owned(), json!(value))).collect();
            out.json(&json!({ "pattern": text, "topic": topic, "selected": selected, "why": why, "captures": captures }))?;
        } else {
            out.line(if selected { GOOD } else { BAD }, topic, &format!(": {why}"))?;
        }
    }
    Ok(answer(all))
}

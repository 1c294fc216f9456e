//! [`Wanted`]: which events are asked for, in words that a journal and an inspector both take.

use std::time::Duration;

use clap::ArgMatches;
use rem_core::wire::RawEvent;
use rem_core::{Event, EventId, Pattern, Timestamp};

use crate::failure::Failure;

/// Which events are asked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wanted {
    /// A pattern, or a set of them.
    pub(crate) pattern: String,
    pub(crate) after: Option<u64>,
    pub(crate) before: Option<u64>,
    pub(crate) since: Option<Timestamp>,
    pub(crate) until: Option<Timestamp>,
    pub(crate) last: Option<u64>,
    pub(crate) first: Option<u64>,
    pub(crate) source: Option<String>,
    pub(crate) story: Option<EventId>,
    pub(crate) search: Option<String>,
}

impl Wanted {
    pub(crate) fn read(matches: &ArgMatches) -> Result<Self, Failure> {
        let number = |name: &str| matches.try_get_one::<u64>(name).ok().flatten().copied();
        let text = |name: &str| matches.try_get_one::<String>(name).ok().flatten().cloned();
        let time = |name: &str| text(name).map(|text| moment(name, &text)).transpose();
        let story = text("story").map(|text| {
            text.parse::<EventId>().map_err(|_| {
                Failure::usage(format!(
                    "`--story {text}` is no id: it is a UUID, as an event's `correlation`"
                ))
            })
        });
        Ok(Self {
            pattern: patterns(matches)?,
            after: number("after"),
            before: number("before"),
            since: time("since")?,
            until: time("until")?,
            last: number("last"),
            first: number("first"),
            source: text("source"),
            story: story.transpose()?,
            search: text("search"),
        })
    }

    /// Whether it is wanted, beside its topic and its number.
    pub(crate) fn passes(&self, event: &Event) -> bool {
        let time = event.timestamp();
        self.since.is_none_or(|since| time >= since)
            && self.until.is_none_or(|until| time <= until)
            && self.source.as_deref().is_none_or(|source| event.source() == Some(source))
            && self.story.is_none_or(|story| event.correlation() == story)
            && self.search.as_ref().is_none_or(|search| has(event, &search.to_lowercase()))
    }
}

/// Whether a text, in lower case, occurs in the data of an event.
pub(crate) fn has(event: &Event, lower: &str) -> bool {
    let raw = event.data.downcast_ref::<RawEvent>();
    raw.is_some_and(|raw| String::from_utf8_lossy(raw.bytes()).to_lowercase().contains(lower))
}

/// The patterns as one, which they are as a set.
fn patterns(matches: &ArgMatches) -> Result<String, Failure> {
    let given: Vec<&String> = matches.get_many("PATTERN").into_iter().flatten().collect();
    if given.is_empty() {
        return Ok("**".into());
    }
    for pattern in &given {
        // An exclusion is no pattern alone.
        if !pattern.starts_with('!') {
            parse(pattern)?;
        }
    }
    let set = given.into_iter().map(String::as_str).collect::<Vec<_>>().join(",");
    parse(&set).map(|_| set)
}

/// # Errors
/// A text that is no pattern, with a caret below what is wrong.
pub(crate) fn parse(pattern: &str) -> Result<Pattern, Failure> {
    Pattern::parse(pattern).map_err(|error| Failure::usage(error.to_string()))
}

/// A time, or how long ago.
fn moment(name: &str, text: &str) -> Result<Timestamp, Failure> {
    if let Ok(time) = text.parse() {
        return Ok(time);
    }
    let ago = length(text).map_err(|_| {
        Failure::usage(format!(
            "`--{name} {text}` is no time: write it as 2026-11-29T14:00:00Z, or as 10m for ten minutes ago"
        ))
    })?;
    Ok(Timestamp::from(std::time::SystemTime::now()) - ago)
}

/// A span of time.
pub(crate) fn length(text: &str) -> Result<Duration, Failure> {
    humantime::parse_duration(text).map_err(|_| {
        Failure::usage(format!("`{text}` is no span of time: write it as 30s, 5m, 1h or 1day"))
    })
}

//! `GET /api/history` and `GET /api/moment`: how far the past goes, and how things stood at a moment.

use rem_core::__private::readable;
use rem_core::{Bus, Payload, Timestamp};
use serde::Serialize;

use super::Asked;
use super::events::{PAGE, all};
use crate::event_json::{EventJson, IN_LIST};
use crate::refusal::Refusal;

pub(crate) const MOMENT: &[&str] = &["sequence", "time", "pattern", "limit"];

/// How many numbers are told with their times, at most.
const STEPS: u64 = 100;

#[derive(Debug, Default, Serialize)]
pub(crate) struct History {
    from: Option<u64>,
    to: Option<u64>,
    first: Option<Timestamp>,
    last: Option<Timestamp>,
    kept: Option<u64>,
    let_go: Option<u64>,
    bytes: Option<u64>,
    quotas: Vec<Quota>,
    durable: bool,
    series: Vec<(u64, Timestamp)>,
}

#[derive(Debug, Serialize)]
struct Quota {
    pattern: String,
    limit: u64,
    kept: u64,
    let_go: u64,
}

pub(crate) fn history(asked: &Asked) -> Result<History, Refusal> {
    let bus = &asked.bus;
    let newest = all(bus)?;
    let report = bus.topology().history;
    let mut history = History::default();
    if let Some(report) = report {
        history.kept = Some(report.kept);
        history.let_go = Some(report.let_go);
        history.bytes = report.bytes;
        history.quotas = report
            .quotas
            .into_iter()
            .map(|quota| Quota {
                pattern: quota.pattern.into(),
                limit: quota.limit,
                kept: quota.kept,
                let_go: quota.let_go,
            })
            .collect();
    }
    history.durable = rem_core::__private::Interests::of(bus).is_kept();
    let Some(range) = readable(bus).filter(|range| !range.is_empty()) else { return Ok(history) };
    let (from, to) = (*range.start(), *range.end());
    (history.from, history.to) = (Some(from), Some(to));
    let step = (to - from) / STEPS + 1;
    let mut at = from;
    while at <= to {
        // The next that may be seen, which need not be that one.
        let next = all(bus)?
            .after(at - 1)
            .before(to.min(at + (step - 1)).saturating_add(1))
            .iter::<dyn Payload>()
            .next();
        history.series.extend(next.and_then(|event| Some((event.sequence()?, event.timestamp()))));
        at += step;
    }
    let newest = newest.iter::<dyn Payload>().next_back();
    history.first = history.series.first().map(|(_, time)| *time);
    history.last = newest.map(|event| event.timestamp()).or(history.first);
    Ok(history)
}

#[derive(Debug, Serialize)]
pub(crate) struct Moment {
    sequence: Option<u64>,
    time: Option<Timestamp>,
    events: Vec<EventJson>,
    complete: bool,
}

pub(crate) fn moment(asked: &Asked) -> Result<Moment, Refusal> {
    let params = &asked.params;
    let (pattern, _) = params.pattern()?;
    let limit = params.limit("limit", 1..=PAGE, 200)?;
    let query = asked.bus.query(pattern).map_err(|error| Refusal::query(&error, pattern))?;
    let before = match (params.number("sequence")?, params.time("time")?) {
        (Some(sequence), None) => {
            check(&asked.bus, sequence)?;
            sequence.saturating_add(1)
        }
        (None, Some(time)) => first_later(&asked.bus, time)?,
        (None, None) => {
            let text = "a moment is missing: give `sequence`, the number of an event, or `time`";
            return Err(Refusal::parameter("sequence", "", text));
        }
        (Some(_), Some(_)) => {
            let text = "`sequence` and `time` are given both: give one moment";
            return Err(Refusal::parameter("time", params.text("time").unwrap_or_default(), text));
        }
    };
    let mut events = query.before(before).last_per_topic().events();
    let last = all(&asked.bus)?.before(before).iter::<dyn Payload>().next_back();
    let complete = events.len() <= limit;
    let masking = &asked.shared.masking;
    let newest = events.split_off(events.len().saturating_sub(limit));
    Ok(Moment {
        sequence: last.as_ref().and_then(|event| event.sequence()),
        time: last.map(|event| event.timestamp()),
        events: newest.iter().map(|event| EventJson::of(event, masking, IN_LIST)).collect(),
        complete,
    })
}

/// Whether the history reaches so far.
fn check(bus: &Bus, sequence: u64) -> Result<(), Refusal> {
    let past = |said: String| {
        let refusal = Refusal::new(axum::http::StatusCode::CONFLICT, "past", said);
        Err(refusal.at("sequence", &sequence.to_string()))
    };
    match readable(bus).filter(|range| !range.is_empty()) {
        Some(range) if sequence.saturating_add(1) < *range.start() => past(format!(
            "the history has let go of what was before the number {}: ask for a later moment",
            range.start()
        )),
        Some(range) if sequence > *range.end() => {
            past(format!("the number {sequence} is not given out yet: the last is {}", range.end()))
        }
        Some(_) => Ok(()),
        None => past("the history keeps no event yet: publish one first".to_owned()),
    }
}

/// The number of the first event that happened later; one above the last if none did.
fn first_later(bus: &Bus, time: Timestamp) -> Result<u64, Refusal> {
    let Some(range) = readable(bus).filter(|range| !range.is_empty()) else { return Ok(1) };
    let later = Timestamp::from_nanos(time.as_nanos().saturating_add(1));
    let first = all(bus)?.since(later).iter::<dyn Payload>().next();
    Ok(first.and_then(|event| event.sequence()).unwrap_or(range.end() + 1))
}

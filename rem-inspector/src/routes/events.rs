//! `GET /api/events`: what the history has, page by page; and one event in detail.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use rem_core::__private::{number, readable};
use rem_core::{Bus, Event, EventId, Payload, Query};
use serde::Serialize;

use super::{Asked, Range, range};
use crate::event_json::{EventJson, IN_DETAIL, IN_LIST};
use crate::filter::Filter;
use crate::refusal::Refusal;

pub(crate) const KNOWN: &[&str] = &[
    "pattern",
    "after",
    "before",
    "since",
    "until",
    "last",
    "first",
    Filter::KNOWN[0],
    Filter::KNOWN[1],
    Filter::KNOWN[2],
];

/// How many events are given at once at most, and unless told.
pub(crate) const PAGE: usize = 1_000;
const USUAL: usize = 100;
/// For how long one question is looked into.
pub(crate) const PATIENCE: Duration = Duration::from_millis(500);
/// How many numbers are looked at between two looks at the clock.
const CHUNK: u64 = 16_384;

#[derive(Debug, Serialize)]
pub(crate) struct Listed {
    events: Vec<EventJson>,
    complete: bool,
    next: Option<u64>,
    history: Option<Range>,
}

/// From which end events are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Newest,
    Oldest,
}

pub(crate) fn events(asked: &Asked) -> Result<Listed, Refusal> {
    let params = &asked.params;
    let (pattern, _) = params.pattern()?;
    let filter = Filter::read(params)?;
    let end = match (params.text("first"), params.text("last")) {
        (Some(first), Some(_)) => {
            let text =
                "`first` and `last` are given both: give one, for events are counted from one end";
            return Err(Refusal::parameter("first", first, text));
        }
        (Some(_), None) => End::Oldest,
        _ => End::Newest,
    };
    let limit = params.limit(if end == End::Oldest { "first" } else { "last" }, 1..=PAGE, USUAL)?;
    let query = asked.bus.query(pattern).map_err(|error| Refusal::query(&error, pattern))?;
    let mut query = filter.ask(query);
    if let Some(since) = params.time("since")? {
        query = query.since(since);
    }
    if let Some(until) = params.time("until")? {
        query = query.until(until);
    }
    let (after, before) = (params.number("after")?, params.number("before")?);
    let span = Span::of(&asked.bus, after, before);
    let masking = &asked.shared.masking;
    let found =
        span.find(&query, end, limit, PATIENCE, |event| filter.pass(event, masking, IN_LIST));
    Ok(Listed {
        events: found.items,
        complete: found.complete,
        next: found.next,
        history: range(&asked.bus),
    })
}

/// The numbers that are looked through.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span {
    first: u64,
    /// Below `first` if there is nothing.
    last: u64,
}

/// What was found, oldest first.
pub(crate) struct Found<T> {
    pub(crate) items: Vec<T>,
    /// Not all could be looked at in the time that there is.
    pub(crate) complete: bool,
    /// Where to go on: below this number, or above it.
    pub(crate) next: Option<u64>,
}

impl Span {
    /// What can be read between two numbers, without them.
    pub(crate) fn of(bus: &Bus, after: Option<u64>, before: Option<u64>) -> Self {
        let Some(readable) = readable(bus) else { return Self { first: 1, last: 0 } };
        let first = (*readable.start()).max(after.map_or(0, |after| after.saturating_add(1)));
        let last =
            (*readable.end()).min(before.map_or(u64::MAX, |before| before.saturating_sub(1)));
        Self { first, last }
    }

    /// Asks part by part, from one end, until there are enough or the time is over.
    pub(crate) fn find<T>(
        self,
        query: &Query,
        end: End,
        limit: usize,
        patience: Duration,
        mut pass: impl FnMut(&Arc<Event>) -> Option<T>,
    ) -> Found<T> {
        let until = Instant::now() + patience;
        let Self { mut first, mut last } = self;
        let mut items = Vec::new();
        while first <= last {
            let part = match end {
                End::Newest => first.max((last + 1).saturating_sub(CHUNK))..=last,
                End::Oldest => first..=last.min(first + (CHUNK - 1)),
            };
            let mut events = query
                .clone()
                .after(part.start() - 1)
                .before(part.end().saturating_add(1))
                .iter::<dyn Payload>();
            loop {
                let event = match end {
                    End::Newest => events.next_back(),
                    End::Oldest => events.next(),
                };
                let Some(event) = event else { break };
                let at = event.sequence().unwrap_or_default();
                items.extend(pass(&event));
                let is_enough = items.len() == limit;
                if is_enough || Instant::now() >= until {
                    let is_last = match end {
                        End::Newest => at <= self.first,
                        End::Oldest => at >= self.last,
                    };
                    return Found::new(items, end, is_enough || is_last, (!is_last).then_some(at));
                }
            }
            match end {
                End::Newest => last = part.start() - 1,
                End::Oldest => first = part.end() + 1,
            }
            if Instant::now() >= until && first <= last {
                let next = if end == End::Newest { last + 1 } else { first - 1 };
                return Found::new(items, end, false, Some(next));
            }
        }
        Found::new(items, end, true, None)
    }
}

impl<T> Found<T> {
    fn new(mut items: Vec<T>, end: End, complete: bool, next: Option<u64>) -> Self {
        if end == End::Newest {
            items.reverse();
        }
        Self { items, complete, next }
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct Detail {
    event: EventJson,
    bytes: usize,
    heard_by: Vec<HeardBy>,
    caused: usize,
    story: usize,
    complete: bool,
    previous: Option<u64>,
    next: Option<u64>,
}

#[derive(Debug, Serialize)]
pub(crate) struct HeardBy {
    pub(crate) subscription: u64,
    pub(crate) pattern: String,
    pub(crate) place: String,
}

pub(crate) fn detail(asked: &Asked, event: &str) -> Result<Detail, Refusal> {
    let bus = &asked.bus;
    let found = find(bus, event)?;
    let json = EventJson::of(&found, &asked.shared.masking, IN_DETAIL);
    let own = asked.own();
    let topology = bus.topology();
    let hears = topology.topics.iter().find(|report| report.topic == *found.topic());
    let ids: Vec<_> = hears.map(|report| report.heard_by.clone()).unwrap_or_default();
    let hearers =
        topology.subscriptions.iter().filter(|it| ids.contains(&it.id) && !own.contains(&it.id));
    let heard_by = hearers.map(|it| HeardBy {
        subscription: number(it.id),
        pattern: it.pattern.to_string(),
        place: it.place.to_string(),
    });
    let heard_by = heard_by.collect();
    let all = all(bus)?;
    let mut caused = 0;
    let story = all.clone().correlation(found.correlation());
    let of_story =
        Span::of(bus, None, None).find(&story, End::Newest, usize::MAX, PATIENCE, |other| {
            caused += usize::from(other.causation() == Some(found.id()));
            Some(())
        });
    let at = found.sequence();
    let topic = format!("={}", bus.local_topic(&found).unwrap_or_default());
    let same = bus.query(topic.as_str()).ok();
    let beside = |end, span: Span| {
        let found = span.find(same.as_ref()?, end, 1, PATIENCE, |event| event.sequence());
        found.items.first().copied()
    };
    Ok(Detail {
        bytes: json.bytes,
        event: json,
        heard_by,
        caused,
        story: of_story.items.len(),
        complete: of_story.complete,
        previous: beside(End::Newest, Span::of(bus, None, at)),
        next: at.and_then(|at| beside(End::Oldest, Span::of(bus, Some(at), None))),
    })
}

/// Everything below the bus's prefix.
pub(crate) fn all(bus: &Bus) -> Result<Query, Refusal> {
    bus.query("**").map_err(|error| Refusal::query(&error, "**"))
}

/// The event of that number or id.
pub(crate) fn find(bus: &Bus, event: &str) -> Result<Arc<Event>, Refusal> {
    let all = all(bus)?;
    let readable = readable(bus).filter(|range| !range.is_empty());
    let missing = |said: String| {
        Refusal::new(StatusCode::NOT_FOUND, "no_such_event", said).at("event", event)
    };
    let kept = readable.as_ref().map_or("it keeps none yet".to_owned(), |range| {
        format!("it keeps the numbers from {} to {}", range.start(), range.end())
    });
    if let Ok(number) = event.parse::<u64>() {
        let one =
            number.checked_sub(1).map(|before| all.after(before).before(number.saturating_add(1)));
        if let Some(found) = one.and_then(|one| one.iter::<dyn Payload>().next()) {
            return Ok(found);
        }
        let said = match readable {
            Some(range) if number < *range.start() => {
                format!("the history has let go of the event of the number {number}: {kept}")
            }
            Some(range) if number <= *range.end() => {
                format!("no event that may be seen here has the number {number}")
            }
            _ => format!("no event has the number {number} yet: {kept}"),
        };
        return Err(missing(said));
    }
    let Ok(id) = event.parse::<EventId>() else {
        let said = "an event is named by its number or its id, a UUID";
        return Err(Refusal::parameter("event", event, said));
    };
    // An id tells when it was made, and from there it is looked for; it may have been given by others, and lie anywhere.
    let found = all.id(id).iter::<dyn Payload>().next_back();
    found.ok_or_else(|| missing(format!("the history has no event with this id: {kept}")))
}

//! `GET /api/story/{event}`: what led to an event, what came of it, who handled all that and how long it took.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use rem_core::__private::number;
use rem_core::{Event, EventId, SubscriptionReport, Timestamp, Topology};
use serde::Serialize;

use super::Asked;
use super::events::{End, Span, all, find};
use super::subscriptions::delivery_name;
use crate::event_json::{EventJson, IN_LIST};
use crate::measures::Measured;
use crate::refusal::Refusal;

/// How many events a story is told with.
const MOST: usize = 1_000;
/// For how long they are looked for, in each direction.
const PATIENCE: Duration = Duration::from_secs(1);

#[derive(Debug, Serialize)]
pub(crate) struct Story {
    event: EventId,
    correlation: EventId,
    events: Vec<EventJson>,
    edges: Vec<Edge>,
    ancestors: Vec<EventId>,
    descendants: Vec<EventId>,
    missing: Vec<EventId>,
    handlings: HashMap<String, Vec<Handling>>,
    complete: bool,
}

#[derive(Debug, Serialize)]
struct Edge {
    cause: EventId,
    effect: EventId,
}

#[derive(Debug, Serialize)]
struct Handling {
    subscription: u64,
    pattern: Option<String>,
    place: Option<String>,
    delivery: Option<&'static str>,
    outcome: &'static str,
    took_us: Option<u64>,
    begun: Option<Timestamp>,
    attempt: u32,
    error: Option<String>,
    measured: bool,
}

pub(crate) fn story(asked: &Asked, event: &str) -> Result<Story, Refusal> {
    let bus = &asked.bus;
    let asked_for = find(bus, event)?;
    let query = all(bus)?.correlation(asked_for.correlation());
    let at = asked_for.sequence();
    // What led to it has lower numbers, what came of it higher ones.
    let before = Span::of(bus, None, at).find(&query, End::Newest, MOST / 2, PATIENCE, keep);
    let room = MOST - 1 - before.items.len();
    let after = Span::of(bus, at, None).find(&query, End::Oldest, room, PATIENCE, keep);
    let complete = before.next.is_none() && after.next.is_none();
    let mut events = before.items;
    events.push(Arc::clone(&asked_for));
    events.extend(after.items);
    let tree = Tree::of(&events);
    let id = asked_for.id();
    let (ancestors, missing) = tree.above(id);
    let descendants = tree.below(id);
    let topology = bus.topology();
    let masking = &asked.shared.masking;
    Ok(Story {
        event: id,
        correlation: asked_for.correlation(),
        edges: tree.edges(),
        ancestors,
        descendants,
        missing,
        handlings: handlings(asked, &events, &topology),
        events: events.iter().map(|event| EventJson::of(event, masking, IN_LIST)).collect(),
        complete,
    })
}

#[expect(clippy::unnecessary_wraps, reason = "every event of the story is kept")]
fn keep(event: &Arc<Event>) -> Option<Arc<Event>> {
    Some(Arc::clone(event))
}

/// Who caused whom.
struct Tree {
    /// In the order of the numbers.
    ids: Vec<EventId>,
    cause: HashMap<EventId, Option<EventId>>,
    effects: HashMap<EventId, Vec<EventId>>,
}

impl Tree {
    fn of(events: &[Arc<Event>]) -> Self {
        let ids = events.iter().map(|event| event.id()).collect();
        let cause = events.iter().map(|event| (event.id(), event.causation())).collect();
        let mut effects: HashMap<_, Vec<_>> = HashMap::new();
        for event in events {
            if let Some(cause) = event.causation() {
                effects.entry(cause).or_default().push(event.id());
            }
        }
        Self { ids, cause, effects }
    }

    fn edges(&self) -> Vec<Edge> {
        let edge = |effect: &EventId| {
            let cause = self.cause.get(effect).copied().flatten()?;
            self.cause.contains_key(&cause).then_some(Edge { cause, effect: *effect })
        };
        self.ids.iter().filter_map(edge).collect()
    }

    /// The causes, from the nearest to the first; and those of all events that are named and not there.
    fn above(&self, event: EventId) -> (Vec<EventId>, Vec<EventId>) {
        let mut above = Vec::new();
        let mut seen = HashSet::from([event]);
        let mut at = self.cause.get(&event).copied().flatten();
        // What others send may name a cause that it caused.
        while let Some(cause) =
            at.filter(|cause| self.cause.contains_key(cause) && seen.insert(*cause))
        {
            above.push(cause);
            at = self.cause.get(&cause).copied().flatten();
        }
        let causes = self.ids.iter().filter_map(|id| self.cause.get(id).copied().flatten());
        let missing: BTreeSet<EventId> =
            causes.filter(|cause| !self.cause.contains_key(cause)).collect();
        (above, missing.into_iter().collect())
    }

    /// All that came of it, in the order of the numbers.
    fn below(&self, event: EventId) -> Vec<EventId> {
        let (mut below, mut next) = (HashSet::new(), VecDeque::from([event]));
        while let Some(at) = next.pop_front() {
            for effect in self.effects.get(&at).into_iter().flatten() {
                if *effect != event && below.insert(*effect) {
                    next.push_back(*effect);
                }
            }
        }
        self.ids.iter().copied().filter(|id| below.contains(id)).collect()
    }
}

/// Who handled each: what was measured, and who else would have it.
fn handlings(
    asked: &Asked,
    events: &[Arc<Event>],
    topology: &Topology,
) -> HashMap<String, Vec<Handling>> {
    let own = asked.own();
    let by_id: HashMap<u64, &SubscriptionReport> =
        topology.subscriptions.iter().map(|report| (number(report.id), report)).collect();
    let heard: HashMap<&str, _> =
        topology.topics.iter().map(|report| (report.topic.as_str(), &report.heard_by)).collect();
    // Of a sandbox nothing is measured: its subscriptions have numbers of their own.
    let measures = asked.shared.measures.as_ref().filter(|_| asked.is_main());
    let mut calls_of = measures
        .map_or_else(HashMap::new, |measures| measures.of(events.iter().map(|event| event.id())));
    let mut told = HashMap::new();
    for event in events {
        let calls = calls_of.remove(&event.id()).unwrap_or_default();
        let known: HashSet<u64> = calls.iter().map(|call| call.subscription).collect();
        let mut handlings: Vec<Handling> =
            calls.into_iter().map(|call| Handling::of(call, &by_id)).collect();
        let hearers = heard.get(event.topic().as_str()).into_iter().flat_map(|ids| ids.iter());
        let others = hearers.filter(|id| !own.contains(id) && !known.contains(&number(**id)));
        handlings.extend(others.map(|id| Handling::unknown(number(*id), &by_id)));
        if !handlings.is_empty() {
            told.insert(event.id().to_string(), handlings);
        }
    }
    told
}

impl Handling {
    fn unknown(subscription: u64, by_id: &HashMap<u64, &SubscriptionReport>) -> Self {
        let report = by_id.get(&subscription);
        Self {
            subscription,
            pattern: report.map(|report| report.pattern.to_string()),
            place: report.map(|report| report.place.to_string()),
            delivery: report.map(|report| delivery_name(&report.delivery)),
            outcome: "unknown",
            took_us: None,
            begun: None,
            attempt: 0,
            error: None,
            measured: false,
        }
    }

    fn of(call: Measured, by_id: &HashMap<u64, &SubscriptionReport>) -> Self {
        let outcome = match &call.error {
            None => "done",
            Some((_, false)) => "failed",
            Some((_, true)) => "panicked",
        };
        Self {
            outcome,
            took_us: call.took.map(|took| u64::try_from(took.as_micros()).unwrap_or(u64::MAX)),
            begun: call.begun,
            attempt: call.attempt,
            error: call.error.map(|(error, _)| error),
            measured: call.took.is_some(),
            ..Self::unknown(call.subscription, by_id)
        }
    }
}

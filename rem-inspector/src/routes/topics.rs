//! `GET /api/topics`: what was published, how fast, and who hears it.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::time::Duration;

use rem_core::__private::{now, number};
use rem_core::{Leaf, Pattern, Schema, SubscriptionId, Timestamp, TopicReport, Topology};
use serde::Serialize;

use super::Asked;
use crate::counted::SoFar;
use crate::mask::as_pattern;
use crate::refusal::Refusal;
use crate::series::STEP;
use crate::shared::{lock, published};

pub(crate) const KNOWN: &[&str] = &["pattern", "order", "limit"];
/// How many topics are told that are declared and not published: whether somebody would hear them is worked out for each.
const UNPUBLISHED: usize = 500;

#[derive(Debug, Serialize)]
pub(crate) struct Listed {
    at: Timestamp,
    published: u64,
    rate: Option<f64>,
    series: Vec<u64>,
    step_us: u64,
    total: usize,
    /// How many events are of topics that are not told, for there are too many.
    others: u64,
    /// While a journal is counted.
    counting: Option<Counting>,
    topics: Vec<One>,
    unpublished: Vec<Unpublished>,
}

#[derive(Debug, Serialize)]
struct Counting {
    counted: u64,
    of: u64,
}

#[derive(Debug, Serialize)]
struct One {
    topic: String,
    published: u64,
    rate: Option<f64>,
    series: Vec<u64>,
    heard_by: Vec<u64>,
    declared_by: Vec<DeclaredBy>,
}

#[derive(Debug, Clone, Serialize)]
struct DeclaredBy {
    #[serde(rename = "type")]
    event_type: &'static str,
    variant: &'static str,
}

#[derive(Debug, Serialize)]
struct Unpublished {
    topic: String,
    #[serde(rename = "type")]
    event_type: &'static str,
    variant: &'static str,
    doc: &'static str,
    heard_by: Vec<u64>,
}

pub(crate) fn topics(asked: &Asked) -> Result<Listed, Refusal> {
    let params = &asked.params;
    let (_, pattern) = absolute(asked)?;
    let limit = params.limit("limit", 1..=10_000, 1_000)?;
    let order = params.text("order").unwrap_or("topic");
    if !["topic", "published", "rate"].contains(&order) {
        let text = "`order` is `topic`, `published` or `rate`";
        return Err(Refusal::parameter("order", order, text));
    }
    let topology = asked.bus.topology();
    let declared = Declared::of(&topology);
    let own = asked.own();
    let (mut found, whole) = match asked.past() {
        Some(past) => counted(&past, &pattern),
        None => live(asked, &topology, &pattern, &own),
    };
    let total = found.len();
    match order {
        "published" => found.sort_by_key(|one| Reverse(one.published)),
        "rate" => {
            found.sort_by(|one, two| two.rate.unwrap_or(0.0).total_cmp(&one.rate.unwrap_or(0.0)));
        }
        _ => {}
    }
    found.truncate(limit);
    for one in &mut found {
        one.declared_by = declared.of_topic(&one.topic);
    }
    let seen = asked.seen(&topology);
    let seen: Vec<&str> = seen.iter().map(String::as_str).collect();
    let mut unpublished = declared.unpublished(&seen, &pattern);
    unpublished.truncate(limit.min(UNPUBLISHED));
    for one in &mut unpublished {
        one.heard_by = heard(&topology, &one.topic, &own);
    }
    Ok(Listed {
        at: whole.at.unwrap_or_else(|| now(&asked.bus)),
        published: published(&asked.bus, &topology),
        rate: whole.rate,
        series: whole.series,
        step_us: u64::try_from(whole.step.as_micros()).unwrap_or(u64::MAX),
        total,
        others: whole.others,
        counting: whole.counting,
        topics: found,
        unpublished,
    })
}

/// What is told of all topics.
struct Whole {
    /// When its last step ends, if that is not now.
    at: Option<Timestamp>,
    rate: Option<f64>,
    series: Vec<u64>,
    step: Duration,
    others: u64,
    counting: Option<Counting>,
}

/// What was published since the bus is there.
fn live(
    asked: &Asked,
    topology: &Topology,
    pattern: &Pattern,
    own: &HashSet<SubscriptionId>,
) -> (Vec<One>, Whole) {
    let counts = lock(&asked.shared.series);
    let is_counted = asked.is_main();
    let of = |report: &TopicReport| {
        let (rate, series) = if is_counted { counts.of(&report.topic) } else { (None, Vec::new()) };
        let heard_by = report.heard_by.iter().filter(|id| !own.contains(id));
        One {
            topic: report.topic.to_string(),
            published: report.published,
            rate,
            series,
            heard_by: heard_by.map(|id| number(*id)).collect(),
            declared_by: Vec::new(),
        }
    };
    let selected = topology.topics.iter().filter(|report| pattern.matches(&report.topic));
    let found = selected.map(of).collect();
    let (rate, series) = if is_counted { counts.of_all() } else { (None, Vec::new()) };
    (found, Whole { at: None, rate, series, step: STEP, others: 0, counting: None })
}

/// What a journal has: steps are parts of all its time, and nothing is heard.
fn counted(past: &SoFar, pattern: &Pattern) -> (Vec<One>, Whole) {
    let selected = past.counted.topics().filter(|(topic, _)| pattern.matches(topic));
    let of = |(topic, events): (&str, u64)| One {
        topic: topic.to_owned(),
        published: events,
        rate: None,
        series: past.counted.steps(topic),
        heard_by: Vec::new(),
        declared_by: Vec::new(),
    };
    let found = selected.map(of).collect();
    let (step, last) = past.counted.times().unzip();
    let counting = past.under_way.map(|(counted, of)| Counting { counted, of });
    let whole = Whole {
        at: last,
        rate: None,
        series: past.counted.all_steps(),
        step: step.unwrap_or(STEP),
        others: past.counted.others(),
        counting,
    };
    (found, whole)
}

/// The pattern that was given, as it was, and from the root bus.
pub(crate) fn absolute(asked: &Asked) -> Result<(&str, Pattern), Refusal> {
    let (text, pattern) = asked.params.pattern()?;
    match asked.bus.prefix() {
        None => Ok((text, pattern)),
        Some(prefix) => {
            let below = pattern.under(prefix);
            Ok((text, below.map_err(|error| Refusal::pattern("pattern", text, &error))?))
        }
    }
}

/// Whose pattern can meet those of a topic or template, by the algebra; what would take too long to decide counts as met.
fn heard(topology: &Topology, template: &str, own: &HashSet<SubscriptionId>) -> Vec<u64> {
    let Ok(topic) = Pattern::parse(as_pattern(template)) else { return Vec::new() };
    let subscriptions = topology.subscriptions.iter().filter(|report| !own.contains(&report.id));
    let meets = subscriptions.filter(|report| {
        let Ok(pattern) = Pattern::parse(&report.pattern) else { return false };
        pattern.intersects(&topic).map_or(true, |topic| topic.is_some())
    });
    meets.map(|report| number(report.id)).collect()
}

/// The topics and templates that event types declare.
pub(crate) struct Declared {
    leaves: Vec<(&'static Schema, Leaf, Option<Pattern>)>,
    /// Those that are no templates, by their text.
    by_text: HashMap<String, Vec<usize>>,
}

impl Declared {
    /// Those of types that are published by users; REM's own are none.
    pub(crate) fn of(topology: &Topology) -> Self {
        let types = topology.event_types.iter().filter(|schema| !schema.namespace.starts_with('$'));
        let mut declared = Self { leaves: Vec::new(), by_text: HashMap::new() };
        for schema in types {
            for leaf in schema.leaves() {
                let at = declared.leaves.len();
                let pattern = if leaf.is_template() {
                    Pattern::parse(as_pattern(&leaf.topic)).ok()
                } else {
                    declared.by_text.entry(leaf.topic.clone()).or_default().push(at);
                    None
                };
                declared.leaves.push((schema, leaf, pattern));
            }
        }
        declared
    }

    /// Whose topic it is, below whatever prefix.
    fn at(&self, topic: &str) -> Vec<usize> {
        // A child bus's prefix stands before what a type declares.
        let below = std::iter::once(topic)
            .chain(topic.match_indices('.').map(|(dot, _)| &topic[dot + 1..]));
        let mut found = Vec::new();
        for below in below {
            found.extend(self.by_text.get(below).into_iter().flatten());
            let templates = self.leaves.iter().enumerate().filter(|(_, (.., pattern))| {
                pattern.as_ref().is_some_and(|pattern| pattern.matches(below))
            });
            found.extend(templates.map(|(at, _)| at));
            if !found.is_empty() {
                break;
            }
        }
        found
    }

    fn of_topic(&self, topic: &str) -> Vec<DeclaredBy> {
        let by = |at: usize| {
            let (schema, leaf, _) = &self.leaves[at];
            DeclaredBy { event_type: schema.name, variant: leaf.event.variant }
        };
        self.at(topic).into_iter().map(by).collect()
    }

    /// Of each, in the order of [`patterns`](Self::patterns), whether one of the topics is of it.
    pub(crate) fn seen(&self, topics: &[&str]) -> Vec<bool> {
        let mut seen = vec![false; self.leaves.len()];
        for topic in topics {
            self.at(topic).into_iter().for_each(|at| seen[at] = true);
        }
        seen
    }

    /// Those that no topic is of, and that the pattern can select.
    fn unpublished(&self, seen: &[&str], pattern: &Pattern) -> Vec<Unpublished> {
        let unseen = self.leaves.iter().zip(self.seen(seen)).filter(|(_, is_seen)| !is_seen);
        let asked = unseen.filter(|((_, leaf, own), _)| match own {
            None => pattern.matches(&leaf.topic),
            Some(own) => pattern.intersects(own).map_or(true, |topic| topic.is_some()),
        });
        let told = asked.map(|((schema, leaf, _), _)| Unpublished {
            topic: leaf.topic.clone(),
            event_type: schema.name,
            variant: leaf.event.variant,
            doc: leaf.event.doc,
            heard_by: Vec::new(),
        });
        told.collect()
    }

    /// Each topic or template with its pattern.
    pub(crate) fn patterns(&self) -> impl Iterator<Item = (&str, Option<Pattern>)> {
        self.leaves.iter().map(|(_, leaf, pattern)| {
            (
                leaf.topic.as_str(),
                pattern.clone().or_else(|| Pattern::parse(format!("={}", leaf.topic)).ok()),
            )
        })
    }
}

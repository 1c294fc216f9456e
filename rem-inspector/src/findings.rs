//! [`findings`]: what looks wrong about who publishes what and who listens to what.

use rem_core::__private::number;
use rem_core::{DeliveryReport, Pattern, SubscriptionReport, Topology};
use serde::Serialize;

use crate::routes::Declared;

/// How far behind in numbers a subscription is told of.
const BEHIND: u64 = 1_000;
/// How many findings of one kind are told at most.
const TOLD: usize = 200;
/// How many topics are named that differ little, and how long texts may be that are compared.
const NEAREST: usize = 3;
const LONGEST: usize = 128;

/// Something that looks wrong.
#[derive(Debug, Serialize)]
pub(crate) struct Finding {
    kind: &'static str,
    severity: &'static str,
    subscription: Option<u64>,
    topic: Option<String>,
    message: String,
    nearest: Vec<String>,
}

/// What looks wrong, the gravest first.
pub(crate) fn findings(topology: &Topology) -> Vec<Finding> {
    let declared = Declared::of(topology);
    let topics: Vec<(&str, Option<Pattern>)> = declared.patterns().collect();
    let mut found = Vec::new();
    for report in topology.subscriptions.iter().filter(|report| !report.pattern.starts_with('$')) {
        found.extend(selects(report, topology, &topics));
        found.extend(goes(report));
    }
    for topic in topology.unheard().filter(|topic| !topic.topic.is_system()).take(TOLD) {
        let message = format!(
            "`{}` was published {}, and nobody hears it",
            topic.topic,
            times(topic.published)
        );
        found.push(Finding::new("unheard", "warning", message).of_topic(&topic.topic));
    }
    let published: Vec<&str> = topology.topics.iter().map(|topic| topic.topic.as_str()).collect();
    let seen = declared.seen(&published);
    found.extend(unheard_types(topology, &topics, &seen).take(TOLD));
    let weight = |severity| match severity {
        "error" => 0,
        "warning" => 1,
        _ => 2,
    };
    found.sort_by_key(|finding| weight(finding.severity));
    found
}

/// How often, in words.
fn times(count: u64) -> String {
    if count == 1 { "once".into() } else { format!("{count} times") }
}

/// How many events, in words.
fn events(count: u64) -> String {
    if count == 1 { "1 event".into() } else { format!("{count} events") }
}

/// Whether a subscription selects anything.
fn selects(
    report: &SubscriptionReport,
    topology: &Topology,
    declared: &[(&str, Option<Pattern>)],
) -> Option<Finding> {
    if topology.topics.iter().any(|topic| topic.heard_by.contains(&report.id)) {
        return None;
    }
    let pattern = Pattern::parse(&report.pattern).ok()?;
    let mut undecided = false;
    // What a type declares may be published below the prefix of any bus.
    let below = |own: &Pattern| match &report.prefix {
        Some(prefix) if report.event_type.is_none() => own.under(prefix).ok(),
        _ => Some(own.clone()),
    };
    let meets =
        declared.iter().filter_map(|(topic, own)| Some((topic, own.as_ref()?))).find(|(_, own)| {
            let both = [Some((*own).clone()), below(own)];
            both.into_iter().flatten().any(|own| {
                let met = pattern.intersects(&own);
                undecided |= met.is_err();
                met.is_ok_and(|topic| topic.is_some())
            })
        });
    let (id, place) = (report.id, report.place);
    let finding = match meets {
        Some((topic, _)) => {
            let said = format!(
                "`{}` ({place}) has had nothing yet: nothing was published of what it selects, `{topic}` for one",
                report.pattern
            );
            Finding::new("nothing_yet", "info", said)
        }
        None if undecided => {
            let said = format!(
                "whether `{}` ({place}) meets a topic would take too long to decide: split the set, or write fewer `**` and globs",
                report.pattern
            );
            Finding::new("undecided", "info", said)
        }
        None => {
            let seen = topology.topics.iter().map(|topic| topic.topic.as_str());
            let nearest =
                nearest(&report.pattern, seen.chain(declared.iter().map(|(topic, _)| *topic)));
            let hint = nearest
                .first()
                .map_or(String::new(), |topic| format!("; the nearest is `{topic}`"));
            let said = format!(
                "`{}` ({place}) can select none of the topics that are published or declared{hint}",
                report.pattern
            );
            let mut finding = Finding::new("selects_nothing", "warning", said);
            finding.nearest = nearest;
            finding
        }
    };
    Some(finding.of(number(id)))
}

/// Whether its events come through.
fn goes(report: &SubscriptionReport) -> Vec<Finding> {
    let (pattern, place, stats) = (&report.pattern, report.place, &report.stats);
    let mut found = Vec::new();
    let mut tell =
        |kind, severity, said| found.push(Finding::new(kind, severity, said).of(number(report.id)));
    if stats.failed > 0 {
        let last = report.last_error.as_deref().map_or(String::new(), |error| format!(": {error}"));
        tell(
            "failing",
            "error",
            format!("`{pattern}` ({place}) has failed {}{last}", times(stats.failed)),
        );
    }
    if stats.dropped > 0 {
        let said = format!(
            "`{pattern}` ({place}) has lost {}: its queue was full; make it larger, its handler faster, or let publishers wait by `Overflow::Block`",
            events(stats.dropped)
        );
        tell("dropping", "warning", said);
    }
    let full = match &report.delivery {
        DeliveryReport::Queue { capacity, depth, .. }
        | DeliveryReport::Task { capacity, depth, .. } => *depth > 0 && depth * 10 >= capacity * 9,
        _ => false,
    };
    if full || report.lag >= BEHIND {
        let what = if full { "its queue is full" } else { "it does not keep up" };
        tell(
            "behind",
            "warning",
            format!("`{pattern}` ({place}) is {} numbers behind: {what}", report.lag),
        );
    }
    found
}

/// The topics of event types that nobody would hear.
fn unheard_types<'t>(
    topology: &'t Topology,
    declared: &'t [(&str, Option<Pattern>)],
    seen: &'t [bool],
) -> impl Iterator<Item = Finding> + 't {
    let patterns: Vec<Pattern> = topology
        .subscriptions
        .iter()
        .filter_map(|report| Pattern::parse(&report.pattern).ok())
        .collect();
    declared.iter().zip(seen).filter_map(move |((topic, own), is_seen)| {
        let own = own.as_ref()?;
        let hears =
            |pattern: &Pattern| pattern.intersects(own).map_or(true, |topic| topic.is_some());
        if *is_seen || patterns.iter().any(hears) {
            return None;
        }
        let said = format!("`{topic}` is declared, and nobody would hear it");
        Some(Finding::new("unheard_type", "info", said).of_topic(topic))
    })
}

impl Finding {
    fn new(kind: &'static str, severity: &'static str, message: String) -> Self {
        Self { kind, severity, subscription: None, topic: None, message, nearest: Vec::new() }
    }

    fn of(mut self, subscription: u64) -> Self {
        self.subscription = Some(subscription);
        self
    }

    fn of_topic(mut self, topic: &str) -> Self {
        self.topic = Some(topic.to_owned());
        self
    }
}

/// The topics that differ little from what was written, the nearest first.
pub(crate) fn nearest<'t, T: Iterator<Item = &'t str>>(text: &str, topics: T) -> Vec<String> {
    if text.len() > LONGEST {
        return Vec::new();
    }
    let mut near: Vec<(usize, &str)> = topics
        .filter(|topic| topic.len() <= LONGEST)
        .map(|topic| (strsim::damerau_levenshtein(text, topic), topic))
        // Half of it may differ, for what a pattern leaves open does.
        .filter(|(distance, topic)| {
            *distance * 2 <= topic.chars().count().max(text.chars().count())
        })
        .collect();
    near.sort_unstable();
    near.dedup();
    near.truncate(NEAREST);
    near.into_iter().map(|(_, topic)| topic.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_told_as_one() {
        assert_eq!(
            [times(1), times(2), events(1), events(2)],
            ["once", "2 times", "1 event", "2 events"]
        );
    }

    #[test]
    fn what_differs_little_is_near() {
        let topics = ["order.paid", "order.lost", "user.created", "order.paid"];
        assert_eq!(nearest("ordr.paid", topics.into_iter()), ["order.paid", "order.lost"]);
        assert!(nearest("x", topics.into_iter()).is_empty());
    }
}

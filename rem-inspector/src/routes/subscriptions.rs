//! `GET /api/subscriptions`: who listens, how far each is behind, and what looks wrong.

use rem_core::__private::number;
use rem_core::{DeliveryReport, SubscriptionReport, Topology};
use serde::Serialize;

use super::Asked;
use crate::findings::{Finding, findings};
use crate::refusal::Refusal;

#[derive(Debug, Serialize)]
pub(crate) struct Listed {
    subscriptions: Vec<One>,
    middleware: Vec<Middleware>,
    children: Vec<String>,
    findings: Vec<Finding>,
}

#[derive(Debug, Serialize)]
struct One {
    id: u64,
    pattern: String,
    #[serde(rename = "type")]
    event_type: Option<&'static str>,
    prefix: Option<String>,
    place: String,
    delivery: DeliveryReport,
    priority: i32,
    lag: u64,
    stats: Stats,
    durable: Option<Durable>,
    last_error: Option<String>,
    topics: usize,
}

#[derive(Debug, Serialize)]
struct Stats {
    matched: u64,
    delivered: u64,
    deferred: u64,
    dropped: u64,
    failed: u64,
    mismatched: u64,
    missed: u64,
}

#[derive(Debug, Serialize)]
struct Durable {
    name: String,
    position: u64,
}

#[derive(Debug, Serialize)]
struct Middleware {
    name: String,
    pattern: String,
    place: String,
    stopped: u64,
    failed: u64,
}

#[expect(clippy::unnecessary_wraps, reason = "as every answer")]
pub(crate) fn subscriptions(asked: &Asked) -> Result<Listed, Refusal> {
    let mut topology = asked.bus.topology();
    let own = asked.own();
    topology.subscriptions.retain(|report| !own.contains(&report.id));
    for topic in &mut topology.topics {
        topic.heard_by.retain(|id| !own.contains(id));
    }
    let middleware = topology.middleware.iter().map(|it| Middleware {
        name: it.name.to_string(),
        pattern: it.pattern.to_string(),
        place: it.place.to_string(),
        stopped: it.stats.stopped,
        failed: it.stats.failed,
    });
    Ok(Listed {
        subscriptions: topology.subscriptions.iter().map(|it| One::of(it, &topology)).collect(),
        middleware: middleware.collect(),
        children: topology.children.iter().map(ToString::to_string).collect(),
        findings: findings(&topology),
    })
}

impl One {
    fn of(report: &SubscriptionReport, topology: &Topology) -> Self {
        let stats = report.stats;
        let topics = topology.topics.iter().filter(|topic| topic.heard_by.contains(&report.id));
        Self {
            id: number(report.id),
            pattern: report.pattern.to_string(),
            event_type: report.event_type,
            prefix: report.prefix.as_ref().map(ToString::to_string),
            place: report.place.to_string(),
            delivery: report.delivery.clone(),
            priority: report.priority,
            lag: report.lag,
            stats: Stats {
                matched: stats.matched(),
                delivered: stats.delivered,
                deferred: stats.deferred,
                dropped: stats.dropped,
                failed: stats.failed,
                mismatched: stats.mismatched,
                missed: stats.missed,
            },
            durable: report.durable.as_ref().map(|durable| Durable {
                name: durable.name.to_string(),
                position: durable.position,
            }),
            last_error: report.last_error.as_ref().map(ToString::to_string),
            topics: topics.count(),
        }
    }
}

/// The name of a delivery, as the API has it.
pub(crate) fn delivery_name(delivery: &DeliveryReport) -> &'static str {
    match delivery {
        DeliveryReport::Queue { .. } => "queue",
        DeliveryReport::Task { .. } => "task",
        _ => "inline",
    }
}

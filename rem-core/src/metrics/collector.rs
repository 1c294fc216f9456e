//! [`Collector`]: what a bus has counted, told on.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::mem;
use std::panic::Location;

use metrics::{Label, counter, gauge};
use rem_patterns::Topic;

use super::labels::{Bounded, OTHER};
use crate::bus::{Bus, WeakBus};
use crate::subscription::SubscriptionId;
use crate::topology::{MiddlewareReport, SubscriptionReport, SubscriptionStats, TopicReport};

/// Tells the crate [`metrics`] what a bus has counted, whenever it is asked to; see [the table](super).
///
/// ```
/// use rem_core::{Bus, Event};
/// use rem_core::metrics::Collector;
///
/// let bus = Bus::new();
/// let mut collector = Collector::new(&bus).labels(64);
/// // … every few seconds, or when somebody asks for the metrics:
/// assert!(collector.collect());
/// ```
///
/// One collector tells of one bus; of a child bus, what lies below its prefix. Counters grow by what was counted since it was
/// asked last, the first time by all. What a subscription was still given between then and its end is not told, nor a topic's
/// last events before the bus forgot it: ask often. It holds the bus weakly.
///
/// # Cost
/// That of [`Bus::topology`], in the thread that asks, and what the recorder of `metrics` does. Publishers pay nothing. It keeps
/// a few numbers for each topic and each subscription that there is.
pub struct Collector {
    bus: WeakBus,
    topics: Bounded<Topic>,
    subscriptions: Bounded<Line>,
    middleware: Bounded<Line>,
    told: Told,
}

/// What was told before, of what there was then.
#[derive(Default)]
struct Told {
    topics: HashMap<Topic, u64>,
    subscriptions: HashMap<SubscriptionId, SubscriptionStats>,
    middleware: HashMap<Line, [u64; 2]>,
    /// What waits and how far it is behind, by label.
    gauges: BTreeMap<Line, [u64; 2]>,
}

/// A pattern or the name of a middleware, and where it was written.
type Line = (Box<str>, Box<str>);

/// How many labels each kind has, unless told.
const LABELS: usize = 100;

impl Collector {
    /// Of this bus.
    pub fn new(bus: &Bus) -> Self {
        Self {
            bus: bus.downgrade(),
            topics: Bounded::new(LABELS),
            subscriptions: Bounded::new(LABELS),
            middleware: Bounded::new(LABELS),
            told: Told::default(),
        }
    }

    /// How many topics, how many subscriptions and how many middlewares have labels of their own, 100 unless told. All others
    /// are one, `$other`; with 0 all are.
    #[must_use]
    pub fn labels(mut self, at_most: usize) -> Self {
        self.topics.limit(at_most);
        self.subscriptions.limit(at_most);
        self.middleware.limit(at_most);
        self
    }

    /// Tells what was counted since the last time, to the recorder that `metrics` has in this thread. `false` if the bus is gone:
    /// then there is nothing to tell any more.
    #[must_use = "`false` says that the bus is gone"]
    pub fn collect(&mut self) -> bool {
        let Some(bus) = self.bus.upgrade() else { return false };
        let topology = bus.topology();
        drop(bus);
        self.topics(&topology.topics);
        self.subscriptions(&topology.subscriptions);
        self.middleware(&topology.middleware);
        gauge!("rem_topics").set(float(topology.topics.len() as u64));
        gauge!("rem_subscriptions").set(float(topology.subscriptions.len() as u64));
        gauge!("rem_children").set(float(topology.children.len() as u64));
        true
    }

    fn topics(&mut self, reports: &[TopicReport]) {
        let mut now = HashMap::with_capacity(reports.len());
        for report in reports {
            let before = self.told.topics.get(&report.topic).copied().unwrap_or_default();
            let has_own = self.topics.has_own(&report.topic);
            let topic = if has_own { report.topic.as_str() } else { OTHER };
            // Fewer than before: the bus has forgotten the topic meanwhile, and counted anew.
            let more = report.published.checked_sub(before).unwrap_or(report.published);
            counter!("rem_published_total", "topic" => topic.to_owned()).increment(more);
            now.insert(report.topic.clone(), report.published);
        }
        self.told.topics = now;
    }

    fn subscriptions(&mut self, reports: &[SubscriptionReport]) {
        let mut now = HashMap::with_capacity(reports.len());
        // Those of a label that nobody has any more are at 0.
        let mut gauges: BTreeMap<Line, [u64; 2]> =
            mem::take(&mut self.told.gauges).into_keys().map(|line| (line, [0, 0])).collect();
        for report in reports {
            let line = own_or_other(&mut self.subscriptions, line(&report.pattern, report.place));
            let before = self.told.subscriptions.get(&report.id).copied().unwrap_or_default();
            let stats = report.stats;
            for (name, before, now) in [
                ("rem_delivered_total", before.delivered, stats.delivered),
                ("rem_dropped_total", before.dropped, stats.dropped),
                ("rem_failed_total", before.failed, stats.failed),
                ("rem_mismatched_total", before.mismatched, stats.mismatched),
                ("rem_missed_total", before.missed, stats.missed),
            ] {
                counter!(name, labels("pattern", &line)).increment(now.saturating_sub(before));
            }
            let [waiting, lag] = gauges.entry(line).or_default();
            *waiting += stats.deferred;
            *lag = report.lag.max(*lag);
            now.insert(report.id, stats);
        }
        for (line, [waiting, lag]) in &gauges {
            gauge!("rem_waiting", labels("pattern", line)).set(float(*waiting));
            gauge!("rem_lag", labels("pattern", line)).set(float(*lag));
        }
        (self.told.subscriptions, self.told.gauges) = (now, gauges);
    }

    fn middleware(&mut self, reports: &[MiddlewareReport]) {
        // One line may have added it to many buses: they are told as one.
        let mut now: HashMap<Line, [u64; 2]> = HashMap::new();
        for report in reports {
            let line = own_or_other(&mut self.middleware, line(&report.name, report.place));
            let [stopped, failed] = now.entry(line).or_default();
            *stopped += report.stats.stopped;
            *failed += report.stats.failed;
        }
        for (line, [stopped, failed]) in &now {
            let [stopped_before, failed_before] =
                self.told.middleware.get(line).copied().unwrap_or_default();
            counter!("rem_middleware_stopped_total", labels("middleware", line))
                .increment(stopped.saturating_sub(stopped_before));
            counter!("rem_middleware_failed_total", labels("middleware", line))
                .increment(failed.saturating_sub(failed_before));
        }
        self.told.middleware = now;
    }
}

fn line(name: &str, place: &Location<'_>) -> Line {
    (name.into(), format!("{}:{}", place.file(), place.line()).into())
}

fn own_or_other(bounded: &mut Bounded<Line>, line: Line) -> Line {
    if bounded.has_own(&line) { line } else { (OTHER.into(), OTHER.into()) }
}

fn labels(name: &'static str, (value, at): &Line) -> Vec<Label> {
    vec![Label::new(name, value.to_string()), Label::new("at", at.to_string())]
}

#[expect(clippy::cast_precision_loss, reason = "a gauge is a float, exact up to 2^53")]
fn float(count: u64) -> f64 {
    count as f64
}

impl fmt::Debug for Collector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Collector")
            .field("topics", &self.told.topics.len())
            .field("subscriptions", &self.told.subscriptions.len())
            .finish_non_exhaustive()
    }
}

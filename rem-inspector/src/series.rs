//! [`Series`]: how many events of each topic came in each of the last seconds, while a client is attached.

use std::collections::{HashMap, HashSet, VecDeque};
use std::time::{Duration, Instant};

use rem_core::__private::number;
use rem_core::{DeliveryReport, SubscriptionId, Topology};
use serde::Serialize;

/// How long a step is.
pub(crate) const STEP: Duration = Duration::from_secs(1);
/// How many steps are kept.
const STEPS: usize = 60;
/// Of how many topics.
const TOPICS: usize = 10_000;
/// How many topics one message tells of.
const TOLD: usize = 500;

/// Counts of the last seconds.
#[derive(Debug, Default)]
pub(crate) struct Series {
    at: Option<Instant>,
    whole: Counts,
    topics: HashMap<String, Counts>,
    subscriptions: HashMap<u64, Numbers>,
    shape: Shape,
    /// Changes when topics, types or subscriptions come or go.
    shapes: u64,
    /// How often it was counted.
    pub(crate) turn: u64,
    changed: Changed,
}

/// Of a topic, or of all.
#[derive(Debug, Default)]
struct Counts {
    published: u64,
    steps: VecDeque<u64>,
    /// Events a second in the last step.
    rate: Option<f64>,
}

/// Of a subscription: delivered, deferred, dropped, failed, depth, lag.
type Numbers = (u64, u64, u64, u64, u64, u64);

type Shape = (usize, usize, usize, usize, Option<u64>);

/// What the last step changed.
#[derive(Debug, Default, Clone, Serialize)]
pub(crate) struct Changed {
    pub(crate) published: u64,
    pub(crate) rate: Option<f64>,
    topics: Vec<(String, u64, u64)>,
    subscriptions: Vec<(u64, u64, u64, u64, u64, u64, u64)>,
    shape: u64,
}

impl Counts {
    /// A step more: of the first nothing is known but where it begins.
    fn step(&mut self, published: u64, took: Option<Duration>) -> u64 {
        let came = published.saturating_sub(self.published);
        self.published = published;
        let Some(took) = took else { return 0 };
        if self.steps.len() == STEPS {
            self.steps.pop_front();
        }
        self.steps.push_back(came);
        #[expect(clippy::cast_precision_loss, reason = "events of a second")]
        let rate = came as f64 / took.as_secs_f64().max(f64::EPSILON);
        self.rate = Some((rate * 10.0).round() / 10.0);
        came
    }
}

impl Series {
    /// Whether the last step is over.
    pub(crate) fn is_due(&self) -> bool {
        self.at.is_none_or(|at| at.elapsed() >= STEP)
    }

    /// Counts a step: what has been published in all, and what there is, but for subscriptions of the inspector.
    pub(crate) fn count(
        &mut self,
        published: u64,
        topology: &Topology,
        own: &HashSet<SubscriptionId>,
    ) {
        let now = Instant::now();
        let took = self.at.map(|at| now.saturating_duration_since(at));
        self.at = Some(now);
        self.turn += 1;
        self.whole.step(published, took);
        let mut topics = Vec::new();
        for report in &topology.topics {
            let known = self.topics.len();
            let counts = match self.topics.get_mut(report.topic.as_str()) {
                Some(counts) => counts,
                None if known < TOPICS => {
                    let counts = self.topics.entry(report.topic.to_string()).or_default();
                    // One that is new came in this step.
                    counts.published = if took.is_some() { 0 } else { report.published };
                    counts
                }
                None => continue,
            };
            let came = counts.step(report.published, took);
            if came > 0 {
                topics.push((report.topic.to_string(), report.published, came));
            }
        }
        let there: HashSet<&str> =
            topology.topics.iter().map(|topic| topic.topic.as_str()).collect();
        self.topics.retain(|topic, _| there.contains(topic.as_str()));
        topics.sort_unstable_by_key(|(_, _, came)| std::cmp::Reverse(*came));
        topics.truncate(TOLD);
        let subscriptions = self.subscribed(topology, own);
        let others = topology.subscriptions.iter().filter(|report| !own.contains(&report.id));
        let newest: Vec<u64> = others.map(|report| number(report.id)).collect();
        let shape = (
            topology.topics.len(),
            topology.event_types.len(),
            topology.children.len(),
            newest.len(),
            newest.last().copied(),
        );
        if self.shape != shape {
            self.shape = shape;
            self.shapes += 1;
        }
        let rate = self.whole.rate;
        self.changed = Changed { published, rate, topics, subscriptions, shape: self.shapes };
    }

    fn subscribed(
        &mut self,
        topology: &Topology,
        own: &HashSet<SubscriptionId>,
    ) -> Vec<(u64, u64, u64, u64, u64, u64, u64)> {
        let mut now = HashMap::new();
        let mut changed = Vec::new();
        for report in topology.subscriptions.iter().filter(|report| !own.contains(&report.id)) {
            let depth = match &report.delivery {
                DeliveryReport::Queue { depth, .. } | DeliveryReport::Task { depth, .. } => {
                    *depth as u64
                }
                _ => 0,
            };
            let stats = &report.stats;
            let numbers =
                (stats.delivered, stats.deferred, stats.dropped, stats.failed, depth, report.lag);
            let id = number(report.id);
            if self.subscriptions.get(&id) != Some(&numbers) {
                let (delivered, deferred, dropped, failed, depth, lag) = numbers;
                changed.push((id, delivered, deferred, dropped, failed, depth, lag));
            }
            now.insert(id, numbers);
        }
        self.subscriptions = now;
        changed
    }

    /// What the last step changed.
    pub(crate) fn changed(&self) -> &Changed {
        &self.changed
    }

    /// The rate and the steps of a topic.
    pub(crate) fn of(&self, topic: &str) -> (Option<f64>, Vec<u64>) {
        self.topics.get(topic).map_or((None, Vec::new()), Counts::told)
    }

    /// The same of all.
    pub(crate) fn of_all(&self) -> (Option<f64>, Vec<u64>) {
        self.whole.told()
    }
}

impl Counts {
    fn told(&self) -> (Option<f64>, Vec<u64>) {
        (self.rate, self.steps.iter().copied().collect())
    }
}

//! What is told of one topic, one subscription, one middleware.

use std::fmt;
use std::panic::Location;
use std::sync::Arc;

use rem_patterns::Topic;
use serde::{Serialize, Serializer};

use super::{MiddlewareStats, SubscriptionStats};
use crate::durable::PositionReport;
use crate::middleware::Bound;
use crate::queue::Overflow;
use crate::subscription::{Entry, SubscriptionId};
use crate::task::TaskCounts;

/// A topic that was published to.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TopicReport {
    /// The topic, from the root.
    pub topic: Topic,
    /// How many events were recorded under it, as long as it is kept; one that nobody listened to and no history keeps is
    /// not counted.
    pub published: u64,
    /// Which subscriptions would have an event of it now, oldest first: of this bus and those below it.
    pub heard_by: Vec<SubscriptionId>,
}

/// A subscription.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SubscriptionReport {
    /// Its identity.
    pub id: SubscriptionId,
    /// What it selects: from the root bus, or below any scope for a subscription by type.
    pub pattern: Box<str>,
    /// The name of the event type that it takes; `None` for any.
    pub event_type: Option<&'static str>,
    /// The prefix of the bus it was made on; `None` for the root.
    pub prefix: Option<Topic>,
    /// How events reach its handler.
    pub delivery: DeliveryReport,
    /// Its priority among inline handlers.
    pub priority: i32,
    /// Where it was made.
    pub place: &'static Location<'static>,
    /// What became of its events.
    pub stats: SubscriptionStats,
    /// The position that it keeps, of a durable one; its name is that from the root bus.
    pub durable: Option<PositionReport>,
    /// How far it is behind: how many numbers the bus has given out since that of the oldest event in its queue, or, while it
    /// reads the past, since that which it reads next; of a durable one, how many are committed beyond its position. 0 for one
    /// that has all.
    pub lag: u64,
    /// What its last failure said.
    pub last_error: Option<Arc<str>>,
}

/// How events reach a handler. As JSON its kind is a member beside the others, `inline`, `queue` or `task`.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum DeliveryReport {
    /// By a call in the thread that publishes.
    Inline,
    /// By a queue that somebody reads.
    #[non_exhaustive]
    Queue {
        /// How many events it has room for.
        capacity: usize,
        /// How many wait to be read.
        depth: usize,
        /// What happens when it is full.
        #[serde(serialize_with = "as_text")]
        overflow: Overflow,
    },
    /// By an async handler.
    #[non_exhaustive]
    Task {
        /// How many events its queue has room for.
        capacity: usize,
        /// How many wait there.
        depth: usize,
        /// What happens when it is full.
        #[serde(serialize_with = "as_text")]
        overflow: Overflow,
        /// How many calls may run at a time.
        concurrency: usize,
        /// How many run.
        running: usize,
        /// How many events wait behind others of their keys.
        parked: usize,
        /// How many events wait to be tried again.
        retrying: usize,
        /// How often events were tried again.
        retries: u64,
        /// How many dead letters are kept.
        dead_letters: usize,
    },
}

/// Middleware.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct MiddlewareReport {
    /// Its name.
    pub name: Arc<str>,
    /// Which topics it sees, from the root.
    pub pattern: Box<str>,
    /// Where it was added.
    pub place: &'static Location<'static>,
    /// What it did to events.
    pub stats: MiddlewareStats,
}

impl SubscriptionReport {
    /// `last`: the last number that the bus gave out.
    pub(super) fn of(entry: &Entry, last: u64) -> Self {
        let delivery = DeliveryReport::of(entry);
        let oldest = entry.reads().or_else(|| entry.queue()?.oldest());
        let durable = entry.progress().map(|progress| PositionReport::of(entry, progress));
        Self {
            id: entry.id,
            pattern: entry.pattern.as_str().into(),
            event_type: entry.wanted.map(|wanted| wanted.schema.name),
            prefix: entry.prefix.clone(),
            delivery,
            priority: entry.priority,
            place: entry.place,
            stats: entry.stats(),
            lag: match &durable {
                Some(position) => position.lag,
                None => oldest.map_or(0, |oldest| (last + 1).saturating_sub(oldest)),
            },
            durable,
            last_error: entry.last_error(),
        }
    }
}

fn as_text<S: Serializer>(shown: &impl fmt::Display, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(shown)
}

impl DeliveryReport {
    fn of(entry: &Entry) -> Self {
        let Some(queue) = entry.queue() else { return Self::Inline };
        let (capacity, depth) = (queue.capacity(), queue.len());
        let overflow = queue.overflow().clone();
        let Some(desk) = entry.task() else { return Self::Queue { capacity, depth, overflow } };
        let TaskCounts { running, parked, retrying, dead_letters, retries } = desk.counts();
        let concurrency = desk.concurrency as usize;
        Self::Task {
            capacity,
            depth,
            overflow,
            concurrency,
            running,
            parked,
            retrying,
            retries,
            dead_letters,
        }
    }
}

impl MiddlewareReport {
    pub(crate) fn of(bound: &Bound) -> Self {
        let (name, pattern) = (Arc::from(&**bound.name), bound.pattern.as_str().into());
        Self { name, pattern, place: bound.place, stats: bound.stats() }
    }
}

impl fmt::Display for TopicReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: published {}, ", self.topic, self.published)?;
        match self.heard_by.len() {
            0 => f.write_str("heard by nobody"),
            count => write!(f, "heard by {count}"),
        }
    }
}

impl fmt::Display for DeliveryReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inline => f.write_str("inline"),
            Self::Queue { capacity, depth, overflow } => {
                write!(f, "queue {depth}/{capacity}, {overflow}")
            }
            Self::Task {
                capacity,
                depth,
                overflow,
                concurrency,
                running,
                parked,
                retrying,
                retries,
                dead_letters,
            } => {
                write!(f, "task {running}/{concurrency}, queue {depth}/{capacity}, {overflow}")?;
                let counts = [
                    ("parked", *parked as u64),
                    ("retrying", *retrying as u64),
                    ("retries", *retries),
                    ("dead letters", *dead_letters as u64),
                ];
                for (name, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
                    write!(f, ", {name} {count}")?;
                }
                Ok(())
            }
        }
    }
}

impl fmt::Display for SubscriptionReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, pattern, place, delivery, stats, .. } = self;
        write!(f, "{id} to `{pattern}` ({place}): {delivery}; {stats}")?;
        if let Some(PositionReport { name, position, .. }) = &self.durable {
            write!(f, ", durable `{name}` at {position}")?;
        }
        if self.lag > 0 {
            write!(f, ", {} behind", self.lag)?;
        }
        match &self.last_error {
            Some(error) => write!(f, "; last error: {error}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for MiddlewareReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, pattern, place, stats } = self;
        write!(f, "{name} on `{pattern}` ({place})")?;
        if *stats == MiddlewareStats::default() { Ok(()) } else { write!(f, ": {stats}") }
    }
}

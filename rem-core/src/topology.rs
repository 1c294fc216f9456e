//! What a bus consists of at one moment, for people and tools to look at: [`Bus::topology`] and [`Bus::stats`].

mod report;
mod stats;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use rem_patterns::Topic;

use crate::bus::{Bus, State};
use crate::event::Schema;
use crate::history::HistoryReport;
use crate::route::{Known, lies_below};
use crate::subscription::{Entry, SubscriptionId};

pub use report::{DeliveryReport, MiddlewareReport, SubscriptionReport, TopicReport};
pub use stats::{MiddlewareStats, Stats, SubscriptionStats};

/// What a bus consists of at one moment: see [`Bus::topology`].
///
/// ```
/// use rem_core::{Bus, Event};
///
/// let bus = Bus::new();
/// let _sub = bus.subscribe("order.**", |_: &Event| ())?;
/// let topology = bus.topology();
/// assert_eq!(&*topology.subscriptions[0].pattern, "order.**");
/// println!("{topology}"); // all of it, a line each
/// # Ok::<(), rem_core::SubscribeError>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Topology {
    /// What every topic of the bus begins with; `None` for a root.
    pub prefix: Option<Topic>,
    /// The event types that were published or subscribed to, by name.
    pub event_types: Vec<&'static Schema>,
    /// The topics that were published to and are kept, in their order.
    pub topics: Vec<TopicReport>,
    /// The subscriptions, oldest first.
    pub subscriptions: Vec<SubscriptionReport>,
    /// The middleware, each bus's in the order in which a draft meets it.
    pub middleware: Vec<MiddlewareReport>,
    /// The prefixes of the open child buses, in their order.
    pub children: Vec<Topic>,
    /// What the history keeps and has let go; `None` without one, and of a child, for it is that of all.
    pub history: Option<HistoryReport>,
}

impl Topology {
    /// The topics that were published to and that no subscription would have now.
    pub fn unheard(&self) -> impl Iterator<Item = &TopicReport> {
        self.topics.iter().filter(|topic| topic.heard_by.is_empty())
    }

    /// The subscriptions that select none of the topics that were published to: a pattern with a slip of the pen perhaps,
    /// or of something that has not happened yet.
    pub fn idle(&self) -> impl Iterator<Item = &SubscriptionReport> {
        self.subscriptions.iter().filter(|subscription| {
            !self.topics.iter().any(|topic| topic.heard_by.contains(&subscription.id))
        })
    }
}

impl Bus {
    /// What this bus consists of: topics, subscriptions with what became of their events, middleware, children, event
    /// types. Cut to the bus's prefix: what lies above a child is not seen from it.
    ///
    /// ```
    /// use rem_core::{Bus, Event};
    ///
    /// let bus = Bus::new();
    /// let _sub = bus.subscribe("order.**", |_: &Event| ())?;
    /// let topology = bus.topology();
    /// assert_eq!(&*topology.subscriptions[0].pattern, "order.**");
    /// println!("{topology}");
    /// # Ok::<(), rem_core::SubscribeError>(())
    /// ```
    ///
    /// # Cost
    /// A look at every topic that is kept and at every subscription. Publishers do not wait for it; what is counted
    /// meanwhile may be in one number and not yet in another.
    pub fn topology(&self) -> Topology {
        let buses = open_buses(self.state_arc());
        let mut event_types: Vec<&Schema> = Vec::new();
        let mut topics = Topics::default();
        for bus in &buses {
            let (schemas, fixed) = bus.types.all();
            if is_at_or_below(bus.prefix(), self.state().prefix()) {
                event_types.extend(schemas);
            }
            topics.add(self.state(), fixed);
        }
        let core = &self.state().core;
        topics.add(self.state(), core.router.known_by_text());
        let mut entries = entries(self.state());
        entries.sort_by_key(|entry| entry.id);
        event_types.extend(entries.iter().filter_map(|entry| Some(entry.wanted?.schema)));
        event_types.sort_by_key(|schema| (schema.name, schema.namespace));
        event_types.dedup_by_key(|schema| (schema.name, schema.namespace));
        let last = core.last_sequence();
        let below = buses.iter().filter(|bus| is_at_or_below(bus.prefix(), self.state().prefix()));
        let mut children: Vec<Topic> =
            below.clone().skip(1).filter_map(|bus| bus.prefix_topic().cloned()).collect();
        children.sort();
        Topology {
            prefix: self.prefix().cloned(),
            event_types,
            topics: topics.reports(),
            subscriptions: entries
                .iter()
                .map(|entry| SubscriptionReport::of(entry, last))
                .collect(),
            middleware: below.flat_map(|bus| bus.own_middleware()).collect(),
            children,
            history: core
                .history
                .as_ref()
                .filter(|_| self.prefix().is_none())
                .map(|it| it.report()),
        }
    }

    /// The numbers of this bus, added up; of a child, of what lies below its prefix.
    ///
    /// ```
    /// let bus = rem_core::Bus::new();
    /// assert_eq!(bus.stats().published, 0);
    /// println!("{}", bus.stats());
    /// ```
    ///
    /// # Cost
    /// As for [`topology`](Self::topology).
    pub fn stats(&self) -> Stats {
        let topology = self.topology();
        let core = &self.state().core;
        let published = match self.prefix() {
            None => core.last_sequence(),
            Some(_) => topology.topics.iter().map(|topic| topic.published).sum(),
        };
        let total = topology.subscriptions.iter().map(|subscription| subscription.stats).sum();
        Stats {
            published,
            topics: topology.topics.len(),
            subscriptions: topology.subscriptions.len(),
            children: topology.children.len(),
            total,
            middleware: topology.middleware.iter().map(|middleware| middleware.stats).sum(),
        }
    }
}

/// The bus itself first, then all other open buses of its root.
fn open_buses(bus: &Arc<State>) -> Vec<Arc<State>> {
    let mut buses = vec![Arc::clone(bus)];
    let above = std::iter::successors(bus.parent(), |parent| parent.parent());
    buses.extend(above.map(Arc::clone));
    for child in bus.core.open_children() {
        if !buses.iter().any(|bus| Arc::ptr_eq(bus, &child)) {
            buses.push(child);
        }
    }
    buses
}

/// The subscriptions made on a bus and below it.
fn entries(bus: &State) -> Vec<Arc<Entry>> {
    let mut entries = bus.core.entries();
    entries.retain(|entry| is_at_or_below(entry.prefix(), bus.prefix()));
    entries
}

fn is_at_or_below(prefix: &str, of: &str) -> bool {
    prefix == of || lies_below(prefix, of)
}

/// What is told of topics, each once, whichever buses it was published on.
#[derive(Default)]
struct Topics(BTreeMap<Topic, (u64, BTreeSet<SubscriptionId>)>);

impl Topics {
    fn add(&mut self, bus: &State, known: Vec<Arc<Known>>) {
        for known in known.into_iter().filter(|known| lies_below(known.topic(), bus.prefix())) {
            let (published, heard_by) = self.0.entry(known.topic().clone()).or_default();
            *published += known.published();
            let hearers = bus.core.router.hearers(&known);
            let own = hearers.iter().filter(|entry| is_at_or_below(entry.prefix(), bus.prefix()));
            heard_by.extend(own.map(|entry| entry.id));
        }
    }

    fn reports(self) -> Vec<TopicReport> {
        let report = |(topic, (published, heard_by)): (Topic, (u64, BTreeSet<_>))| {
            let heard_by = heard_by.into_iter().collect();
            TopicReport { topic, published, heard_by }
        };
        self.0.into_iter().map(report).collect()
    }
}

/// What a person wants to see: each part, a line an item.
impl fmt::Display for Topology {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.prefix {
            Some(prefix) => writeln!(f, "bus `{prefix}`")?,
            None => f.write_str("root bus\n")?,
        }
        list(f, "event types", self.event_types.iter().map(|schema| schema.name))?;
        list(f, "topics", &self.topics)?;
        list(f, "subscriptions", &self.subscriptions)?;
        list(f, "middleware", &self.middleware)?;
        list(f, "child buses", &self.children)?;
        list(f, "history", &self.history)
    }
}

fn list<T: fmt::Display>(
    f: &mut fmt::Formatter<'_>,
    name: &str,
    items: impl IntoIterator<Item = T>,
) -> fmt::Result {
    let mut items = items.into_iter().peekable();
    if items.peek().is_some() {
        writeln!(f, "{name}:")?;
    }
    items.try_for_each(|item| writeln!(f, "  {item}"))
}

//! [`Seen`]: what a running bus has seen, as plain values.

use rem_core::{Bus, DeliveryReport, SubscriptionReport, Topology};

/// Which topics were published, how often, and who subscribes.
///
/// It comes from a bus, `Seen::from(&bus)`, or from its [`Topology`]; it is plain, so that it can be put together from
/// several, or come from a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Seen {
    /// One entry a topic, whole, with the prefixes of child buses.
    pub published: Vec<Published>,
    /// One entry a subscription.
    pub subscribers: Vec<Subscriber>,
}

/// A topic that was published.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Published {
    /// The whole topic.
    pub topic: String,
    /// How many events.
    pub count: u64,
    /// The places among the subscribers of those who have them, if that is known; else their patterns tell.
    pub heard_by: Option<Vec<usize>>,
}

/// A subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Subscriber {
    /// The whole topics that it selects, as a pattern.
    pub pattern: String,
    /// The name of the event type that it takes; `None` for any.
    pub event_type: Option<String>,
    /// How events reach it, in a few words: `inline`, `queue of 16, drop oldest`.
    pub delivery: String,
    /// Where in the code it was made, or what it is called.
    pub place: String,
}

impl Seen {
    /// Of a bus that has seen nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with so many more events under a topic.
    #[must_use]
    pub fn published(mut self, topic: impl Into<String>, count: u64) -> Self {
        self.published.push(Published { topic: topic.into(), count, heard_by: None });
        self
    }

    /// The same with one more subscription.
    #[must_use]
    pub fn subscriber(mut self, subscriber: Subscriber) -> Self {
        self.subscribers.push(subscriber);
        self
    }
}

impl Subscriber {
    /// An inline subscription to these topics, of any event type. A text that is no pattern selects nothing.
    pub fn new(pattern: impl Into<String>) -> Self {
        let (delivery, place) = ("inline".to_owned(), String::new());
        Self { pattern: pattern.into(), event_type: None, delivery, place }
    }

    /// The same for events of one type, by its Rust name.
    #[must_use]
    pub fn event_type(mut self, name: impl Into<String>) -> Self {
        self.event_type = Some(name.into());
        self
    }

    /// The same with another delivery, in a few words.
    #[must_use]
    pub fn delivery(mut self, words: impl Into<String>) -> Self {
        self.delivery = words.into();
        self
    }

    /// The same, made there.
    #[must_use]
    pub fn place(mut self, place: impl Into<String>) -> Self {
        self.place = place.into();
        self
    }
}

/// What the bus tells of itself now: see [`Bus::topology`].
impl From<&Bus> for Seen {
    fn from(bus: &Bus) -> Self {
        Self::from(&bus.topology())
    }
}

impl From<&Topology> for Seen {
    fn from(topology: &Topology) -> Self {
        let subscriptions = &topology.subscriptions;
        let place = |id| subscriptions.iter().position(|subscription| subscription.id == id);
        // What a bus tells of itself stays where it is.
        let told = topology.topics.iter().filter(|report| !report.topic.is_system());
        let published = told.map(|report| Published {
            topic: report.topic.to_string(),
            count: report.published,
            heard_by: Some(report.heard_by.iter().filter_map(|id| place(*id)).collect()),
        });
        Self {
            published: published.collect(),
            subscribers: subscriptions.iter().map(Subscriber::from).collect(),
        }
    }
}

impl From<&SubscriptionReport> for Subscriber {
    fn from(report: &SubscriptionReport) -> Self {
        let delivery = match &report.delivery {
            DeliveryReport::Queue { capacity, overflow, .. } => {
                format!("queue of {capacity}, {overflow}")
            }
            // The rest says itself.
            other => other.to_string(),
        };
        Self {
            pattern: report.pattern.to_string(),
            event_type: report.event_type.map(str::to_owned),
            delivery,
            place: format!("{}:{}", report.place.file(), report.place.line()),
        }
    }
}

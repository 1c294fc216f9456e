//! [`Topology`]: what a running bus has seen, as plain values.

use rem_patterns::Pattern;

/// Which topics were published, how often, and who listens.
///
/// A plain structure, so that it can come from a bus of this process, another's, or a file.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Topology {
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
}

/// A subscription.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Subscriber {
    /// The whole topics that it selects.
    pub pattern: Pattern,
    /// The name of the event type that it is for, if it takes no other.
    pub event_type: Option<String>,
    /// How events reach it: `inline`, `queue of 16, drops the oldest`.
    pub delivery: String,
    /// Where in the code it was made, or what it is called.
    pub place: String,
}

impl Topology {
    /// Of a bus that has seen nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with so many more events under a topic.
    #[must_use]
    pub fn published(mut self, topic: impl Into<String>, count: u64) -> Self {
        self.published.push(Published { topic: topic.into(), count });
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
    /// An inline subscription to these topics, of any event type.
    pub fn new(pattern: Pattern) -> Self {
        Self { pattern, event_type: None, delivery: "inline".to_owned(), place: String::new() }
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

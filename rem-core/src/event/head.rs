//! [`Head`]: what every event has beside its data.

use std::fmt::DebugStruct;
use std::sync::atomic::{AtomicU64, Ordering};

use rem_patterns::Topic;

use super::view::Views;
use super::{EventId, Metadata, Source};
use crate::clock::Timestamp;

/// Everything in an envelope but the data.
pub(crate) struct Head {
    pub(crate) id: EventId,
    pub(crate) topic: Topic,
    pub(crate) timestamp: Timestamp,
    /// 0 until it is recorded. Atomic so that recording an event that has one owner needs no proof of it; it is
    /// written before the event is shared and never again.
    pub(super) sequence: AtomicU64,
    pub(crate) source: Option<Source>,
    pub(crate) metadata: Option<Box<Metadata>>,
    pub(crate) causation: Option<EventId>,
    pub(crate) correlation: Option<EventId>,
    /// Bytes of the topic that are the publishing bus's prefix, without the dot; at most 255.
    pub(crate) scope: u8,
    /// How many events have caused one another up to this one: 0 if nothing caused it. It stands beside `scope`, where there
    /// was room.
    pub(crate) depth: u32,
    pub(crate) views: Views,
}

/// The number of an event that has none yet.
pub(super) fn unrecorded() -> AtomicU64 {
    AtomicU64::new(0)
}

impl Head {
    /// Of an event that no bus makes.
    pub(crate) fn new(id: EventId, topic: Topic, scope: u8, timestamp: Timestamp) -> Self {
        Self {
            id,
            topic,
            timestamp,
            sequence: unrecorded(),
            source: None,
            metadata: None,
            causation: None,
            correlation: None,
            scope,
            depth: 0,
            views: Views::default(),
        }
    }

    pub(crate) fn sequence(&self) -> Option<u64> {
        match self.sequence.load(Ordering::Relaxed) {
            0 => None,
            sequence => Some(sequence),
        }
    }

    pub(crate) fn set_sequence(&self, sequence: u64) {
        self.sequence.store(sequence, Ordering::Relaxed);
    }

    pub(crate) fn scoped_topic(&self) -> &str {
        below(&self.topic, usize::from(self.scope))
    }

    /// The same head for another view of the data.
    pub(crate) fn copy(&self) -> Self {
        Self {
            id: self.id,
            topic: self.topic.clone(),
            timestamp: self.timestamp,
            sequence: AtomicU64::new(self.sequence.load(Ordering::Relaxed)),
            source: self.source.clone(),
            metadata: self.metadata.clone(),
            causation: self.causation,
            correlation: self.correlation,
            scope: self.scope,
            depth: self.depth,
            views: Views::default(),
        }
    }

    pub(crate) fn debug(&self, out: &mut DebugStruct<'_, '_>) {
        out.field("id", &self.id)
            .field("topic", &self.topic)
            .field("timestamp", &self.timestamp)
            .field("sequence", &self.sequence());
        if let Some(source) = &self.source {
            out.field("source", source);
        }
        if let Some(metadata) = &self.metadata {
            out.field("metadata", metadata);
        }
        if let Some(causation) = &self.causation {
            out.field("causation", causation);
        }
        if let Some(correlation) = &self.correlation {
            out.field("correlation", correlation);
        }
        if self.scope > 0 {
            out.field("scope", &self.scope);
        }
    }
}

/// The text of a topic below a prefix of `scope` bytes.
pub(crate) fn below(topic: &str, scope: usize) -> &str {
    match scope {
        0 => topic,
        _ => topic.get(scope + 1..).unwrap_or_default(),
    }
}

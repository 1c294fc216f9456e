//! [`Parts`]: the event types nested in what is published under a topic.

use std::any::TypeId;

use crate::event::{Payload, TopicWriter};

/// The values nested in those of one topic, from the outermost in: of which type, and under which topic they would be
/// published alone. A subscription by type sees an event of its type either way.
///
/// Nearly every topic has none. All values under one topic that are of one type have the same, for the topic names the
/// variant.
#[derive(Debug, Default)]
pub(crate) struct Parts {
    whole: Option<TypeId>,
    parts: Box<[(TypeId, Box<str>)]>,
}

impl Parts {
    /// Those of `data`.
    pub(super) fn of(data: &dyn Payload) -> Self {
        let mut parts = Vec::new();
        let mut part = data.part();
        while let Some(at) = part {
            let mut writer = TopicWriter::new();
            if let Some(topic) = writer.full("", at.payload()) {
                parts.push((at.payload().type_id(), topic.into()));
            }
            part = at.payload().part();
        }
        Self { whole: whole(data), parts: parts.into() }
    }

    /// The type of the values, if they have parts.
    pub(super) fn whole(&self) -> Option<TypeId> {
        self.whole
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (TypeId, &str)> {
        self.parts.iter().map(|(part, topic)| (*part, &**topic))
    }
}

/// What [`Parts::whole`] of the parts of `data` would be.
pub(super) fn whole(data: &dyn Payload) -> Option<TypeId> {
    data.part().map(|_| data.type_id())
}

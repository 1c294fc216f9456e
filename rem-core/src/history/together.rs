//! [`together`]: several events that go, in the place of one.
//!
//! What a history let go is given back by every publish of a full ring, and is no wider than one event there: a choice
//! between one and many cost each of them 70 instructions (measured on 2026-11-28, by callgrind over a loop of publishes).

use std::fmt;
use std::mem;
use std::sync::Arc;

use rem_patterns::Topic;

use crate::clock::Timestamp;
use crate::deliver::each_quietly;
use crate::event::{Event, EventId, EventType, Head, Schema, TopicWriter};

/// An event that nobody publishes, and that holds others.
pub(super) fn together(events: Vec<Arc<Event>>) -> Arc<Event> {
    let topic = Topic::from_static("$rem.evicted");
    let head = Head::new(EventId::NIL, topic, 0, Timestamp::from_nanos(0));
    Arc::new(Event { head, data: Several(events) })
}

#[derive(Debug)]
struct Several(Vec<Arc<Event>>);

impl EventType for Several {
    const SCHEMA: Schema = Schema::new("Several", "$rem", &[]);

    fn leaf(&self) -> usize {
        usize::MAX
    }

    fn write_topic(&self, _: &mut TopicWriter) -> fmt::Result {
        Err(fmt::Error)
    }
}

/// Each by itself: their data is the users' to drop.
impl Drop for Several {
    fn drop(&mut self) {
        each_quietly(mem::take(&mut self.0));
    }
}

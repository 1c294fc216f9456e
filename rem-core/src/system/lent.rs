//! [`tell`]: system events of the crates that are built on the core.

use rem_patterns::Topic;

use super::hand_over;
use crate::bus::Bus;
use crate::event::{EventType, TopicWriter};

/// Tells those who listen on the bus or above it about something that concerns the bus, under the topic of the event's variant,
/// whose namespace begins with `$`. With nobody listening `event` is not made.
pub fn tell<E: EventType>(bus: &Bus, event: impl FnOnce() -> E) {
    let state = bus.state();
    if state.core.router.no_system_subscriptions() {
        return;
    }
    let data = event();
    let mut writer = TopicWriter::new();
    let topic = writer.full("", &data).and_then(|text| Topic::parse(text).ok());
    if let Some(topic) = topic.filter(Topic::is_system) {
        hand_over(&state.core, state.prefix(), &topic, data);
    }
}

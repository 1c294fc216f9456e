//! What is published, and the buses and handlers it is published to.

use std::fmt;
use std::hint::black_box;
use std::sync::Arc;

use rem::prelude::*;
use rem_benches::baseline::{HandWritten, Stamped};
use serde::{Deserialize, Serialize};

pub(crate) const TOPIC: &str = "system.provider.connected";

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
#[event(namespace = "system.provider")]
pub(crate) enum ProviderEvent {
    Connected(u64),
    #[event(topic = "by_name.{name}.limited")]
    Limited {
        name: Name,
        value: u64,
    },
}

/// A name without an allocation, so that the template's cost is the topic's.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Name(pub(crate) u64);

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

pub(crate) type Handler = Box<dyn Fn(&Arc<Stamped>) + Send + Sync>;

pub(crate) fn handlers(count: usize) -> Vec<Handler> {
    let handler = |_| -> Handler {
        Box::new(|event| {
            black_box(event.data);
        })
    };
    (0..count).map(handler).collect()
}

pub(crate) fn hand_written(count: usize) -> HandWritten {
    let written = HandWritten::default();
    for handler in handlers(count) {
        written.subscribe(TOPIC, handler);
    }
    written
}

/// A bus with so many inline handlers of the event type.
pub(crate) fn bus_with(handlers: usize, bus: Bus) -> Bus {
    for _ in 0..handlers {
        bus.on(|event: &Event<ProviderEvent>| match event.data {
            ProviderEvent::Connected(value) | ProviderEvent::Limited { value, .. } => {
                black_box(value);
            }
        })
        .detach();
    }
    bus
}

pub(crate) fn with_ring() -> Bus {
    Bus::builder().history(Ring::events(10_000)).build()
}

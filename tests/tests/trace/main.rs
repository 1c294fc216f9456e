//! What is seen of a bus from outside: traces over processes, spans with links, metrics with bounded labels.
#![expect(clippy::unwrap_used, reason = "what fails in a test should end it")]

mod context;
mod declared;
mod metrics;
mod recorded;
mod spans;
mod tasks;

use rem::prelude::*;

#[derive(EventType, Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[event(name = "tick")]
struct Tick(u64);

/// Publishes a tick less in each handling, until there is none left.
fn count_down(bus: &Bus) -> impl Fn(&Event<Tick>) + Send + Sync + 'static {
    let inner = bus.downgrade();
    move |event| {
        if let (Some(less), Some(bus)) = (event.data.0.checked_sub(1), inner.upgrade()) {
            bus.publish(Tick(less)).unwrap();
        }
    }
}

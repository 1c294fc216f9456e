//! A type with parameters without serde's traits, and one that has them, but not with this parameter.

use rem::{Bus, Event, EventType};
use serde::{Deserialize, Serialize};

#[derive(EventType, Debug)]
struct Changed<T> {
    value: T,
}

#[derive(EventType, Debug, Serialize, Deserialize)]
struct Stored<T> {
    value: T,
}

#[derive(Debug)]
struct Handle;

fn main() {
    let bus = Bus::new();
    let _ = bus.publish(Changed { value: 1 });
    let _ = bus.on(|_: &Event<Stored<Handle>>| {});
}

fn announce<T: Send + Sync + 'static>(bus: &Bus, value: T) {
    let _ = bus.publish(Stored { value });
}

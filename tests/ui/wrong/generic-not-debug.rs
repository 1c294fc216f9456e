//! A type with parameters that is not `Debug`: said where it is used, for it depends on them.

use rem::{Bus, EventType};
use serde::{Deserialize, Serialize};

#[derive(EventType, Clone, Serialize, Deserialize)]
struct Changed<T> {
    value: T,
}

fn main() {
    let _ = Bus::new().publish(Changed { value: 1 });
}

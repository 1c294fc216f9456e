//! Namespaces that no topic can begin with.

use rem::EventType;
use serde::{Deserialize, Serialize};

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
#[event(namespace = "order.*")]
enum Wildcard {
    Paid,
}

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
#[event(namespace = "")]
enum Empty {
    Paid,
}

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
#[event(namespace = "order.{id}")]
enum Template {
    Paid { id: u64 },
}

fn main() {}

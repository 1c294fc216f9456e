//! A field stands once.

use rem::EventType;
use serde::{Deserialize, Serialize};

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
enum OrderEvent {
    #[event(topic = "{id}.again.{id}")]
    Paid { id: u64 },
}

fn main() {}

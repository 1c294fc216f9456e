//! A field is a whole segment.

use rem::EventType;
use serde::{Deserialize, Serialize};

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
enum OrderEvent {
    #[event(topic = "order-{id}.paid")]
    Paid { id: u64 },
    #[event(topic = "{id}{id}.lost")]
    Lost { id: u64 },
    #[event(topic = "{id.found")]
    Found { id: u64 },
}

fn main() {}

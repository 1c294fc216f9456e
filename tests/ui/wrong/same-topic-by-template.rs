//! Templates that can have the topic of another variant.

use rem::EventType;
use serde::{Deserialize, Serialize};

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
enum OrderEvent {
    #[event(topic = "{id}.paid")]
    Paid { id: u64 },
    #[event(topic = "all.{state}")]
    All { state: String },
    #[event(topic = "all.lost")]
    Lost,
}

fn main() {}

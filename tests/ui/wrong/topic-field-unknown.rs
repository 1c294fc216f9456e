//! Fields that are not there.

use rem::EventType;
use serde::{Deserialize, Serialize};

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
enum OrderEvent {
    #[event(topic = "by_name.{nmae}.paid")]
    Misspelled { name: String },
    #[event(topic = "{customer}.lost")]
    Unlike { id: u64, name: String },
    #[event(topic = "{id}.found")]
    Unit,
    #[event(topic = "{1}.sent")]
    Tuple(u64),
    #[event(topic = "{}.back")]
    NoName { id: u64 },
}

fn main() {}

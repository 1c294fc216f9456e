//! Topics with what no topic may hold.

use rem::EventType;
use serde::{Deserialize, Serialize};

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
enum OrderEvent {
    #[event(topic = "paid.*")]
    Wildcard,
    #[event(topic = "paid..late")]
    EmptySegment,
    #[event(topic = "paid.")]
    TrailingDot,
    #[event(topic = "by id.{id}")]
    Blank { id: u64 },
    #[event(topic = "")]
    Empty,
}

fn main() {}

//! Two keys that say the same.

use rem::EventType;
use serde::{Deserialize, Serialize};

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
enum OrderEvent {
    #[event(name = "paid", topic = "paid.{id}")]
    Paid { id: u64 },
}

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
#[event(name = "placed", topic = "order.placed")]
struct Placed;

fn main() {}

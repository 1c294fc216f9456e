//! What is nested is one event type.

use rem::EventType;
use serde::{Deserialize, Serialize};

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
enum OrderEvent {
    #[event(nested)]
    Unit,
    #[event(nested)]
    Two(u8, u8),
    #[event(nested = "by")]
    Named { by: u8 },
}

fn main() {}

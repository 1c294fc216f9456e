//! A variant that is never published has no topic.

use rem::EventType;
use serde::{Deserialize, Serialize};

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
enum OrderEvent {
    #[event(skip, name = "paid")]
    Paid,
    #[event(skip, nested)]
    Lost(u8),
}

fn main() {}

//! A name has no fields.

use rem::EventType;
use serde::{Deserialize, Serialize};

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
enum OrderEvent {
    #[event(name = "{id}")]
    Paid { id: u64 },
}

fn main() {}

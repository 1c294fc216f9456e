//! A field takes no format.

use rem::EventType;
use serde::{Deserialize, Serialize};

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
enum OrderEvent {
    #[event(topic = "{id:04}.paid")]
    Paid { id: u64 },
}

fn main() {}

//! Two variants of one name.

use rem::EventType;
use serde::{Deserialize, Serialize};

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
enum OrderEvent {
    Paid,
    #[event(name = "paid")]
    Settled,
}

fn main() {}

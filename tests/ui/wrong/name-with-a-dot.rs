//! A name is one segment.

use rem::EventType;
use serde::{Deserialize, Serialize};

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
enum OrderEvent {
    #[event(name = "order.paid")]
    Paid,
}

fn main() {}

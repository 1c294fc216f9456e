//! Keys that take no value.

use rem::EventType;
use serde::{Deserialize, Serialize};

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
#[event(local = true)]
enum OrderEvent {
    #[event(skip = "yes")]
    Paid,
}

fn main() {}

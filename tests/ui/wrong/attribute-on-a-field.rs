//! A field has no attributes.

use rem::EventType;
use serde::{Deserialize, Serialize};

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
enum OrderEvent {
    Paid {
        #[event(name = "amount")]
        cents: u64,
    },
}

fn main() {}

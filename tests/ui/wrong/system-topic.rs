//! Topics that only REM publishes.

use rem::EventType;
use serde::{Deserialize, Serialize};

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
#[event(namespace = "$rem.order")]
enum OrderEvent {
    Paid,
}

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
#[event(topic = "$order.placed")]
struct Placed;

fn main() {}

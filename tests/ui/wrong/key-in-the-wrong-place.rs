//! Keys of the type on a variant, and the other way round.

use rem::EventType;
use serde::{Deserialize, Serialize};

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
#[event(name = "order", topic = "order.paid", skip)]
enum OrderEvent {
    #[event(namespace = "order", local)]
    Paid,
}

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
#[event(skip)]
struct Placed;

fn main() {}

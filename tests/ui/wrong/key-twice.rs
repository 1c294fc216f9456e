//! The same key twice, in one attribute and in two.

use rem::EventType;
use serde::{Deserialize, Serialize};

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
#[event(namespace = "order", namespace = "orders")]
enum OrderEvent {
    #[event(name = "paid")]
    #[event(name = "payed")]
    Paid,
}

fn main() {}

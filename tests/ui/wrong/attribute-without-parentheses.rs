//! Attributes that are not a list of keys.

use rem::EventType;
use serde::{Deserialize, Serialize};

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
#[event]
enum OrderEvent {
    #[event = "paid"]
    Paid,
    #[event(name("lost"))]
    Lost,
    #[event(name = )]
    Found,
}

fn main() {}

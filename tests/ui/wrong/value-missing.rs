//! Keys without the value they need.

use rem::EventType;
use serde::{Deserialize, Serialize};

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
#[event(namespace, rename_all, crate)]
enum OrderEvent {
    #[event(name)]
    Paid,
    #[event(topic)]
    Lost,
}

fn main() {}

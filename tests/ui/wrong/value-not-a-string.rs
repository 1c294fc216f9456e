//! Values of the wrong kind.

use rem::EventType;
use serde::{Deserialize, Serialize};

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
#[event(namespace = order)]
enum OrderEvent {
    #[event(name = 3)]
    Paid,
    #[event(topic = concat!("a", ".b"))]
    Lost,
    #[event(nested = true)]
    Other(u8),
}

fn main() {}

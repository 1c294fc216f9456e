//! Two nested types without a prefix between them.

use rem::EventType;
use serde::{Deserialize, Serialize};

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
enum HotEvent {
    Hit,
    Lost,
}

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
enum ColdEvent {
    Miss,
    Lost,
}

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
enum CacheEvent {
    #[event(nested = "")]
    Hot(HotEvent),
    #[event(nested = "")]
    Cold(ColdEvent),
}

fn main() {}

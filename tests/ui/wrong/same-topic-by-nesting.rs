//! A nested type with a topic that is there already.

use rem::EventType;
use serde::{Deserialize, Serialize};

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
enum CacheEvent {
    Hit,
    Miss,
}

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
enum ProviderEvent {
    #[event(topic = "cache.{state}")]
    State { state: String },
    #[event(nested)]
    Cache(CacheEvent),
}

fn main() {}

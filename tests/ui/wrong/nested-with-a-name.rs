//! The topics of a nested type are its own.

use rem::EventType;
use serde::{Deserialize, Serialize};

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
enum CacheEvent {
    Hit,
}

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
enum ProviderEvent {
    #[event(nested, name = "cache")]
    Cache(CacheEvent),
    #[event(nested = "other", topic = "cache")]
    Other(CacheEvent),
}

fn main() {}

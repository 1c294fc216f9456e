//! Prefixes that no topic can begin with.

use rem::EventType;
use serde::{Deserialize, Serialize};

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
enum CacheEvent {
    Hit,
}

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
enum ProviderEvent {
    #[event(nested = "cache.*")]
    Wildcard(CacheEvent),
    #[event(nested = "{0}")]
    Template(CacheEvent),
    #[event(nested = "cache.")]
    TrailingDot(CacheEvent),
}

fn main() {}

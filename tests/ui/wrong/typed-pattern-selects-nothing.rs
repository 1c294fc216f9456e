//! Patterns that select none of the type's topics, and the nearest one.

use rem::{EventType, pattern};
use serde::{Deserialize, Serialize};

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
enum CacheEvent {
    Hit,
    Miss { key: String },
}

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
#[event(namespace = "system.provider")]
enum ProviderEvent {
    Connected,
    #[event(topic = "by_name.{name}.rate_limited")]
    RateLimited { name: String },
    #[event(nested)]
    Cache(CacheEvent),
}

fn main() {
    let _ = pattern!(ProviderEvent, "conected");
    let _ = pattern!(ProviderEvent, "by_nam.*.rate_limited");
    let _ = pattern!(ProviderEvent, "by_name.*.*.rate_limited");
    let _ = pattern!(ProviderEvent, "cache.{hot,cold}");
    let _ = pattern!(ProviderEvent, "connected,!connected");
}

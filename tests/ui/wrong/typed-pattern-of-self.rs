//! The check does not know `Self`.

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

impl ProviderEvent {
    fn connected() {
        let _ = pattern!(Self, "connected");
    }
}

fn main() {
    ProviderEvent::connected();
}

//! The check does not know the parameters of what is around it.

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

fn any<E: EventType>() {
    let _ = pattern!(E, "connected");
}

fn main() {
    any::<ProviderEvent>();
}

//! A pattern is refused where it is written, called or not.

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

#[expect(dead_code, reason = "that it is never called is the point")]
fn never_called<T>(_: T) {
    let _ = pattern!(ProviderEvent, "lost");
}

fn main() {}

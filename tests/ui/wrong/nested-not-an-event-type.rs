//! What is nested has topics.

use rem::EventType;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Serialize, Deserialize)]
enum CacheState {
    Full,
}

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
enum ProviderEvent {
    Ready,
    #[event(nested)]
    Cache(CacheState),
}

fn main() {}

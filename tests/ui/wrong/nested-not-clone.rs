//! What is nested can be taken out, which clones it.

use rem::EventType;
use serde::{Deserialize, Serialize};

#[derive(EventType, Debug, Serialize, Deserialize)]
enum CacheEvent {
    Hit,
}

#[derive(EventType, Debug, Serialize, Deserialize)]
enum ProviderEvent {
    Ready,
    #[event(nested)]
    Cache(CacheEvent),
}

fn main() {}

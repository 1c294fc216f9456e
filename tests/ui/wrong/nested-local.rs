//! A type that is not local would carry one that is out of the process.

use rem::EventType;
use serde::{Deserialize, Serialize};

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
#[event(local)]
enum CacheEvent {
    Hit,
}

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
enum ProviderEvent {
    #[event(nested)]
    Cache(CacheEvent),
}

fn main() {}

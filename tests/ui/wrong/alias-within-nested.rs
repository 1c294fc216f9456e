//! Aliases of nested types are compared where constants are evaluated.

use rem::EventType;

#[derive(EventType, Debug, Clone)]
#[event(local)]
enum Cache {
    #[event(alias = "cold")]
    Miss,
}

#[derive(EventType, Debug)]
#[event(local)]
enum Provider {
    #[event(nested = "cache")]
    Cache(Cache),
    #[event(topic = "cache.cold")]
    Cold,
}

fn main() {}

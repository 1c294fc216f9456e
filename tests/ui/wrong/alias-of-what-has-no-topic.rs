//! What has no topic of its own has no other either.

use rem::EventType;

#[derive(EventType, Debug, Clone)]
#[event(name = "hit", local)]
struct Hit;

#[derive(EventType, Debug)]
#[event(local)]
enum Cache {
    #[event(nested, alias = "old")]
    Hit(Hit),
    #[event(skip, alias = "older")]
    Internal,
}

fn main() {}

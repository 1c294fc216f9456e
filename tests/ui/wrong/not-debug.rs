//! Every event can be shown.

use rem::EventType;

#[derive(EventType)]
#[event(local)]
struct Placed {
    id: u64,
}

fn main() {}

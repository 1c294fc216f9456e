//! No pattern selects what is never published.

use rem::{EventType, pattern};

#[derive(EventType, Debug)]
#[event(local)]
enum Internal {
    #[event(skip)]
    Tick,
}

fn main() {
    let _ = pattern!(Internal, "**");
}

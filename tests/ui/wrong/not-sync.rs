//! An event is read by many threads at once.

use std::cell::Cell;

use rem::EventType;

#[derive(EventType, Debug)]
#[event(local)]
struct Placed {
    id: Cell<u64>,
}

fn main() {}

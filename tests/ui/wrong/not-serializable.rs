//! An event that leaves the process needs serde.

use rem::EventType;
use serde::Serialize;

#[derive(EventType, Debug)]
struct Placed {
    id: u64,
}

#[derive(EventType, Debug, Serialize)]
struct Paid {
    id: u64,
}

fn main() {}

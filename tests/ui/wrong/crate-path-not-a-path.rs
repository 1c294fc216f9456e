//! `crate` takes a path, not its text.

use rem::EventType;

#[derive(EventType, Debug)]
#[event(local, crate = "rem")]
struct Placed;

fn main() {}

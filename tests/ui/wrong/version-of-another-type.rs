//! `upcast` gives the event type, from a struct that is one event.

use rem::EventType;
use serde::{Deserialize, Serialize};

#[derive(EventType, Debug, Serialize, Deserialize)]
enum Old {
    A(u32),
    B(u32),
}

#[derive(EventType, Debug, Serialize, Deserialize)]
#[event(name = "placed", version = 2, upcast = from_enum)]
struct Placed(u64);

fn from_enum(_: Old) -> Placed {
    Placed(1)
}

fn main() {}

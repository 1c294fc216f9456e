//! `upcast` gives the event type.

use rem::EventType;
use serde::{Deserialize, Serialize};

#[derive(EventType, Debug, Serialize, Deserialize)]
#[event(name = "placed")]
struct First(u32);

#[derive(EventType, Debug, Serialize, Deserialize)]
#[event(name = "placed", version = 2, upcast = number)]
struct Second(u64);

fn number(old: First) -> u64 {
    old.0.into()
}

fn main() {}

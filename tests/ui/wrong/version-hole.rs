//! The chain from version to version has no hole.

use rem::EventType;
use serde::{Deserialize, Serialize};

#[derive(EventType, Debug, Serialize, Deserialize)]
#[event(name = "placed")]
struct First(u32);

#[derive(EventType, Debug, Serialize, Deserialize)]
#[event(name = "placed", version = 3, upcast = from_first)]
struct Third(u64);

fn from_first(old: First) -> Third {
    Third(old.0.into())
}

fn main() {}

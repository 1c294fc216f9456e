//! Type and constant parameters.

use rem::EventType;
use serde::{Deserialize, Serialize};

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
struct Changed<T, const N: usize> {
    value: T,
}

fn main() {}

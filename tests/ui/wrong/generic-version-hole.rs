//! A hole between two versions of a type with parameters: seen where they are known.

use rem::{EventType, pattern};
use serde::{Deserialize, Serialize};

#[derive(EventType, Debug, Serialize, Deserialize)]
struct First<T> {
    value: T,
}

#[derive(EventType, Debug, Serialize, Deserialize)]
#[event(version = 3, upcast = Self::from_first)]
struct Third<T> {
    value: T,
}

impl<T> Third<T> {
    fn from_first(First { value }: First<T>) -> Self {
        Self { value }
    }
}

fn main() {
    let _ = pattern!(Third<u8>, "third");
}

//! An event owns its data.

use rem::EventType;
use serde::Serialize;

#[derive(EventType, Debug, Clone, Serialize)]
struct Changed<'a, T: Send> {
    name: &'a T,
}

fn main() {}

//! A union is no event.

use rem::EventType;

#[derive(EventType)]
union Either {
    number: u32,
    bytes: [u8; 4],
}

fn main() {}

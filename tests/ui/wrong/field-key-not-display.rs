//! A key is compared as text.

use rem::EventType;

#[derive(EventType, Debug)]
#[event(local)]
enum Order {
    Paid(#[event(key)] Vec<u8>),
}

fn main() {}

//! An event has one key.

use rem::EventType;

#[derive(EventType, Debug)]
#[event(local)]
enum Order {
    Paid {
        #[event(key)]
        order: u64,
        #[event(key)]
        customer: u64,
    },
}

fn main() {}

//! No two events are read under one topic, and an alias says something new.

use rem::EventType;

#[derive(EventType, Debug)]
#[event(local)]
enum Order {
    Paid,
    #[event(alias = "paid")]
    Settled,
    #[event(topic = "by.{id}", alias = "by.{id}")]
    By { id: u64 },
}

fn main() {}

//! An alias says as much as the topic.

use rem::EventType;

#[derive(EventType, Debug)]
#[event(local)]
enum Order {
    #[event(topic = "by.{id}.paid", alias = "paid")]
    Paid { id: u64 },
    #[event(alias = "sent.{id}")]
    Sent { id: u64 },
}

fn main() {}

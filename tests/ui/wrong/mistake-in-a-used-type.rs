//! A mistake in the derive brings no second error where the type is used.

use rem::EventType;
use serde::{Deserialize, Serialize};

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
#[event(namspace = "order")]
enum OrderEvent {
    Paid,
}

fn publish<E: EventType>(_: E) {}

fn main() {
    publish(OrderEvent::Paid);
    let _ = rem::pattern!(OrderEvent, "paid");
}

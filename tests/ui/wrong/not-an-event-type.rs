//! A type that does not derive `EventType`.

use rem::EventType;

#[derive(Debug)]
struct Placed;

fn publish<E: EventType>(_: E) {}

fn main() {
    publish(Placed);
}

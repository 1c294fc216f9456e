//! Subscribers and publishers of a type whose derive was forgotten.

use rem::{Bus, Event, Received};

#[derive(Debug, Clone)]
struct Placed;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let bus = Bus::new();
    let _ = bus.publish(Placed);
    let _ = bus.event(Placed);
    let _ = bus.on(|_: &Event<Placed>| {});
    let _ = bus.subscribe("order", |_: &Event<Placed>| {})?;
    let _ = bus.subscription("order").inline(|_: &Event<Placed>| {})?;
    let _ = bus.subscription("order").inline_received(|_: Received<Placed>| {})?;
    Ok(())
}

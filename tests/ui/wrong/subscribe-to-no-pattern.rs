//! What is subscribed to, and published under, is a text or a pattern.

use rem::{Bus, Event, EventType, pattern};

#[derive(EventType, Debug, Clone)]
#[event(local)]
struct Placed;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let bus = Bus::new();
    let _ = bus.subscribe(7, |_: &Event| {})?;
    let _ = bus.subscribe(Placed, |_: &Event| {})?;
    let _ = bus.on_pattern("placed", |_: &Event<Placed>| {});
    let _ = bus.on_pattern(pattern!("placed"), |_: &Event<Placed>| {});
    let _ = bus.publish_to("order.placed", "a text");
    Ok(())
}

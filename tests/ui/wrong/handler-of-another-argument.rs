//! Closures that take something else than a reference to an event.

use rem::{Bus, Event, EventType, Received, pattern};

#[derive(EventType, Debug, Clone)]
#[event(local)]
struct Placed;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let bus = Bus::new();
    let _ = bus.on(|_: Event<Placed>| {});
    let _ = bus.on(|_: &Placed| {});
    let _ = bus.on(|_: Received<Placed>| {});
    let _ = bus.on_pattern(pattern!(Placed, "*"), |_: Placed| {});
    let _ = bus.subscribe("order", |_: &Placed| {})?;
    let _ = bus.subscribe("order", |_: Event| {})?;
    let _ = bus.subscribe("order", |_: &Event, _: u8| {})?;
    let _ = bus.subscribe("order", || {})?;
    Ok(())
}

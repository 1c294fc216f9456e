//! Closures and functions that return what no handler returns.

use rem::{Bus, Event, EventType};

#[derive(EventType, Debug, Clone)]
#[event(local)]
struct Placed;

#[derive(Debug)]
struct Failure;

fn count(_: &Event) -> usize {
    1
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let bus = Bus::new();
    let _ = bus.on(|_: &Event<Placed>| true);
    let _ = bus.subscribe("order", count)?;
    let _ = bus.subscribe("order", |_: &Event| -> Result<(), Failure> { Ok(()) })?;
    let _ = bus.subscribe("order", |_: &Event| Ok::<u8, String>(1))?;
    let _ = bus.subscribe("order", async |_: &Event| {})?;
    Ok(())
}

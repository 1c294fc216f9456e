//! Handlers that cannot be called from every thread.

use std::cell::Cell;
use std::rc::Rc;

use rem::{Bus, Event};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let bus = Bus::new();
    let seen = Rc::new(Cell::new(0));
    let _ = bus.subscribe("order", move |_: &Event| seen.set(1))?;
    Ok(())
}

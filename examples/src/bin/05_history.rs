//! You will see the past asked: the last of a kind, since a time, of one source, and what is gone.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "a program speaks in a terminal")]

use std::error::Error;
use std::time::Duration;

use rem::Timestamp;
use rem::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
#[event(namespace = "stock")]
enum StockEvent {
    #[event(topic = "{item}.changed")]
    Changed { item: String, by: i32 },
}

fn main() -> Result<(), Box<dyn Error>> {
    // It keeps the newest eight events and never more.
    let bus = Bus::builder().history(Ring::events(8)).build();
    let begun: Timestamp = "2024-03-01T09:00:00Z".parse()?;
    for hour in 0..10_u8 {
        let item = if hour % 2 == 0 { "nails" } else { "screws" };
        let by = if hour % 3 == 0 { -5 } else { 20 };
        bus.event(StockEvent::Changed { item: item.to_owned(), by })
            .source(if hour % 3 == 0 { "shop" } else { "store" })
            .timestamp(begun + Duration::from_secs(3600) * hour.into())
            .publish()?;
    }

    let show = |title: &str, events: Vec<std::sync::Arc<Event>>| {
        println!("{title}");
        for event in events {
            println!("  {event}");
        }
    };
    show("all that is kept, oldest first", bus.query("**")?.events());
    show("the last two of nails", bus.query("stock.nails")?.last(2).events());
    show("since three", bus.query("stock")?.since("2024-03-01T15:00:00Z".parse()?).events());
    show("from the shop", bus.query("stock")?.source("shop").events());
    show("behind number 8", bus.query("stock")?.after(8).events());

    // Typed, to go on reckoning with.
    let events = bus.query("stock.screws")?.of::<StockEvent>();
    let sum: i32 = events
        .iter()
        .map(|event| match &event.data {
            StockEvent::Changed { by, .. } => by,
        })
        .sum();
    println!("screws, as far as is remembered: {sum:+}");

    if let Err(error) = Bus::new().query("stock") {
        println!("{error}");
    }
    Ok(())
}

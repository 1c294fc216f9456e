//! You will see the past asked: the last of a kind, since a time, of one source, and what is gone; and the past once more, on
//! another bus, faster than it was.
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

    // Once more, on a bus of its own: ten hours in a hundredth of a second, with nothing happening on this one.
    let sandbox = bus.sandbox().build();
    let _sub = sandbox.on(|event: &Event<StockEvent>| println!("  once more: {event}"));
    let replay = bus.replay("stock.screws")?.speed(3_600_000.0);
    let report = replay.on_progress(4, |progress| println!("{progress}")).to(&sandbox).run()?;
    println!("{report}");

    // A topic that talks much takes from its own room alone.
    let ring = Ring::events(8).quota("stock.nails", 2)?;
    let bus = Bus::builder().history(ring).build();
    for by in 1..=100 {
        let item = if by % 50 == 0 { "screws" } else { "nails" };
        bus.publish(StockEvent::Changed { item: item.to_owned(), by })?;
    }
    show("with a quota of two nails", bus.query("**")?.events());
    println!("{}", bus.topology().history.unwrap_or_default());

    if let Err(error) = Bus::new().query("stock") {
        println!("{error}");
    }
    Ok(())
}

//! You will see which patterns select which topics, what a pattern captures, and how a mistyped one is
//! told.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "a program speaks in a terminal")]

use std::error::Error;

use rem::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
#[event(namespace = "house")]
enum Reading {
    #[event(topic = "{room}.temperature")]
    Temperature { room: String, celsius: f32 },
    #[event(topic = "{room}.door.opened")]
    Opened { room: String },
    #[event(topic = "{room}.door.closed")]
    Closed { room: String },
}

const PATTERNS: [&str; 8] = [
    "house",                      // a name: itself and everything below
    "=house",                     // that topic alone
    "house.*.temperature",        // exactly one segment
    "**.{opened,closed}",         // any depth, then one of two
    "house.k*.**",                // a glob in a segment
    "house.{room}.door.>",        // a capture; one segment or more
    "house,!house.*.temperature", // a set: these and not those
    "house.[!c]*.**",             // not those that begin with c
];

fn main() -> Result<(), Box<dyn Error>> {
    let bus = Bus::new();
    let show = |pattern| bus.subscribe(pattern, move |_: &Event| println!("  {pattern}"));
    let all = PATTERNS.into_iter().map(show).collect::<Result<Vec<_>, _>>()?;
    for reading in [
        Reading::Temperature { room: "kitchen".into(), celsius: 21.5 },
        Reading::Opened { room: "cellar".into() },
    ] {
        println!("{reading:?} is selected by");
        bus.publish(reading)?;
    }
    drop(all); // and with its guard each subscription ends

    // A capture is read from what is received.
    let doors =
        bus.subscription("house.{room}.door.{what}").inline_received(|door: Received| {
            let (room, what) = (door.capture("room"), door.capture("what"));
            println!("the door of {} was {}", room.unwrap_or_default(), what.unwrap_or_default());
        })?;
    // A value never adds a level or a wildcard: what a topic may not have is escaped, and comes back.
    bus.publish(Reading::Closed { room: "room no. *".into() })?;
    doors.end();

    // The compiler compares this with the type: `pattern!(Reading, "*.door.locked")` does not compile.
    let warm = bus.on_pattern(pattern!(Reading, "*.temperature"), |event: &Event<Reading>| {
        println!("typed and selected: {:?}", event.data);
    });
    bus.publish(Reading::Temperature { room: "bath".into(), celsius: 24.0 })?;
    warm.end();

    // Patterns that come from elsewhere are checked when they are used.
    if let Err(error) = bus.subscribe("house.[a-c.door", |_: &Event| {}) {
        println!("{error}");
    }
    Ok(())
}

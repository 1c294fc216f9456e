//! You will see two parts of a program, each with a bus of its own, seen from above and not by each
//! other.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "a program speaks in a terminal")]

use std::error::Error;
use std::time::Duration;

use rem::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
#[event(namespace = "job")]
enum JobEvent {
    Started { name: String },
    Finished { name: String },
}

/// Knows only the bus that it was given; what that is a part of, it cannot tell.
fn work(bus: &Bus, name: &str) -> Result<(), Box<dyn Error>> {
    let own = bus.subscribe("job.finished", {
        let bus = bus.clone();
        move |event: &Event| {
            println!("  here it is {:?}", bus.local_topic(event).unwrap_or("foreign"));
        }
    })?;
    bus.publish(JobEvent::Started { name: name.to_owned() })?;
    bus.publish(JobEvent::Finished { name: name.to_owned() })?;
    own.end();
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let root = Bus::builder().history(Ring::events(100)).build();
    let north = root.child("site.north")?;
    let south = root.child("site.south")?;

    // By type, from above: whichever bus below it was published on.
    let _all = root.on(|event: &Event<JobEvent>| println!("{}: {:?}", event.topic(), event.data));
    // By pattern, relative to the bus on which one subscribes.
    let _south =
        south.subscribe("**", |event: &Event| println!("  south sees {}", event.topic()))?;

    work(&north, "dig")?;
    work(&south, "fill")?;

    // What a child can ask of the past lies below its prefix as well.
    println!("the root remembers {} events", root.query("**")?.events().len());
    println!("the south remembers {}", south.query("**")?.events().len());

    // A prefix belongs to one child, unless one says that it is shared.
    if let Err(error) = root.child("site.north") {
        println!("{error}");
    }
    assert_eq!(root.child_or_open("site.north")?, north);

    // A child can be closed alone.
    south.close(Duration::ZERO);
    if let Err(error) = south.publish(JobEvent::Started { name: "too late".to_owned() }) {
        println!("{error}");
    }
    work(&north, "dig on")
}

//! You will see an event type within another: published by the part, read as the whole, and the other
//! way round.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "a program speaks in a terminal")]

use std::error::Error;

use rem::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
#[event(namespace = "node")]
enum NodeEvent {
    Started,
    /// `node.disk.full` and so on: the variant's name stands where the nested type's namespace was.
    #[event(nested = "disk")]
    Disk(DiskEvent),
    #[event(nested = "net")]
    Net(NetEvent),
}

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
#[event(namespace = "disk")]
enum DiskEvent {
    Full {
        bytes: u64,
    },
    #[event(topic = "{device}.failed")]
    Failed {
        device: String,
    },
}

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
#[event(namespace = "net")]
enum NetEvent {
    Lost,
}

fn main() -> Result<(), Box<dyn Error>> {
    for leaf in NodeEvent::SCHEMA.leaves() {
        println!("{:<28} {}", leaf.topic, leaf.event.variant);
    }
    let bus = Bus::new();

    // The whole.
    let _nodes = bus.on(|event: &Event<NodeEvent>| println!("  as a node: {:?}", event.data));
    // The part: the same event, seen as the type nested in it. The view is made once and shared.
    let _disks = bus.on(|event: &Event<DiskEvent>| println!("  as a disk: {:?}", event.data));
    // Some of the whole, by a pattern that reaches into the part.
    let _failed =
        bus.on_pattern(pattern!(NodeEvent, "disk.*.failed"), |event: &Event<NodeEvent>| {
            println!("  selected:  {}", event.topic());
        });

    println!("started:");
    bus.publish(NodeEvent::Started)?;
    println!("a part in its whole:");
    // The derive writes `From` for each type that is nested once.
    bus.publish(NodeEvent::from(DiskEvent::Full { bytes: 0 }))?;
    println!("with a value in the topic:");
    bus.publish(NodeEvent::from(DiskEvent::Failed { device: "sda".to_owned() }))?;
    println!("another part:");
    bus.publish(NodeEvent::from(NetEvent::Lost))?;
    println!("the part alone, under its own topic, which is none of the whole's:");
    bus.publish(DiskEvent::Full { bytes: 2 })?;
    println!("the part alone, under the whole's topic:");
    bus.publish_to("node.disk.full", DiskEvent::Full { bytes: 1 })?;
    Ok(())
}

//! You will see three nodes of a mesh, each with a bus of its own: one tells a fortnight of flights, Newark hears of its own alone,
//! and the operations desk of those that are called off, which it answers. In between a cable is cut, and mended.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "a program speaks in a terminal")]

use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rem::mesh::memory::MemoryBroker;
use rem::mesh::{Import, Mesh, MeshEvent};
use rem::prelude::*;
use rem_examples::flights::{Airspace, FlightEvent, Rows, YEAR};
use serde::{Deserialize, Serialize};

/// How many rows of the year are read: a fortnight.
const ROWS: usize = 25_000;

const LIMIT: Duration = Duration::from_secs(30);

/// What the operations desk publishes.
#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
#[event(namespace = "notice")]
enum Notice {
    #[event(topic = "{airport}.called_off")]
    CalledOff { airport: String, flight: u16 },
}

/// How many came.
#[derive(Clone, Default)]
struct Count(Arc<AtomicU64>);

impl Count {
    fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    // In place of a server, for all three nodes are in this process.
    let broker = MemoryBroker::new();
    let mut airspace = Airspace::new(ROWS)?;
    let (newark, desk) = (Bus::new(), Bus::new());
    let join =
        |bus: &Bus, node: &str| Mesh::builder(bus).transport(broker.transport(node)).node(node);

    // Newark wants to know of its own flights, and of what the desk has to say of them.
    let (departures, notices) = (Count::default(), Count::default());
    let (count, told) = (departures.clone(), notices.clone());
    let _departed = newark.subscribe("flight.*.ewr.departed", move |_: &Event| count.add())?;
    let _told = newark.on_pattern(pattern!(Notice, "ewr.*"), move |_: &Event<Notice>| told.add());
    let ewr = join(&newark, "newark").import("flight").import("notice").join_blocking()?;

    // The desk takes no flight that is none, and answers those that are called off.
    let weak = desk.downgrade();
    let _off = desk.subscribe("flight.*.*.cancelled", move |event: &Event<FlightEvent>| {
        if let (FlightEvent::Cancelled { airport, flight, .. }, Some(bus)) =
            (&event.data, weak.upgrade())
        {
            bus.publish(Notice::CalledOff { airport: airport.to_string(), flight: *flight })?;
        }
        Ok::<(), rem::PublishError<Notice>>(())
    })?;
    let operations = join(&desk, "operations")
        .import_rule(Import::of("flight").as_type::<FlightEvent>().at_most(4_096))
        .export("notice")
        .join_blocking()?;

    let tower = join(airspace.bus(), "tower").export("flight").queue(ROWS * 2).join_blocking()?;
    let _told = airspace
        .bus()
        .subscribe("$rem.mesh.**", |event: &Event<MeshEvent>| println!("{}", event.data))?;
    let mut rows = Rows::open(Path::new(YEAR))?;
    for row in 0..ROWS {
        if row == ROWS / 2 {
            broker.cut("tower"); // what it tells from here on waits
        }
        let Some(row) = rows.next()? else { break };
        airspace.publish(row?);
    }
    println!("the tower has told {} flights", airspace.bus().stats().published);
    broker.mend("tower");

    // Each sends what it has to, publishes what has arrived, and goes.
    for mesh in [&tower, &operations, &ewr] {
        println!("{}: {}; {}", mesh.node(), mesh.leave(LIMIT), mesh.stats());
    }
    let counts = broker.counts();
    println!("of {} events that left, {} were wanted by nobody", counts.published, counts.unheard);
    println!(
        "Newark saw {} departures, and was told of {} that were called off",
        departures.get(),
        notices.get()
    );
    Ok(())
}

//! You will see the delays of a fortnight's flights as a state that is kept up to date, as it was before, and gates that two
//! dispatchers give away at once and never twice.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "a program speaks in a terminal")]

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use std::thread;
use std::time::Duration;

use rem::prelude::*;
use rem::projections::{CommandError, Commands, Decide, Moment, Projection, Projector};
use rem_examples::flights::{Airspace, FlightEvent, Rows, YEAR, carrier_name, carrier_of};
use serde::{Deserialize, Serialize};

/// How many rows of the year are read: a fortnight.
const ROWS: usize = 25_000;
const LONG: Duration = Duration::from_secs(60);

/// Departures and minutes of delay, by carrier.
#[derive(Clone, Default, Serialize)]
struct Delays(BTreeMap<String, (u32, i32)>);

impl Projection for Delays {
    type Event = FlightEvent;

    fn apply(&mut self, event: &Event<FlightEvent>) {
        if let FlightEvent::Departed { delay: Some(delay), .. } = &event.data {
            let (flights, minutes) = self.0.entry(carrier_of(event).to_string()).or_default();
            *flights += 1;
            *minutes += *delay;
        }
    }
}

impl Delays {
    fn show(&self) {
        let mut carriers: Vec<_> = self.0.iter().collect();
        carriers.sort_by_key(|(_, (flights, _))| std::cmp::Reverse(*flights));
        for (carrier, (flights, minutes)) in carriers.into_iter().take(4) {
            let mean = f64::from(*minutes) / f64::from(*flights);
            let name = carrier_name(carrier);
            println!("  {name:24} {flights:5} departures, {mean:5.1} minutes late");
        }
    }
}

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
#[event(namespace = "gate")]
enum Gate {
    #[event(topic = "{gate}.given")]
    Given { gate: u32, flight: u32 },
}

/// Which flight has which gate.
#[derive(Clone, Default)]
struct Gates(BTreeMap<u32, u32>);

impl Projection for Gates {
    type Event = Gate;

    fn apply(&mut self, event: &Event<Gate>) {
        let Gate::Given { gate, flight } = event.data;
        self.0.insert(gate, flight);
    }
}

struct Give {
    gate: u32,
    flight: u32,
}

impl Decide<Give> for Gates {
    type Decided = Gate;
    type Rejection = u32;

    fn reads(command: &Give) -> String {
        format!("gate.{}.**", command.gate)
    }

    fn decide(&self, command: &Give) -> Result<Vec<Gate>, u32> {
        let Give { gate, flight } = *command;
        match self.0.get(&gate) {
            Some(other) => Err(*other),
            None => Ok(vec![Gate::Given { gate, flight }]),
        }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut airspace = Airspace::new(3 * ROWS)?;
    let bus = airspace.bus().clone();
    let delays = Projector::builder("delays").attach(&bus, Delays::default())?;
    let mut rows = Rows::open(Path::new(YEAR))?;
    for row in 0..ROWS {
        let Some(next) = rows.next()? else { break };
        airspace.publish(next?);
        if row == ROWS / 2 {
            let last = delays.report().last;
            delays.wait_for(last, LONG)?;
            delays.tag("halfway")?;
        }
    }
    let last = delays.report().last;
    println!("After {last} events:");
    delays.wait_for(last, LONG)?.show();
    println!("as it was halfway:");
    delays.at("halfway")?.show();
    println!("and behind the event 1,000, which nobody had marked:");
    delays.at(1_000)?.show();
    let changes = delays.difference("halfway", Moment::Now)?.changes;
    println!("{} values are different since halfway\n", changes.len());

    let gates = Projector::builder("gates").attach(&bus, Gates::default())?;
    let dispatchers = [1, 2].map(|dispatcher| {
        let commands = Commands::new(&bus, &gates);
        thread::spawn(move || {
            let mut given = 0;
            for gate in 0..500 {
                match commands.run(&Give { gate, flight: dispatcher }) {
                    Ok(_) => given += 1,
                    Err(CommandError::Rejected(_)) => {}
                    Err(other) => return Err(format!("{other:?}")),
                }
            }
            Ok(given)
        })
    });
    let mut given = 0;
    for dispatcher in dispatchers {
        given += dispatcher.join().map_err(|_| "a dispatcher panicked")??;
    }
    let events = bus.query("gate.*.given")?.count();
    println!("two dispatchers gave away {given} gates at once, in {events} events: none twice");
    Ok(())
}

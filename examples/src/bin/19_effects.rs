//! You will see a program that is a value: what an airport does about flights that are called off, tried by a script without
//! any bus, and then performed on the bus of a fortnight of flights.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "a program speaks in a terminal")]

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use std::sync::{Arc, Mutex};

use rem::effects::testing::{expect, perform_sequence};
use rem::effects::{Dispatcher, Effect, Intent, PublishEvent, parallel_all, publish};
use rem::prelude::*;
use rem_examples::flights::{Airspace, Code, FlightEvent, Rows, YEAR};
use serde::{Deserialize, Serialize};

/// How many rows of the year are read: a fortnight.
const ROWS: usize = 25_000;
/// How many flights that were called off the newest to the same place makes up for.
const SEATS: u32 = 8;

/// What an airport publishes about passengers who are left behind.
#[derive(EventType, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[event(namespace = "desk")]
enum Desk {
    Rebooked { flight: u16, by: u16 },
    Lodged { flight: u16, hotel: String },
}

/// Asks for another flight to the same place.
#[derive(Debug, PartialEq)]
struct Rebook {
    to: Code,
}

impl Intent for Rebook {
    type Output = u16; // its number
}

/// Asks a hotel for rooms.
#[derive(Debug, PartialEq)]
struct Lodge {
    airport: Code,
}

impl Intent for Lodge {
    type Output = String; // its name
}

/// What is to be done about a flight that is called off: another flight, and if there is none, a bed.
fn care(to: Code, airport: Code, flight: u16) -> Effect<Receipt> {
    let rebook =
        Effect::of(Rebook { to }).and_then(move |by| publish(Desk::Rebooked { flight, by }));
    rebook.or_else(move |_| {
        Effect::of(Lodge { airport }).and_then(move |hotel| publish(Desk::Lodged { flight, hotel }))
    })
}

fn main() -> Result<(), Box<dyn Error>> {
    script()?;

    let mut airspace = Airspace::new(ROWS)?;
    let mut rows = Rows::open(Path::new(YEAR))?;
    for _ in 0..ROWS {
        let Some(row) = rows.next()? else { break };
        airspace.publish(row?);
    }
    let bus = airspace.bus();

    // The newest flight to each place takes those of a few others, by the bus's own past.
    let mut newest = BTreeMap::new();
    for event in bus.query("flight.*.*.departed")?.iter::<FlightEvent>() {
        if let FlightEvent::Departed { to, flight, .. } = &event.data {
            newest.insert(*to, (*flight, SEATS));
        }
    }
    let newest = Mutex::new(newest);
    let newark = Code::new(b"ewr")?;
    let desk = Dispatcher::publishing(bus)
        .performer(move |rebook: &Rebook| {
            let mut newest = newest.lock().map_err(|_| "the list of flights is lost")?;
            match newest.get_mut(&rebook.to) {
                Some((flight, seats @ 1..)) => {
                    *seats -= 1;
                    Ok(*flight)
                }
                Some(_) => Err("no flight has a seat left"),
                None => Err("no flight goes there"),
            }
        })
        .performer_async(move |lodge: Arc<Lodge>| async move {
            if lodge.airport == newark {
                Err("all rooms of Newark are taken")
            } else {
                Ok(format!("{} Inn", lodge.airport.upper().as_str()))
            }
        });

    let mut cares = Vec::new();
    for event in bus.query("flight.*.*.cancelled")?.iter::<FlightEvent>() {
        if let FlightEvent::Cancelled { airport, to, flight, .. } = &event.data {
            cares.push(care(*to, *airport, *flight));
        }
    }
    println!("{} flights were called off; nothing has been done yet", cares.len());
    let ended = parallel_all(cares).perform_blocking(&desk);
    println!("rebooked: {}", bus.query("desk.rebooked")?.count());
    println!("lodged: {}", bus.query("desk.lodged")?.count());
    match ended {
        Ok(receipts) => println!("all {} are ended for", receipts.len()),
        Err(error) => {
            println!("not ended for: {}, of which the first is", error.errors().len());
            println!("  {}", error.errors()[0]);
        }
    }
    Ok(())
}

/// The same effect without a bus: once as it is expected, once not.
fn script() -> Result<(), Box<dyn Error>> {
    let (to, airport) = (Code::new(b"mia")?, Code::new(b"jfk")?);
    let lodged = Desk::Lodged { flight: 7, hotel: "JFK Inn".to_owned() };
    let steps = || {
        [
            expect(Rebook { to }).fails("no flight goes there"),
            expect(Lodge { airport }).gives("JFK Inn".to_owned()),
            expect(PublishEvent::new(lodged.clone())).gives(Receipt::default()),
        ]
    };
    perform_sequence(steps(), &care(to, airport, 7))?;
    println!("by the script all goes as expected; with another flight it does not:\n");
    match perform_sequence(steps(), &care(to, airport, 8)) {
        Ok(receipt) => println!("{receipt:?}"),
        Err(unmet) => println!("{unmet}\n"),
    }
    Ok(())
}

//! You will see events read in their own time: the past and then what is live, a queue that overflows and what it lost,
//! and the last value of each key.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "a program speaks in a terminal")]

use std::error::Error;
use std::thread;
use std::time::Duration;

use rem::prelude::*;
use rem::{Key, TryRecvError};
use serde::{Deserialize, Serialize};

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
#[event(namespace = "tank")]
enum TankEvent {
    Level {
        #[event(key)]
        tank: u8,
        litres: u32,
    },
}

fn main() -> Result<(), Box<dyn Error>> {
    let bus = Bus::builder().history(Ring::events(100)).build();
    let level = |tank, litres| bus.publish(TankEvent::Level { tank, litres });
    for litres in [10, 20, 30] {
        level(1, litres)?;
    }

    // A thread reads from the first event on, and goes on with what is published while it reads. A publisher waits for
    // it, at most a second, when it is sixteen events behind.
    let mut events: EventStream<TankEvent> = bus
        .subscription("tank")
        .from(Start::Earliest)
        .queue(16, Overflow::Block(Duration::from_secs(1)))
        .stream()?;
    let reader = thread::spawn(move || {
        events.iter().map_while(Result::ok).map(|event| event.sequence().unwrap_or(0)).collect()
    });

    // Nobody waits for this one: it keeps the newest three, and tells what it lost.
    let mut newest: EventStream =
        bus.subscription("tank").queue(3, Overflow::DropOldest).stream()?;
    // And here each tank has one place.
    let mut each: EventStream<TankEvent> =
        bus.subscription("tank").queue(8, Overflow::Conflate(Key::event())).stream()?;

    for litres in [40, 50, 60] {
        level(1, litres)?;
        level(2, litres / 10)?;
    }

    println!("the newest, late:");
    loop {
        match newest.try_recv() {
            Ok(event) => println!("  {:?}", &event.data),
            Err(TryRecvError::Lagged(lagged)) => {
                println!("  {lagged}");
                let again = newest.recover(&lagged)?;
                println!("  {} read again from the history", again.events.len());
            }
            Err(TryRecvError::Empty | TryRecvError::Ended) => break,
        }
    }
    println!("the last of each tank:");
    while let Ok(event) = each.try_recv() {
        println!("  {:?}", event.data);
    }

    bus.close(Duration::ZERO);
    let read: Vec<u64> = reader.join().map_err(|_| "the reader panicked")?;
    println!("the reader has, without a gap or a repeat: {read:?}");
    Ok(())
}

//! You will see a small program tested on a bus whose ids and clock are the same in every run.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "a program speaks in a terminal")]

use std::error::Error;
use std::time::Duration;

use rem::prelude::*;
use rem::testing::{Recorder, TestBus};
use serde::{Deserialize, Serialize};

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
#[event(namespace = "kettle")]
enum KettleEvent {
    SwitchedOn,
    Boiled { celsius: u8 },
    SwitchedOff,
}

/// The program under test: it switches the kettle off when the water boils.
fn thermostat(bus: &Bus) -> Subscription {
    let own = bus.clone();
    bus.on_pattern(pattern!(KettleEvent, "boiled"), move |_: &Event<KettleEvent>| {
        own.publish(KettleEvent::SwitchedOff).map(drop)
    })
}

fn main() -> Result<(), Box<dyn Error>> {
    let test = TestBus::new();
    let recorder = Recorder::new(&test.bus);
    let _thermostat = thermostat(&test.bus);

    test.bus.publish(KettleEvent::SwitchedOn)?;
    test.clock.advance(Duration::from_secs(180));
    test.bus.publish(KettleEvent::Boiled { celsius: 100 })?;

    recorder
        .expect()
        .topic("kettle.switched_on")
        .data("hot", |event: &KettleEvent| matches!(event, KettleEvent::Boiled { celsius: 90.. }))
        .topic("kettle.switched_off")
        .exactly();
    // What does not hold says what was expected next, and what came.
    test.bus.publish(KettleEvent::SwitchedOn)?;
    let unmet = recorder.expect().topic("kettle.boiled").try_in_a_row().err();
    println!("{}\n", unmet.ok_or("a cold kettle boiled")?);
    let events = recorder.take();
    for event in &events {
        println!("{} {event}", event.id());
    }
    // What caused what is known without being told.
    assert_eq!(events[2].causation(), Some(events[1].id()));
    assert_eq!(events[1].timestamp().since(events[0].timestamp()), Duration::from_secs(180));
    println!("the kettle was switched off because the water boiled, after three minutes");
    Ok(())
}

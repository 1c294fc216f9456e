//! System events: who sees them.

use rem::SystemEvent;
use rem::prelude::*;

use crate::events::{Notes, Tick};

#[test]
fn only_a_literal_dollar_selects_them() {
    let bus = Bus::new();
    let notes = Notes::default();
    let _none = [
        bus.subscribe("**", notes.named("**")).unwrap(),
        bus.subscribe("*.handler.failed", notes.named("*")).unwrap(),
        bus.subscribe("?rem.**", notes.named("?")).unwrap(),
        bus.subscribe(">", notes.named(">")).unwrap(),
    ];
    let _some = [
        bus.subscribe("$rem.**", notes.named("$rem.**")).unwrap(),
        bus.subscribe("$rem", notes.named("$rem")).unwrap(),
        bus.subscribe("=$rem.handler.failed", notes.named("exact")).unwrap(),
        bus.on({
            let notes = notes.clone();
            move |_: &Event<SystemEvent>| notes.add("typed")
        }),
    ];
    let _fails = bus.on(|_: &Event<Tick>| panic!("no"));
    bus.publish(Tick(1)).unwrap();
    assert_eq!(notes.take(), ["**", ">", "$rem.**", "$rem", "exact", "typed"]);
}

#[test]
fn each_concerns_a_bus_and_is_seen_there_and_above() {
    let bus = Bus::new();
    let (eu, us) = (bus.child("eu").unwrap(), bus.child("us").unwrap());
    let west = eu.child("west").unwrap();
    let notes = Notes::default();
    let _told = [
        bus.subscribe("$rem.**", notes.named("root")).unwrap(),
        eu.subscribe("$rem.**", notes.named("eu")).unwrap(),
        west.subscribe("$rem.**", notes.named("west")).unwrap(),
        us.subscribe("$rem.**", notes.named("us")).unwrap(),
    ];
    let _fails = eu.on(|_: &Event<Tick>| panic!("eu's handler"));
    west.publish(Tick(1)).unwrap();
    assert_eq!(notes.take(), ["root", "eu"]);
}

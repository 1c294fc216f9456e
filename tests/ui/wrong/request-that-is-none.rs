//! A question of which nobody said what answers it, and an answer of another type.

use rem::prelude::*;
use rem::Request;

#[derive(EventType, Debug)]
#[event(topic = "price.asked", local)]
struct Ask;

#[derive(EventType, Debug)]
#[event(topic = "price.wanted", local)]
struct Want;

#[derive(EventType, Debug)]
#[event(topic = "price.told", local)]
struct Price;

impl Request for Want {
    type Answer = Price;
}

fn main() {
    let bus = Bus::new();
    let _ = bus.request(Ask);
    let _ = bus.answer(|_: &Event<Want>| "350");
}

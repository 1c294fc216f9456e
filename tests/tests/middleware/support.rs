//! What the tests share.

use std::sync::{Arc, Mutex};

use rem::Middleware;
use rem::prelude::*;

#[derive(EventType, Debug, Clone, PartialEq, Eq)]
#[event(name = "tick", local)]
pub(crate) struct Tick(pub(crate) u64);

/// Lines, in the order in which they were noted.
#[derive(Clone, Default)]
pub(crate) struct Notes(Arc<Mutex<Vec<String>>>);

impl Notes {
    pub(crate) fn add(&self, line: impl Into<String>) {
        self.0.lock().unwrap().push(line.into());
    }

    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

/// A bus with one handler of ticks and this middleware for all topics.
pub(crate) fn bus_with(middleware: impl Middleware) -> Bus {
    let bus = Bus::new();
    add(&bus, middleware);
    bus
}

/// The same of a bus that is there.
pub(crate) fn add(bus: &Bus, middleware: impl Middleware) {
    bus.on(|_: &Event<Tick>| ()).detach();
    bus.middleware("**", middleware).unwrap();
}

/// What became of a tick: `true` if it was published.
pub(crate) fn passes(bus: &Bus, tick: u64) -> bool {
    bus.publish(Tick(tick)).unwrap().stopped().is_none()
}

//! For tests of programs that use a bus: a recorder, fixed ids, a clock that is turned by hand.
//!
//! ```
//! use rem_core::testing::{Recorder, TestBus};
//!
//! let test = TestBus::new();
//! let recorder = Recorder::new(&test.bus);
//! // … the program publishes on `test.bus`, and `test.clock.advance(…)` lets time pass …
//! recorder.assert_topics(&[]);
//! ```

use std::fmt::Write;
use std::sync::Arc;

use rem_patterns::IntoPattern;

use crate::bus::{Bus, BusBuilder};
use crate::clock::{Clock, ManualClock, Timestamp};
use crate::error::SubscribeError;
use crate::event::{Event, Ids, Shape};
use crate::received::Received;
use crate::subscription::Subscription;
use crate::sync::{Mutex, lock};

/// A root bus whose output is the same in every run: ids count from 1, and its clock stands still until it is moved.
#[derive(Debug)]
pub struct TestBus {
    /// The bus.
    pub bus: Bus,
    /// Its clock, which begins at 2000-01-01 00:00 UTC.
    pub clock: ManualClock,
}

/// 2000-01-01 00:00 UTC.
const START: Timestamp = Timestamp::from_nanos(946_684_800_000_000_000);

impl TestBus {
    /// A bus without history.
    pub fn new() -> Self {
        Self::with(Bus::builder())
    }

    /// A bus built otherwise as `builder` says.
    pub fn with(builder: BusBuilder) -> Self {
        let clock = ManualClock::at(START);
        let bus = builder.clock(Clock::Manual(clock.clone())).ids(Ids::fixed()).build();
        Self { bus, clock }
    }
}

impl Default for TestBus {
    fn default() -> Self {
        Self::new()
    }
}

/// Keeps what a bus delivers, to be looked at. It keeps everything: for tests.
#[derive(Debug)]
pub struct Recorder<T: ?Sized + Shape = dyn crate::event::Payload> {
    events: Arc<Mutex<Vec<Arc<Event<T>>>>>,
    _subscription: Subscription,
}

impl Recorder {
    /// Records every event on this bus and those below it.
    ///
    /// # Panics
    /// On a bus that is closed.
    #[track_caller]
    pub fn new(bus: &Bus) -> Self {
        match Self::of(bus, "**") {
            Ok(recorder) => recorder,
            Err(error) => panic!("nothing to record: {error}"),
        }
    }
}

impl<T: Shape + ?Sized> Recorder<T> {
    /// Records the events that the pattern selects and that can be seen as `T`.
    ///
    /// # Errors
    /// As for [`Bus::subscribe`].
    #[track_caller]
    pub fn of(bus: &Bus, pattern: impl IntoPattern) -> Result<Self, SubscribeError> {
        let events = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&events);
        let keep = move |received: Received<T>| lock(&kept).push(Arc::clone(received.event()));
        // Before all handlers, so that what they publish comes after what made them.
        let subscription = bus.subscription(pattern).priority(i32::MAX).inline_received(keep)?;
        Ok(Self { events, _subscription: subscription })
    }

    /// What was recorded so far, in the order delivered.
    pub fn events(&self) -> Vec<Arc<Event<T>>> {
        lock(&self.events).clone()
    }

    /// The same, and forgets it.
    pub fn take(&self) -> Vec<Arc<Event<T>>> {
        std::mem::take(&mut *lock(&self.events))
    }

    /// The topics of what was recorded.
    pub fn topics(&self) -> Vec<String> {
        self.events().iter().map(|event| event.topic().to_string()).collect()
    }

    /// Compares the topics of what was recorded.
    ///
    /// # Panics
    /// When they are others, with both lists.
    #[track_caller]
    pub fn assert_topics(&self, expected: &[&str]) {
        let found = self.topics();
        if found == expected {
            return;
        }
        let mut text = String::from("the bus delivered other topics than expected\n");
        for at in 0..found.len().max(expected.len()) {
            let (expected, found) = (expected.get(at).copied(), found.get(at).map(String::as_str));
            let mark = if expected == found { ' ' } else { '>' };
            let none = "(nothing)";
            // Writing to a string does not fail.
            let _ = writeln!(
                text,
                "{mark} {at:3}: expected {}, found {}",
                expected.unwrap_or(none),
                found.unwrap_or(none)
            );
        }
        panic!("{text}");
    }
}

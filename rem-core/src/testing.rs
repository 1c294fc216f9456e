//! For tests of programs that use a bus: a recorder with expectations and waits, fixed ids, a clock that is turned by hand,
//! (feature `cloudevents`) events from files of JSON lines, and a scheduler by which a seed fixes what threads do
//! ([`interleave`]).
//!
//! ```
//! use rem_core::testing::{Recorder, TestBus};
//!
//! let test = TestBus::new();
//! let recorder = Recorder::new(&test.bus);
//! // … the program publishes on `test.bus`, and `test.clock.advance(…)` lets time pass …
//! recorder.expect().exactly(); // nothing came
//! ```
//!
//! # Which of them
//! | to say | write |
//! | --- | --- |
//! | these events came, and nothing else | `recorder.expect().topic("a").pattern("b.*").exactly()` |
//! | they came with nothing in between; more may follow | the same, and `in_a_row()` |
//! | they came in this order, among others | the same, and `among_others()` |
//! | they come, from other threads, within a limit | `.within(limit)` before any of the three |
//! | one event, which is looked at | [`recorder.wait_for(pattern, limit)`](Recorder::wait_for) |
//! | nothing comes any more | [`recorder.assert_quiet(limit)`](Recorder::assert_quiet) |
//!
//! Each goes on where the one before it ended: a recorder has a mark, and what was met lies behind it. Nothing sleeps or
//! polls: who waits is woken by the event.
//!
//! # Texts to compare
//! On a [`TestBus`] the text of an event, of a receipt of it and of a recorder is the same in every run, byte for byte: ids count
//! from 1, the clock stands still until it is moved, metadata is sorted by name. `recorder.to_string()` is a line for each event,
//! `format!("{recorder:#?}")` has everything. So they may be kept as snapshots, by the crate insta or any other:
//!
//! ```text
//! insta::assert_snapshot!(recorder); // a line for each event: time, topic, number, source, data
//! insta::assert_debug_snapshot!(recorder.events()); // with ids, causes and metadata
//! ```
//!
//! What is published by several threads has the order that they had, which no clock fixes: [`interleave`] does, by a seed.

mod expect;
#[cfg(feature = "cloudevents")]
mod fixture;
#[cfg(not(rem_loom))]
pub mod interleave;
mod log;
mod recorder;
mod step;
mod unmet;

pub use expect::{Coming, Expectation};
#[cfg(feature = "cloudevents")]
pub use fixture::{Fixture, FixtureError, FixtureErrorKind, Line, Types};
pub use recorder::Recorder;
pub use unmet::{Unmet, UnmetKind};

use crate::bus::{Bus, BusBuilder};
use crate::clock::{Clock, ManualClock, Timestamp};
use crate::event::Ids;

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

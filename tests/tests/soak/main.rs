//! A bus as a busy program has it, for long: four publishers, a thousand subscriptions that come and go, handlers that panic,
//! stall and publish, child buses that are opened and closed, a journal that keeps the newest. Each event is accounted for, and
//! what the process holds in memory stays as it was.
//!
//! It goes on for a moment, or for as many seconds as `REM_SOAK_SECONDS` says; `cargo xtask campaign soak` does so in release, for
//! ten minutes. A case of its own kind beside `stress/`: one bus that lives long, and not one that is made anew each round.
#![expect(clippy::unwrap_used, reason = "what fails in a test should end it")]

mod crowd;
mod ledger;
mod memory;
mod program;

use std::env;
use std::time::Duration;

use rem::prelude::*;
use serde::{Deserialize, Serialize};

/// How long it goes on unless it is told, and in an ordinary test that has to do.
const MOMENT: Duration = Duration::from_secs(2);

/// Longer than anything takes: a limit that ends what hangs.
const LONG: Duration = Duration::from_secs(120);

/// How many publishers there are, and among how many names their events go round.
const PUBLISHERS: usize = 4;
const NAMES: u64 = 250;

/// What is published: by whom, and as which of its own, from 0.
#[derive(EventType, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[event(namespace = "tick")]
enum Tick {
    #[event(topic = "by.{name}")]
    By { name: u64, publisher: u64, number: u64 },
    /// What a handler publishes when it has that one.
    After { publisher: u64, number: u64 },
    /// What is published on a child bus.
    Below { number: u64 },
}

#[test]
fn each_event_is_accounted_for_and_memory_stays_as_it_was() {
    let time = match env::var("REM_SOAK_SECONDS") {
        Ok(seconds) => Duration::from_secs(seconds.parse().unwrap()),
        Err(_) => MOMENT,
    };
    program::run(time);
}

//! The protocols that threads share, under load: what the bus promises of deliveries, held with real threads at full speed.
//!
//! Each case repeats its round for a moment, or for as many seconds as `REM_STRESS_SECONDS` says; `cargo xtask campaign
//! stress` does so in release, for minutes. What a round finds wrong ends it with a panic, outside of handlers: of one
//! within a handler the bus would make a count.
#![expect(clippy::unwrap_used, reason = "what fails in a test should end it")]

mod causes;
mod closing;
mod drops;
mod durable;
mod ends;
mod joins;
mod journals;
mod losses;
mod order;
mod queues;
mod recorders;
mod rings;
mod routes;
mod signals;
mod stamps;
mod terms;

use std::env;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rem::prelude::*;
use serde::{Deserialize, Serialize};

/// How long a case runs unless it is told, and in an ordinary test that has to do.
const MOMENT: Duration = Duration::from_millis(200);

/// Longer than a round takes: a limit that ends what hangs.
const LONG: Duration = Duration::from_secs(60);

/// What is published: by whom, and as which of its own, from 0.
#[derive(EventType, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[event(namespace = "tick")]
enum Tick {
    Of {
        publisher: u64,
        number: u64,
    },
    #[event(topic = "by.{name}")]
    By {
        name: u64,
        publisher: u64,
        number: u64,
    },
}

impl Tick {
    fn publisher(&self) -> u64 {
        let (Self::Of { publisher, .. } | Self::By { publisher, .. }) = self;
        *publisher
    }

    fn number(&self) -> u64 {
        let (Self::Of { number, .. } | Self::By { number, .. }) = self;
        *number
    }
}

/// Repeats a round, which is given its number and says how many events it has checked, until the time is over; then tells
/// both, for whoever counts.
#[expect(clippy::print_stdout, reason = "the campaign reads it, and the test harness hides it")]
fn repeat(case: &str, mut round: impl FnMut(u64) -> u64) {
    let time = match env::var("REM_STRESS_SECONDS") {
        Ok(seconds) => Duration::from_secs(seconds.parse().unwrap()),
        Err(_) => MOMENT,
    };
    let begun = Instant::now();
    let (mut rounds, mut events) = (0, 0);
    while rounds == 0 || begun.elapsed() < time {
        events += round(rounds);
        rounds += 1;
    }
    println!("{case}: {rounds} rounds, {events} events");
}

/// Whether others are to go on. It says no when it is dropped, so that a round that fails ends.
#[derive(Default)]
struct Going(Arc<AtomicBool>);

/// Says whether to go on.
#[derive(Clone)]
struct Asks(Arc<AtomicBool>);

impl Going {
    fn asks(&self) -> Asks {
        Asks(Arc::clone(&self.0))
    }
}

impl Drop for Going {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

impl Asks {
    fn goes_on(&self) -> bool {
        !self.0.load(Ordering::Acquire)
    }
}

/// What handlers found wrong, where a panic would be caught.
#[derive(Clone, Default)]
struct Faults(Arc<Mutex<Vec<String>>>);

impl Faults {
    fn unless(&self, holds: bool, fault: impl FnOnce() -> String) {
        if !holds {
            self.0.lock().unwrap().push(fault());
        }
    }

    fn check(&self) {
        let faults = self.0.lock().unwrap();
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }
}

/// That each publisher's events come in its order, and none twice.
#[derive(Default)]
struct Orders(Vec<Option<u64>>);

impl Orders {
    /// Of all that one subscriber was given, in its order.
    fn check(seen: &[(u64, Tick)]) {
        let mut orders = Self::default();
        for (_, tick) in seen {
            orders.see(tick);
        }
    }

    fn see(&mut self, tick: &Tick) {
        let publisher = usize::try_from(tick.publisher()).unwrap();
        if self.0.len() <= publisher {
            self.0.resize(publisher + 1, None);
        }
        let newest = &mut self.0[publisher];
        assert!(*newest < Some(tick.number()), "{tick:?} after number {newest:?}");
        *newest = Some(tick.number());
    }
}

//! [`Measures`]: how long handlers took, measured while a client is attached, so many calls a second.

use std::collections::{HashMap, VecDeque};
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use rem_core::__private::{Handled, Probe, number};
use rem_core::{EventId, Timestamp};

use crate::refusal::clip;
use crate::shared::lock;

/// How many calls are kept.
const KEPT: usize = 20_000;
/// How many are measured in a turn at most, and how long a turn is: 5,000 a second.
const TURN: i64 = 250;
const TURN_TAKES: Duration = Duration::from_millis(50);

/// How long handlers took.
#[derive(Debug)]
pub(crate) struct Measures {
    /// How many calls may still be measured in this turn.
    left: AtomicI64,
    turn: Mutex<Option<Instant>>,
    kept: Mutex<VecDeque<Measured>>,
}

/// A call of a handler.
#[derive(Debug, Clone)]
pub(crate) struct Measured {
    event: EventId,
    pub(crate) subscription: u64,
    pub(crate) attempt: u32,
    /// `None` of a failure that was told and not measured.
    pub(crate) took: Option<Duration>,
    pub(crate) begun: Option<Timestamp>,
    /// With whether it panicked.
    pub(crate) error: Option<(String, bool)>,
}

impl Measures {
    pub(crate) fn new() -> Self {
        Self { left: AtomicI64::new(0), turn: Mutex::default(), kept: Mutex::default() }
    }

    /// Lets some more be measured, if the last turn is over.
    pub(crate) fn refill(&self) {
        let mut turn = lock(&self.turn);
        let now = Instant::now();
        if turn.is_none_or(|begun| now.saturating_duration_since(begun) >= TURN_TAKES) {
            *turn = Some(now);
            self.left.store(TURN, Ordering::Relaxed);
        }
    }

    /// Nothing more is measured.
    pub(crate) fn stop(&self) {
        self.left.store(0, Ordering::Relaxed);
    }

    /// Notes a failure that was told, unless its call was measured.
    pub(crate) fn failed(&self, event: EventId, subscription: u64, error: &str, panicked: bool) {
        let mut kept = lock(&self.kept);
        let is_it = |measured: &Measured| {
            measured.event == event
                && measured.subscription == subscription
                && measured.error.is_some()
        };
        // It was measured just before, if it was.
        if kept.iter().rev().take(1_024).any(is_it) {
            return;
        }
        let error = Some((clip(error), panicked));
        push(
            &mut kept,
            Measured { event, subscription, attempt: 1, took: None, begun: None, error },
        );
    }

    /// The calls with these events, oldest first.
    pub(crate) fn of(
        &self,
        events: impl IntoIterator<Item = EventId>,
    ) -> HashMap<EventId, Vec<Measured>> {
        let mut found: HashMap<_, Vec<Measured>> =
            events.into_iter().map(|event| (event, Vec::new())).collect();
        for measured in lock(&self.kept).iter() {
            if let Some(calls) = found.get_mut(&measured.event) {
                calls.push(measured.clone());
            }
        }
        found
    }
}

fn push(kept: &mut VecDeque<Measured>, measured: Measured) {
    if kept.len() == KEPT {
        kept.pop_front();
    }
    kept.push_back(measured);
}

impl Probe for Measures {
    fn wants(&self) -> bool {
        self.left.load(Ordering::Relaxed) > 0 && self.left.fetch_sub(1, Ordering::Relaxed) > 0
    }

    fn handled(&self, handled: &Handled<'_>) {
        let begun = Timestamp::from(SystemTime::now()) - handled.took;
        let measured = Measured {
            event: handled.event.id(),
            subscription: number(handled.subscription),
            attempt: handled.attempt,
            took: Some(handled.took),
            begun: Some(begun),
            error: handled.error.map(|(error, panicked)| (clip(error), panicked)),
        };
        push(&mut lock(&self.kept), measured);
    }
}

//! The events that the tests publish, and where handlers write down what they were given.

use std::fmt::Display;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rem::SystemEvent;
use rem::prelude::*;
use rem::testing::TestBus;
use serde::{Deserialize, Serialize};

#[derive(EventType, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[event(namespace = "order")]
pub(crate) enum Order {
    #[event(topic = "{id}.paid")]
    Paid { id: u64, cents: u64 },
    #[event(topic = "{id}.lost")]
    Lost { id: u64 },
}

pub(crate) fn paid(id: u64) -> Order {
    Order::Paid { id, cents: 250 }
}

/// Of no kin to `Order`.
#[derive(EventType, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[event(namespace = "cache")]
pub(crate) enum Cache {
    Hit,
}

/// Lines, in the order written.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    pub(crate) fn add(&self, line: impl Display) {
        self.lines().push(line.to_string());
    }

    /// Whether that is all there is.
    pub(crate) fn is(&self, line: &str) -> bool {
        *self.lines() == [line]
    }

    fn lines(&self) -> MutexGuard<'_, Vec<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.lines())
    }
}

/// What handlers of the bus failed with, kept in a log.
pub(crate) fn failures(bus: &Bus) -> (Log, Subscription) {
    let log = Log::default();
    let seen = log.clone();
    let subscription =
        bus.subscribe("$rem.**", move |event: &Event<SystemEvent>| match &event.data {
            SystemEvent::HandlerFailed { error, .. } => seen.add(error),
            other => seen.add(other),
        });
    (log, subscription.expect("the bus is open"))
}

/// A bus with a log for its handlers.
pub(crate) fn bus() -> (Bus, Log) {
    let log = Log::default();
    (TestBus::with(Bus::builder().state(log.clone())).bus, log)
}

/// Longer than any test takes: a limit that is not reached.
pub(crate) const LONG: Duration = Duration::from_secs(60);

/// Opened once, for all futures that wait before it.
#[derive(Clone)]
pub(crate) struct Door(smol::channel::Receiver<()>, smol::channel::Sender<()>);

impl Door {
    pub(crate) fn new() -> Self {
        let (sender, receiver) = smol::channel::bounded(1);
        Self(receiver, sender)
    }

    pub(crate) fn open(&self) {
        self.1.close();
    }

    pub(crate) async fn pass(&self) {
        self.0.recv().await.expect_err("nobody sends");
    }
}

/// Waits until the log has so many lines.
pub(crate) fn wait_for_lines(log: &Log, count: usize) {
    while log.lines().len() < count {
        std::thread::yield_now();
    }
}

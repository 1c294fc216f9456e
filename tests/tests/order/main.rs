//! One order for all subscribers: `Ordering::Total`.
#![expect(clippy::unwrap_used, reason = "what fails in a test should end it")]

mod bounds;
mod ends;
mod isolation;
mod past;
mod room;
mod stress;
mod turns;

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rem::prelude::*;
use rem::{BusBuilder, Ordering, SubscriptionStats};

#[derive(EventType, Debug, Clone, PartialEq)]
#[event(namespace = "job", local)]
enum Job {
    Added(u64),
    Done(u64),
}

#[derive(EventType, Debug)]
#[event(namespace = "job", local)]
struct Other;

/// Longer than any test takes: a limit that is not reached.
const LONG: Duration = Duration::from_secs(60);

fn total() -> BusBuilder {
    Bus::builder().ordering(Ordering::Total)
}

fn added(bus: &Bus, number: u64) -> Receipt {
    bus.publish(Job::Added(number)).unwrap()
}

fn number(job: &Job) -> u64 {
    match job {
        Job::Added(number) | Job::Done(number) => *number,
    }
}

/// What was seen, by whom, in order.
#[derive(Debug, Default, Clone)]
struct Notes(Arc<Mutex<Vec<String>>>);

impl Notes {
    fn add(&self, note: impl Into<String>) {
        self.0.lock().unwrap().push(note.into());
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }

    /// Notes each event, with a name before it.
    fn each(&self, name: &'static str) -> impl Fn(&Event<Job>) + Send + Sync + 'static {
        let notes = self.clone();
        move |event| notes.add(format!("{name} {:?}", event.data))
    }
}

/// A handler that says which event it has, and returns when it is told to. When the test is over, too.
struct Held {
    begun: Receiver<u64>,
    go: Sender<()>,
    _sub: Subscription,
}

impl Held {
    /// For jobs that are added, called before all others.
    fn on(bus: &Bus) -> Self {
        let (begun, has_begun) = channel();
        let (go, may_go) = channel();
        let may_go = Mutex::new(may_go);
        let builder = bus.subscription("job.added").priority(i32::MAX);
        let sub = builder.inline(move |event: &Event<Job>| {
            let _ = begun.send(number(&event.data));
            // So long at most: a test that fails while it waits ends.
            let _ = may_go.lock().unwrap().recv_timeout(LONG / 3);
        });
        Self { begun: has_begun, go, _sub: sub.unwrap() }
    }

    /// Waits until it has that event.
    fn has(&self, number: u64) {
        assert_eq!(self.begun.recv_timeout(LONG), Ok(number));
    }

    /// Lets it return, so often.
    fn go(&self, times: usize) {
        (0..times).for_each(|_| self.go.send(()).unwrap());
    }
}

/// What became of the events of a subscription.
fn stats(bus: &Bus, sub: &Subscription) -> SubscriptionStats {
    let topology = bus.topology();
    topology.subscriptions.iter().find(|report| report.id == sub.id()).unwrap().stats
}

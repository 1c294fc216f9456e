//! How long things last: subscriptions that end and are waited for, that end by themselves, and buses that close.
#![expect(clippy::unwrap_used, reason = "what fails in a test should end it")]

mod close;
mod memory;
mod settle;
mod terms;
mod unsubscribe;
mod waits;

use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use rem::prelude::*;

#[derive(EventType, Debug, Clone, PartialEq)]
#[event(namespace = "job", local)]
enum Job {
    Added(u64),
    #[event(topic = "of.{name}")]
    Of {
        name: &'static str,
        value: u64,
    },
}

/// Longer than any test takes: a limit that is not reached.
const LONG: Duration = Duration::from_secs(60);

fn added(bus: &Bus, number: u64) -> Receipt {
    bus.publish(Job::Added(number)).unwrap()
}

/// A handler that says when it has begun, and returns when it is told to.
fn held()
-> (impl Fn(&Event<Job>) + Send + Sync + 'static, Receiver<()>, std::sync::mpsc::Sender<()>) {
    let (begun, has_begun) = channel();
    let (go, may_go) = channel();
    let may_go = std::sync::Mutex::new(may_go);
    let handle = move |_: &Event<Job>| {
        begun.send(()).unwrap();
        // Let go when the test is over, too.
        let _ = may_go.lock().unwrap().recv();
    };
    (handle, has_begun, go)
}

//! Queues and streams: what is delivered, what is lost and how that is told, and who waits for whom.
#![expect(clippy::unwrap_used, reason = "what fails in a test should end it")]

mod asynchronous;
mod overflow;
mod recover;
mod user_code;
mod waiting;

use std::time::Duration;

use rem::prelude::*;
use rem::{Lagged, TryRecvError};

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

#[derive(EventType, Debug)]
#[event(namespace = "job", local)]
struct Other;

const LONG: Duration = Duration::from_secs(30);

fn added(bus: &Bus, numbers: impl IntoIterator<Item = u64>) -> Vec<Receipt> {
    numbers.into_iter().map(|number| bus.publish(Job::Added(number)).unwrap()).collect()
}

/// What a stream has, without waiting: `Ok` with the number of the job, or what was lost.
fn drain(stream: &mut EventStream<Job>) -> Vec<Result<u64, (u64, u64, u64)>> {
    std::iter::from_fn(|| match stream.try_recv() {
        Ok(event) => Some(Ok(number(&event.data))),
        Err(TryRecvError::Lagged(lagged)) => Some(Err(range(&lagged))),
        Err(TryRecvError::Empty | TryRecvError::Ended) => None,
    })
    .collect()
}

fn number(job: &Job) -> u64 {
    match job {
        Job::Added(number) | Job::Of { value: number, .. } => *number,
    }
}

fn range(lagged: &Lagged) -> (u64, u64, u64) {
    (lagged.missed(), lagged.from(), lagged.to())
}

fn queue(bus: &Bus, capacity: usize, overflow: Overflow) -> EventStream<Job> {
    bus.subscription("job").queue(capacity, overflow).stream().unwrap()
}

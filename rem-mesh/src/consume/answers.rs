//! [`Answers`]: what is published and waits for the disk, to be answered in its order.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use rem_core::{Durable, HistoryError, HistoryErrorKind};

use crate::state::Shared;
use crate::transport::{Answer, Ticket};
use crate::watched::Watched;

/// What is published and not answered. Bounded by what consumers may have in flight.
///
/// The protocol: who publishes puts in, in the order of the publishes; one takes out from the front, waits for the disk, answers, and
/// counts it out; who leaves waits until none is left. Checked by loom (`loom.rs`).
#[derive(Debug, Default)]
pub(crate) struct Answers(Watched<Inside>);

#[derive(Debug, Default)]
struct Inside {
    waiting: VecDeque<Pending>,
    /// Put in, and not counted out.
    open: usize,
}

#[derive(Debug)]
pub(crate) struct Pending {
    ticket: Ticket,
    durable: Option<Durable>,
    /// After which time it is to come again if the disk refuses it.
    again: Duration,
}

impl Default for Watched<Inside> {
    fn default() -> Self {
        Self::new(Inside::default())
    }
}

impl Answers {
    pub(crate) fn push(&self, ticket: Ticket, durable: Option<Durable>, again: Duration) {
        self.0.change(|inside| {
            inside.waiting.push_back(Pending { ticket, durable, again });
            inside.open += 1;
        });
    }

    /// The oldest.
    pub(crate) async fn next(&self) -> Pending {
        self.0.until(|inside| inside.waiting.pop_front()).await
    }

    /// The oldest, if there is one.
    fn next_now(&self) -> Option<Pending> {
        self.0.change(|inside| inside.waiting.pop_front())
    }

    /// It is answered.
    pub(crate) fn done(&self) {
        self.0.change(|inside| inside.open -= 1);
    }

    /// Ready when none is left.
    pub(crate) async fn empty(&self) {
        self.0.until(|inside| (inside.open == 0).then_some(())).await;
    }
}

/// Answers until everything ends.
pub(crate) async fn run(shared: Arc<Shared>) {
    let Some(streams) = shared.transport.streams() else { return };
    while let Some(Pending { ticket, durable, again }) =
        shared.unless_over(shared.answers.next()).await
    {
        let stored = match durable {
            Some(durable) => shared.unless_over(durable).await,
            None => Some(Ok(())),
        };
        // What is not on the disk when everything ends comes again, and is known by the journal if it gets there.
        if let Some(stored) = stored {
            let answer = of(&shared, stored, again);
            drop(shared.unless_over(streams.answer(&ticket, answer)).await);
        }
        shared.answers.done();
    }
}

/// What waits still when everything ends, as far as it is on the disk.
pub(crate) async fn rest(shared: &Shared) {
    let Some(streams) = shared.transport.streams() else { return };
    while let Some(Pending { ticket, durable, again }) = shared.answers.next_now() {
        let stored = match durable {
            Some(durable) => shared.unless_over(durable).await,
            None => Some(Ok(())),
        };
        if let Some(stored) = stored {
            let answer = of(shared, stored, again);
            drop(shared.unless_over(streams.answer(&ticket, answer)).await);
        }
        shared.answers.done();
    }
}

fn of(shared: &Shared, stored: Result<(), HistoryError>, again: Duration) -> Answer {
    match stored {
        Ok(()) => Answer::Handled,
        // It is of a type that never leaves the process: no journal has it, and it was published.
        Err(error) if error.kind() == HistoryErrorKind::NotKept => Answer::Handled,
        Err(_) => {
            shared.counters.failed.one();
            Answer::Again(again)
        }
    }
}

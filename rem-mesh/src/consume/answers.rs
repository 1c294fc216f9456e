//! [`Answers`]: what is published and waits for the disk, to be answered in its order.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use rem_core::{Durable, HistoryError, HistoryErrorKind};

use crate::state::Shared;
use crate::transport::{Answer, ConsumerId, Delivery, Ticket};
use crate::watched::Watched;

/// What is published and not answered. Bounded by what consumers may have in flight, and one more that is waited for: what is given again
/// while it waits here has one place, and is answered by its last ticket.
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
    /// Whose it is, and its number in the stream.
    delivery: (ConsumerId, u64),
    /// It was given before.
    is_again: bool,
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

impl Pending {
    pub(crate) fn new(delivery: &Delivery, durable: Option<Durable>, again: Duration) -> Self {
        Self {
            delivery: (delivery.consumer, delivery.sequence),
            is_again: delivery.attempt > 1,
            ticket: delivery.ticket.clone(),
            durable,
            again,
        }
    }
}

impl Answers {
    pub(crate) fn push(&self, pending: Pending) {
        let replaced = self.0.change(|inside| {
            // What is given for the first time is not looked for.
            let mut before =
                inside.waiting.iter_mut().take(if pending.is_again { usize::MAX } else { 0 });
            if let Some(known) = before.find(|known| known.delivery == pending.delivery) {
                known.again = pending.again;
                known.ticket = pending.ticket;
                return pending.durable; // a history's own: dropped under no lock
            }
            inside.waiting.push_back(pending);
            inside.open += 1;
            None
        });
        drop(replaced);
    }

    /// The oldest.
    pub(crate) async fn next(&self) -> Pending {
        self.0.until(|inside| inside.waiting.pop_front()).await
    }

    /// The oldest, if there is one.
    fn next_now(&self) -> Option<Pending> {
        self.0.change(|inside| inside.waiting.pop_front())
    }

    #[cfg(all(test, rem_loom))]
    pub(crate) fn is_open(&self) -> bool {
        self.0.look(|inside| inside.open > 0)
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
    while let Some(Pending { ticket, durable, again, .. }) =
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
    while let Some(Pending { ticket, durable, again, .. }) = shared.answers.next_now() {
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

#[cfg(all(test, not(rem_loom)))]
mod tests {
    use super::*;
    use crate::transport::{Parcel, Subject};

    fn pending(consumer: u64, sequence: u64, attempt: u64) -> Pending {
        let parcel = Parcel::new(Subject::parse("a").expect("it is one"));
        let ticket = Ticket::new(format!("{consumer} {sequence} {attempt}"));
        let (consumer, at) = (ConsumerId(consumer), rem_core::Timestamp::from_nanos(1));
        let delivery = Delivery::new(parcel, consumer, sequence, at, ticket).attempt(attempt);
        Pending::new(&delivery, None, Duration::from_secs(attempt))
    }

    /// The disk stalls, and the broker gives again what is not answered, over and over.
    #[test]
    fn what_is_given_again_while_it_waits_has_one_place() {
        let answers = Answers::default();
        for attempt in 1..100 {
            for (consumer, sequence) in [(1, 1), (1, 2), (2, 1)] {
                answers.push(pending(consumer, sequence, attempt));
            }
        }
        let rest: Vec<_> = std::iter::from_fn(|| answers.next_now()).collect();
        let tickets: Vec<_> = rest.iter().map(|one| one.ticket.as_str()).collect();
        assert_eq!(tickets, ["1 1 99", "1 2 99", "2 1 99"], "in their order, by the last ticket");
        assert!(rest.iter().all(|one| one.again == Duration::from_secs(99)));
        (0..3).for_each(|_| answers.done());
        assert_eq!(answers.0.look(|inside| inside.open), 0);
    }
}

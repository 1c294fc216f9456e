//! Who waits for an answer, and who brings it or ends the bus, under loom.

use std::sync::Arc;
use std::task::{Poll, Waker};

use super::pending::{Pending, Slot};
use crate::event::{Event, EventId};
use crate::loom::{Bell, Tick, event, outcomes, spawn};

const QUESTION: EventId = EventId::NIL;

fn answer(sequence: u64) -> Arc<Event<Tick>> {
    event(sequence).downcast_arc::<Tick>().unwrap()
}

/// The number of the answer; `None` if there is none. One who is told too seldom sleeps for ever, which loom tells.
fn wait(slot: &Slot<Tick>) -> Option<u64> {
    let bell = Arc::new(Bell::default());
    let waker = Waker::from(Arc::clone(&bell));
    loop {
        if let Poll::Ready(came) = slot.poll(&waker) {
            return came.map(|answer| answer.sequence().unwrap());
        }
        bell.sleep();
    }
}

/// Two answer, whoever is first; the other is let go, and nothing is left.
#[test]
fn the_first_answer_is_taken() {
    let seen = outcomes(|| {
        let pending = Pending::<Tick>::new();
        let slot = pending.put(QUESTION).unwrap();
        let answers = [1, 2].map(|number| {
            let pending = Arc::clone(&pending);
            spawn(move || {
                if pending.wants(QUESTION) {
                    pending.came(QUESTION, answer(number));
                }
            })
        });
        let waits = spawn(move || wait(&slot));
        answers.map(|answer| answer.join().unwrap());
        let came = waits.join().unwrap();
        assert_eq!(pending.len(), 0);
        came
    });
    assert_eq!(seen, [Some(1), Some(2)].into());
}

/// The bus ends meanwhile: what has come is taken, and otherwise nothing is waited for.
#[test]
fn the_end_of_the_bus_ends_the_wait() {
    let seen = outcomes(|| {
        let pending = Pending::<Tick>::new();
        let slot = pending.put(QUESTION).unwrap();
        let (comes, ends) = (Arc::clone(&pending), Arc::clone(&pending));
        let comes = spawn(move || comes.came(QUESTION, answer(1)));
        let ends = spawn(move || ends.over());
        let waits = spawn(move || wait(&slot));
        comes.join().unwrap();
        ends.join().unwrap();
        waits.join().unwrap()
    });
    assert_eq!(seen, [None, Some(1)].into());
}

//! Past and live: each subscriber that begins in the past sees every number once, from its first on.

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use rem::prelude::*;
use rem::{Lagged, TryRecvError};

use crate::losses::{self, numbers};
use crate::{Orders, Tick, repeat};

const PUBLISHERS: u64 = 2;

type Seen = Vec<(u64, Tick)>;

fn note(event: &Event<Tick>) -> (u64, Tick) {
    (event.sequence().unwrap(), event.data.clone())
}

/// Runs publishers of so many events each, and `beside` in this thread, which is asked with the question whether they
/// are still at work.
fn publish_beside<R>(bus: &Bus, each: u64, beside: impl FnOnce(&dyn Fn() -> bool) -> R) -> R {
    thread::scope(|scope| {
        let publishers: Vec<_> = (0..PUBLISHERS)
            .map(|publisher| {
                scope.spawn(move || {
                    for number in 0..each {
                        bus.publish(Tick::Of { publisher, number }).unwrap();
                    }
                })
            })
            .collect();
        beside(&|| !publishers.iter().all(thread::ScopedJoinHandle::is_finished))
    })
}

/// Whoever joins while others publish, from the beginning, from a number on, or with the last few; by a handler or a queue.
#[test]
fn no_gap_and_no_repeat_between_past_and_live() {
    repeat("no_gap_and_no_repeat_between_past_and_live", |round| {
        // Many short rounds, for what matters is where a reader meets publishers; and a long one now and then.
        let each = if round.is_multiple_of(32) { 400 } else { 25 };
        let total = PUBLISHERS * each;
        let capacity = usize::try_from(total).unwrap();
        let bus = Bus::builder().history(Ring::events(capacity)).build();
        let joined = publish_beside(&bus, each, |at_work| {
            let mut joined = Vec::new();
            while joined.is_empty() || (joined.len() < 12 && at_work()) {
                let turn = round + joined.len() as u64;
                let from = [Start::Earliest, Start::Sequence(1 + total / 2), Start::Last(5)];
                let from = from[usize::try_from(turn % 3).unwrap()];
                joined.push(join(&bus, from, capacity, turn.is_multiple_of(2)));
            }
            joined
        });
        let mut checked = 0;
        for mut reader in joined {
            reader.read();
            checked += check(reader.from, &reader.read, total);
            checked += check(reader.from, &reader.handled.lock().unwrap(), total);
        }
        checked
    });
}

/// A handler and a stream that began there.
struct Reader {
    from: Start,
    _guard: Subscription,
    handled: Arc<Mutex<Seen>>,
    stream: EventStream<Tick>,
    read: Seen,
}

fn join(bus: &Bus, from: Start, capacity: usize, read_now: bool) -> Reader {
    let queue = bus.subscription("tick").from(from).queue(capacity, Overflow::Reject);
    let stream = queue.stream().unwrap();
    let handled = Arc::new(Mutex::new(Seen::new()));
    let held = Arc::clone(&handled);
    let handle = move |event: &Event<Tick>| held.lock().unwrap().push(note(event));
    let guard = bus.subscription("tick").from(from).inline(handle).unwrap();
    let mut reader = Reader { from, _guard: guard, handled, stream, read: Seen::new() };
    // Half of them, so that they join while publishers are at work.
    if read_now {
        reader.read();
    }
    reader
}

impl Reader {
    fn read(&mut self) {
        while let Ok(event) = self.stream.try_recv() {
            self.read.push(note(&event));
        }
    }
}

/// All numbers from the first on, each once; and each publisher's events in its order.
fn check(from: Start, seen: &Seen, total: u64) -> u64 {
    Orders::check(seen);
    let mut numbers = numbers(seen);
    numbers.sort_unstable();
    let first = numbers.first().copied().unwrap_or(total + 1);
    match from {
        Start::Earliest => assert_eq!(first, 1),
        Start::Sequence(number) => assert_eq!(first, number),
        _ => {}
    }
    assert!(numbers.iter().copied().eq(first..=total), "{from:?}: {numbers:?} of {total}");
    numbers.len() as u64
}

/// A ring that turns faster than it is read, and a queue that loses: what is not delivered is told, number by number.
#[test]
fn what_a_late_reader_misses_is_told() {
    const EACH: u64 = 400;
    const TOTAL: u64 = PUBLISHERS * EACH;
    repeat("what_a_late_reader_misses_is_told", |round| {
        let ring = [2, 32, 128][usize::try_from(round % 3).unwrap()];
        let bus = Bus::builder().history(Ring::events(ring)).build();
        let overflow =
            if round.is_multiple_of(2) { Overflow::DropOldest } else { Overflow::DropNewest };
        let queue = || bus.subscription("tick").from(Start::Sequence(1)).queue(8, overflow.clone());
        let readers = publish_beside(&bus, EACH, |at_work| {
            let mut readers: [EventStream<Tick>; 2] = [(); 2].map(|()| queue().stream().unwrap());
            let (mut seen, mut lost) = ([Seen::new(), Seen::new()], [Vec::new(), Vec::new()]);
            while at_work() {
                for ((reader, seen), lost) in readers.iter_mut().zip(&mut seen).zip(&mut lost) {
                    let _ = (0..50).try_for_each(|_| take(reader, seen, lost));
                }
            }
            (readers, seen, lost)
        });
        bus.close(Duration::ZERO);
        let (readers, seen, lost) = readers;
        for ((mut reader, mut seen), mut lost) in readers.into_iter().zip(seen).zip(lost) {
            while take(&mut reader, &mut seen, &mut lost).is_continue() {}
            Orders::check(&seen);
            losses::check(1..=TOTAL, &numbers(&seen), &lost, 0);
        }
        2 * TOTAL
    });
}

/// Takes what is there; a break if nothing is.
fn take(
    reader: &mut EventStream<Tick>,
    seen: &mut Seen,
    lost: &mut Vec<Lagged>,
) -> ControlFlow<()> {
    match reader.try_recv() {
        Ok(event) => seen.push(note(&event)),
        Err(TryRecvError::Lagged(lagged)) => lost.push(lagged),
        Err(_) => return ControlFlow::Break(()),
    }
    ControlFlow::Continue(())
}

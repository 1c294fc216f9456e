//! [`Failures`]: what failed while a client is attached, as `$rem.handler.failed` tells it.

use std::collections::VecDeque;
use std::sync::Mutex;

use rem_core::__private::number;
use rem_core::{Event, EventId, EventStream, SystemEvent, Timestamp};
use serde::Serialize;

use crate::measures::Measures;
use crate::refusal::clip;
use crate::shared::lock;

/// How many are kept for clients to take.
const KEPT: usize = 256;

/// What failed lately.
#[derive(Debug, Default)]
pub(crate) struct Failures(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    /// How many there were.
    count: u64,
    /// Each with how many there were with it: between two may lie some that were lost.
    failed: VecDeque<(u64, Failed)>,
}

/// A failure as the API gives it.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Failed {
    subscription: u64,
    pattern: String,
    place: String,
    event: EventId,
    topic: String,
    error: String,
    panicked: bool,
    time: Timestamp,
}

impl Failures {
    /// Takes what has come from the stream, and notes it where calls are measured.
    pub(crate) fn take(&self, stream: &mut EventStream<SystemEvent>, measures: &Measures) {
        for _ in 0..KEPT {
            let event = match stream.try_recv() {
                Ok(received) => received,
                // As many as the system events that are lost are not told one by one; they are counted on the subscriptions.
                Err(rem_core::TryRecvError::Lagged(lagged)) => {
                    lock(&self.0).count += lagged.missed();
                    continue;
                }
                Err(_) => return,
            };
            let Some((failed, subscription)) = Failed::of(event.event()) else { continue };
            measures.failed(failed.event, subscription, &failed.error, failed.panicked);
            let mut kept = lock(&self.0);
            kept.count += 1;
            if kept.failed.len() == KEPT {
                kept.failed.pop_front();
            }
            let number = kept.count;
            kept.failed.push_back((number, failed));
        }
    }

    /// How many there were.
    pub(crate) fn count(&self) -> u64 {
        lock(&self.0).count
    }

    /// Those behind the first so many, at most that many, and how many more there were.
    pub(crate) fn after(&self, seen: u64, most: usize) -> (Vec<Failed>, u64) {
        let kept = lock(&self.0);
        let new = kept.count.saturating_sub(seen);
        let newest = kept.failed.iter().rev().take_while(|(number, _)| *number > seen).take(most);
        let mut told: Vec<_> = newest.map(|(_, failed)| failed.clone()).collect();
        told.reverse();
        let more = new - told.len() as u64;
        (told, more)
    }
}

impl Failed {
    fn of(event: &Event<SystemEvent>) -> Option<(Self, u64)> {
        let SystemEvent::HandlerFailed {
            subscription,
            pattern,
            place,
            event: failed,
            topic,
            error,
            panicked,
        } = &event.data
        else {
            return None;
        };
        let subscription = number(*subscription);
        let failed = Self {
            subscription,
            pattern: pattern.to_string(),
            place: place.to_string(),
            event: *failed,
            topic: topic.to_string(),
            error: clip(error),
            panicked: *panicked,
            time: event.timestamp(),
        };
        Some((failed, subscription))
    }
}

#[cfg(test)]
mod tests {
    use rem_core::wire::{Codec, RawEvent};
    use rem_core::{Bus, Overflow};

    use super::*;

    #[test]
    fn what_was_told_is_not_told_again_behind_a_loss() {
        let bus = Bus::new();
        let failures = Failures::default();
        let queue = bus.subscription("$rem.handler.failed").queue(2, Overflow::DropOldest);
        let mut stream = queue.stream().expect("the pattern is one");
        let measures = Measures::new();
        let number = std::sync::atomic::AtomicU64::new(0);
        let fails = move |_: &Event| {
            let number = number.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1;
            Err::<(), _>(number.to_string())
        };
        let _fails = bus.subscribe("a", fails).expect("the pattern is one");
        let mut fail = |times: u32| {
            for _ in 0..times {
                bus.publish_to("a", RawEvent::new(Codec::Json, *b"1")).expect("the bus is open");
            }
            failures.take(&mut stream, &measures);
        };
        let after = |seen, most| {
            let (told, more) = failures.after(seen, most);
            (told.into_iter().map(|failed| failed.error).collect::<Vec<_>>(), more)
        };
        fail(2);
        assert_eq!(after(0, 50), (vec!["1".to_owned(), "2".to_owned()], 0));
        fail(5);
        assert_eq!(failures.count(), 7);
        assert_eq!(after(2, 50), (vec!["6".to_owned(), "7".to_owned()], 3), "three were lost");
        assert_eq!(after(2, 1), (vec!["7".to_owned()], 4));
        assert_eq!(after(0, 50).1, 3, "who comes later is told the two before them too");
        assert_eq!(after(7, 50), (Vec::new(), 0));
        assert_eq!(after(9, 50), (Vec::new(), 0));
    }
}

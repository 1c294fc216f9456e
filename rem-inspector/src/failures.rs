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
    failed: VecDeque<Failed>,
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
            kept.failed.push_back(failed);
        }
    }

    /// How many there were.
    pub(crate) fn count(&self) -> u64 {
        lock(&self.0).count
    }

    /// Those behind the first so many, at most that many, and how many more there were.
    pub(crate) fn after(&self, seen: u64, most: usize) -> (Vec<Failed>, u64) {
        let kept = lock(&self.0);
        let new = kept.count - seen.min(kept.count);
        let there = usize::try_from(new).unwrap_or(usize::MAX).min(kept.failed.len()).min(most);
        let told = kept.failed.iter().skip(kept.failed.len() - there).cloned().collect();
        (told, new - there as u64)
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

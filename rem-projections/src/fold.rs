//! Folding: events into a state, with a panic told by the event that it came of.

use std::any::Any;
use std::collections::BTreeMap;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use rem_core::Event;

use crate::policy::Skipped;
use crate::view::Stand;
use crate::{FoldError, Projection};

/// Calls users' code, and makes its panic a text.
pub(crate) fn isolate<R>(call: impl FnOnce() -> R) -> Result<R, Box<str>> {
    catch_unwind(AssertUnwindSafe(call)).map_err(message)
}

/// Drops what is users' to drop, whose panic is nobody's.
pub(crate) fn quietly<T>(value: T) {
    let _ = isolate(move || drop(value));
}

fn message(payload: Box<dyn Any + Send>) -> Box<str> {
    let text = match payload.downcast_ref::<&str>() {
        Some(text) => Box::from(*text),
        None => payload.downcast_ref::<String>().map_or_else(
            || Box::from("a panic whose payload is not text"),
            |text| Box::from(text.as_str()),
        ),
    };
    if let Err(second) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        mem::forget(second); // a payload may panic as it goes, and so may the payload of that
    }
    text
}

/// Applies events in order, but for those that are skipped. At the first that panics it ends, with what may be half done of
/// it in the state; the stand is at the event before.
pub(crate) fn fold<P: Projection>(
    stand: &mut Stand<P>,
    events: &[Arc<Event<P::Event>>],
    skipped: &BTreeMap<u64, Skipped>,
) -> Result<(), FoldError> {
    let mut at = 0;
    let mut time = stand.time;
    // All at once, for that costs as much as one.
    let folded = isolate(|| {
        if skipped.is_empty() {
            for event in events {
                stand.state.apply(event);
                time = time.max(event.timestamp());
                at += 1;
            }
            return;
        }
        for event in events {
            if !event.sequence().is_some_and(|sequence| skipped.contains_key(&sequence)) {
                stand.state.apply(event);
                time = time.max(event.timestamp());
            }
            at += 1;
        }
    });
    let (applied, failed) = events.split_at(at);
    if let Some(last) = applied.last().and_then(|event| event.sequence()) {
        stand.sequence = last;
    }
    stand.time = time;
    match (folded, failed.first()) {
        (Err(panic), Some(event)) => Err(FoldError::of(&**event, panic)),
        _ => Ok(()),
    }
}

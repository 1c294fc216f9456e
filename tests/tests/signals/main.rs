//! Signals: who is called, in which order and for how long, and what comes back.
#![expect(clippy::unwrap_used, reason = "what fails in a test should end it")]

mod asynchronous;
mod changes;
mod lifetimes;
mod model;
mod muted;
mod namespace;
mod order;
mod page;
mod panics;
mod reentry;
mod senders;
mod threads;

use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use rem::Signal;

/// What receivers have seen, in order.
#[derive(Debug)]
struct Log<V>(Arc<Mutex<Vec<V>>>);

impl<V> Clone for Log<V> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<V> Log<V> {
    fn new() -> Self {
        Self(Arc::default())
    }

    fn push(&self, value: V) {
        self.0.lock().unwrap().push(value);
    }

    fn take(&self) -> Vec<V> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

/// What the receivers return, of which none panics.
fn sent<R: Debug + 'static>(signal: &Signal<u32, R>, value: u32) -> Vec<R> {
    let results = signal.send(&value).unwrap();
    assert_eq!(results.panics().count(), 0, "{results:?}");
    results.into_values().collect()
}

/// How many receivers are called.
fn delivered<R: 'static>(signal: &Signal<u32, R>, value: u32) -> usize {
    signal.emit(&value).unwrap().delivered()
}

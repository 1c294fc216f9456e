//! [`Log`]: the newest errors of a flow.

use std::collections::VecDeque;

use rem_core::__private::isolate;

use crate::error::{Refusal, UnitError};
use crate::sync::{Mutex, lock};

/// How many of each are kept.
const KEPT: usize = 100;

/// The newest errors and refusals, up to 100 of each; all are counted elsewhere.
#[derive(Default)]
pub(crate) struct Log {
    failures: Mutex<VecDeque<UnitError>>,
    refusals: Mutex<VecDeque<Refusal>>,
}

impl Log {
    pub(super) fn failed(&self, error: UnitError) {
        let gone = push(&self.failures, error);
        let _ = isolate(|| drop(gone)); // it is the user's
    }

    pub(super) fn refused(&self, refusal: Refusal) {
        drop(push(&self.refusals, refusal));
    }

    pub(crate) fn failures(&self) -> Vec<UnitError> {
        lock(&self.failures).iter().cloned().collect()
    }

    pub(crate) fn refusals(&self) -> Vec<Refusal> {
        lock(&self.refusals).iter().cloned().collect()
    }
}

fn push<T>(log: &Mutex<VecDeque<T>>, value: T) -> Option<T> {
    let mut log = lock(log);
    log.push_back(value);
    if log.len() > KEPT { log.pop_front() } else { None }
}

/// What it holds is the user's: should some of it panic as it goes, nobody else is harmed.
impl Drop for Log {
    fn drop(&mut self) {
        while let Some(error) = { lock(&self.failures).pop_front() } {
            let _ = isolate(|| drop(error));
        }
    }
}

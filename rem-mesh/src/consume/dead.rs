//! [`MeshDeadLetter`]: what a consumer was given and gave up.

use std::collections::VecDeque;
use std::fmt;

use rem_core::Timestamp;

use crate::sync::{Mutex, lock};
use crate::transport::Delivery;

/// How many are kept; the oldest go.
const MOST: usize = 1_024;

/// What a consumer was given and gave up: see [`Mesh::dead_letters`](crate::Mesh::dead_letters). The stream has the parcel under its number
/// as long as its limits let it: [`Mesh::past`](crate::Mesh::past) reads it again.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MeshDeadLetter {
    /// Whose.
    pub consumer: Box<str>,
    /// Its number in the stream.
    pub sequence: u64,
    /// Its subject.
    pub subject: Box<str>,
    /// When the broker stored it, by its clock.
    pub stored_at: Timestamp,
    /// How often it was given.
    pub attempts: u64,
    /// Why.
    pub reason: Box<str>,
}

impl fmt::Display for MeshDeadLetter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { consumer, sequence, subject, attempts, reason, .. } = self;
        write!(
            f,
            "number {sequence} of `{consumer}`, to `{subject}`, after {attempts} attempts: {reason}"
        )
    }
}

#[derive(Debug, Default)]
pub(crate) struct DeadLetters(Mutex<VecDeque<MeshDeadLetter>>);

impl DeadLetters {
    pub(super) fn keep(&self, consumer: &str, delivery: &Delivery, reason: Box<str>) {
        let letter = MeshDeadLetter {
            consumer: consumer.into(),
            sequence: delivery.sequence,
            subject: delivery.parcel.subject().as_str().into(),
            stored_at: delivery.stored_at,
            attempts: delivery.attempt,
            reason,
        };
        let mut letters = lock(&self.0);
        letters.push_back(letter);
        while letters.len() > MOST {
            letters.pop_front();
        }
    }

    pub(crate) fn all(&self) -> Vec<MeshDeadLetter> {
        lock(&self.0).iter().cloned().collect()
    }
}

//! [`DeadLetter`]: an event that a task has failed at, as an event.

use std::fmt;
use std::panic::Location;
use std::sync::Arc;

use super::Job;
use super::lanes::{Failed, Letter};
use crate::clock::Timestamp;
use crate::event::{Event, EventSchema, EventType, Schema, TopicWriter};
use crate::subscription::{About, SubscriptionId};

/// An event that a task has failed at for good, with why. It is published under the topic that
/// [`TaskBuilder::dead_letter`](crate::TaskBuilder::dead_letter) names, and listed by
/// [`DeadLetters::list`](crate::DeadLetters::list).
///
/// It is never delivered to the subscription that it left, nor to one that a dead letter within it left. It holds the event
/// itself, so it does not leave the process.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct DeadLetter {
    /// The event, as it was delivered.
    pub event: Arc<Event>,
    /// What the last attempt failed with; of one that was never handled, that it is behind another.
    pub error: Box<str>,
    /// It panicked.
    pub panicked: bool,
    /// How often the handler was called with it; 0 for one that waits behind a dead letter of the same key.
    pub attempts: u32,
    /// Whose handler it was.
    pub subscription: SubscriptionId,
    /// What that selects.
    pub pattern: Box<str>,
    /// Where it was made.
    pub place: &'static Location<'static>,
    /// When it became a dead letter.
    pub at: Timestamp,
    /// All subscriptions that it, and what it holds, have left.
    left: Arc<[SubscriptionId]>,
}

impl DeadLetter {
    pub(super) fn new(job: &Job, failed: &Failed, about: &About, at: Timestamp) -> Self {
        Self::of(&job.event, Some(failed), about, at)
    }

    pub(super) fn listed(letter: &Letter, about: &About) -> Self {
        Self::of(&letter.job.event, letter.failed.as_ref(), about, letter.at)
    }

    fn of(event: &Arc<Event>, failed: Option<&Failed>, about: &About, at: Timestamp) -> Self {
        let behind = || "it waits behind a dead letter of the same key".into();
        let left = chain(event).iter().copied().chain([about.id]).collect();
        Self {
            event: Arc::clone(event),
            error: failed.map_or_else(behind, |failed| failed.error.clone()),
            panicked: failed.is_some_and(|failed| failed.panicked),
            attempts: failed.map_or(0, |failed| failed.attempts),
            subscription: about.id,
            pattern: about.pattern.as_str().into(),
            place: about.place,
            at,
            left,
        }
    }
}

/// The subscriptions that an event has left, if it is a dead letter.
pub(super) fn chain(event: &Event) -> &[SubscriptionId] {
    event.downcast_ref::<DeadLetter>().map_or(&[], |letter| &letter.data.left)
}

/// One line for people.
impl fmt::Display for DeadLetter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { event, error, attempts, subscription, pattern, .. } = self;
        let s = if *attempts == 1 { "" } else { "s" };
        write!(
            f,
            "`{}` left {subscription} to `{pattern}` after {attempts} attempt{s}: {error}",
            event.topic()
        )
    }
}

/// Written out, for the core does not depend on the derive.
#[diagnostic::do_not_recommend]
impl EventType for DeadLetter {
    const SCHEMA: Schema =
        Schema::new("DeadLetter", "dead", &[EventSchema::new("DeadLetter", "letter", &[])]).local();

    fn leaf(&self) -> usize {
        0
    }

    fn write_topic(&self, out: &mut TopicWriter) -> fmt::Result {
        out.literal(Self::SCHEMA.events[0].topic)
    }
}

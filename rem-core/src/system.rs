//! System events: what the bus itself has to tell, under `$rem.…`.
//!
//! They have no prefix on any bus. Each concerns one bus, and is seen by subscriptions of that bus and of those above it,
//! whose pattern must begin with a literal `$`. They pass no middleware, enter no history and never leave the process;
//! what fails while one is handled is counted and goes no further.

mod lent;

use std::fmt;
use std::sync::Arc;

use rem_patterns::Topic;

use crate::bus::Core;
use crate::deliver::{self, isolate};
use crate::event::{
    self, Event, EventId, EventSchema, EventType, FieldSchema, Making, Schema, TopicWriter,
};
use crate::subscription::{About, Entry, SubscriptionId};

pub use lent::tell;

/// What a bus tells of itself.
///
/// ```
/// use rem_core::{Bus, Event, SystemEvent};
///
/// let bus = Bus::new();
/// let _errors = bus.subscribe("$rem.**", |event: &Event<SystemEvent>| eprintln!("{}", event.data))?;
/// # Ok::<(), rem_core::SubscribeError>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum SystemEvent {
    /// `$rem.handler.failed`: a handler or a filter returned an error or panicked.
    HandlerFailed {
        /// Whose.
        subscription: SubscriptionId,
        /// What it selects.
        pattern: Box<str>,
        /// Where it was made.
        place: Box<str>,
        /// The event it failed on.
        event: EventId,
        /// That event's topic.
        topic: Topic,
        /// The error's or the panic's text.
        error: Box<str>,
        /// It panicked.
        panicked: bool,
    },
    /// `$rem.event.mismatched`: an event under a subscription's topic was of an unrelated type, or raw data that cannot
    /// be read as the type, and not delivered.
    EventMismatched {
        /// Whose.
        subscription: SubscriptionId,
        /// What it selects.
        pattern: Box<str>,
        /// Where it was made.
        place: Box<str>,
        /// The event.
        event: EventId,
        /// Its topic.
        topic: Topic,
        /// The type it has.
        found: &'static str,
        /// The type the subscription asks for.
        wanted: &'static str,
        /// Why raw data could not be read.
        reason: Option<Box<str>>,
    },
    /// `$rem.middleware.failed`: middleware failed after the event had gone on; the event is delivered all the same.
    MiddlewareFailed {
        /// Its name.
        name: Box<str>,
        /// Where it was added.
        place: Box<str>,
        /// The event.
        event: EventId,
        /// Its topic.
        topic: Topic,
        /// The error's or the panic's text.
        error: Box<str>,
    },
    /// `$rem.task.lost`: events that the handler of a task will not have, or have again.
    TaskLost {
        /// Whose.
        subscription: SubscriptionId,
        /// What it selects.
        pattern: Box<str>,
        /// Where it was made.
        place: Box<str>,
        /// How many they are.
        events: u64,
        /// Why.
        reason: Box<str>,
    },
}

impl SystemEvent {
    pub(crate) fn task_lost(about: &About, events: u64, reason: &str) -> Self {
        Self::TaskLost {
            subscription: about.id,
            pattern: about.pattern.as_str().into(),
            place: about.place.to_string().into(),
            events,
            reason: reason.into(),
        }
    }

    pub(crate) fn handler_failed(
        entry: &About,
        event: &Event,
        error: Box<str>,
        panicked: bool,
    ) -> Self {
        Self::HandlerFailed {
            subscription: entry.id,
            pattern: entry.pattern.as_str().into(),
            place: entry.place.to_string().into(),
            event: event.id(),
            topic: event.topic().clone(),
            error,
            panicked,
        }
    }

    pub(crate) fn mismatched(entry: &Entry, event: &Event) -> Self {
        Self::EventMismatched {
            subscription: entry.id,
            pattern: entry.pattern.as_str().into(),
            place: entry.place.to_string().into(),
            event: event.id(),
            topic: event.topic().clone(),
            found: event.data.schema().name,
            wanted: entry.wanted.map_or("any", |wanted| wanted.schema.name),
            reason: entry
                .wanted
                .and_then(|wanted| isolate(|| (wanted.why_not)(event)).ok()?)
                .map(|error| error.to_string().into()),
        }
    }
}

/// One line for people.
impl fmt::Display for SystemEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HandlerFailed {
                subscription, pattern, place, topic, error, panicked, ..
            } => {
                let how = if *panicked { "panicked" } else { "failed" };
                write!(f, "{subscription} to `{pattern}` ({place}) {how} on `{topic}`: {error}")
            }
            Self::EventMismatched {
                subscription,
                pattern,
                place,
                topic,
                found,
                wanted,
                reason,
                ..
            } => {
                write!(
                    f,
                    "{subscription} to `{pattern}` ({place}) wants `{wanted}` and was not given a `{found}` under \
                     `{topic}`"
                )?;
                reason.as_deref().map_or(Ok(()), |reason| write!(f, ": {reason}"))
            }
            Self::MiddlewareFailed { name, place, topic, error, .. } => {
                write!(
                    f,
                    "middleware `{name}` ({place}) failed after it let `{topic}` pass: {error}"
                )
            }
            Self::TaskLost { subscription, pattern, place, events, reason } => {
                let s = if *events == 1 { "" } else { "s" };
                write!(
                    f,
                    "{subscription} to `{pattern}` ({place}) lost {events} event{s}: {reason}"
                )
            }
        }
    }
}

const FIELDS: &[FieldSchema] = &[
    FieldSchema::new("place", "Box<str>", "where it was made"),
    FieldSchema::new("event", "EventId", "the event"),
    FieldSchema::new("topic", "Topic", "its topic"),
];

const TASK_FIELDS: &[FieldSchema] = &[
    FieldSchema::new("place", "Box<str>", "where it was made"),
    FieldSchema::new("events", "u64", "how many they are"),
    FieldSchema::new("reason", "Box<str>", "why"),
];

/// Written out, for the core does not depend on the derive.
#[diagnostic::do_not_recommend]
impl EventType for SystemEvent {
    const SCHEMA: Schema = Schema::new(
        "SystemEvent",
        "$rem",
        &[
            EventSchema::new("HandlerFailed", "handler.failed", FIELDS),
            EventSchema::new("EventMismatched", "event.mismatched", FIELDS),
            EventSchema::new("MiddlewareFailed", "middleware.failed", FIELDS),
            EventSchema::new("TaskLost", "task.lost", TASK_FIELDS),
        ],
    )
    .local();

    fn leaf(&self) -> usize {
        match self {
            Self::HandlerFailed { .. } => 0,
            Self::EventMismatched { .. } => 1,
            Self::MiddlewareFailed { .. } => 2,
            Self::TaskLost { .. } => 3,
        }
    }

    fn write_topic(&self, out: &mut TopicWriter) -> fmt::Result {
        out.literal(Self::SCHEMA.events[self.leaf()].topic)
    }
}

const TOPICS: [Topic; 4] = [
    Topic::from_static("$rem.handler.failed"),
    Topic::from_static("$rem.event.mismatched"),
    Topic::from_static("$rem.middleware.failed"),
    Topic::from_static("$rem.task.lost"),
];

/// Tells those who listen about something that concerns the bus with prefix `concern`. With nobody listening `event` is
/// not made.
pub(crate) fn report(core: &Arc<Core>, concern: &str, event: impl FnOnce() -> SystemEvent) {
    if core.router.no_system_subscriptions() {
        return;
    }
    let data = event();
    let [failed, mismatched, middleware, lost] = TOPICS;
    let topic = match data {
        SystemEvent::HandlerFailed { .. } => failed,
        SystemEvent::EventMismatched { .. } => mismatched,
        SystemEvent::MiddlewareFailed { .. } => middleware,
        SystemEvent::TaskLost { .. } => lost,
    };
    hand_over(core, concern, &topic, data);
}

/// The same of an event of any type, under a topic that begins with `$`.
fn hand_over<E: EventType>(core: &Arc<Core>, concern: &str, topic: &Topic, data: E) {
    let entries = core.router.system(topic, concern);
    if entries.is_empty() {
        return;
    }
    // As many may wait as events of users; beyond that they are counted like all failures, and not told one by one.
    if deliver::waiting() >= core.limits.deferred {
        return;
    }
    let now = core.clock.now();
    let making = Making { id: core.ids.next(now), topic, timestamp: now, scope: 0, source: None };
    deliver::hand_over_system(core, event::place(making, data).share(), entries);
}

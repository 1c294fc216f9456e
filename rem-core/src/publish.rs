//! Step 1: from a value to a draft.

mod append;
mod builder;
mod causation;
#[cfg(all(test, rem_loom))]
mod loom;
mod publisher;
mod receipt;
mod room;

use std::mem;
use std::sync::Arc;

use rem_patterns::Topic;

use crate::bus::State;
use crate::clock::Timestamp;
use crate::deliver;
use crate::draft::{Draft, TopicBy};
use crate::error::{Failure, PublishError, PublishErrorKind, Refusal};
use crate::event::{self, EventId, EventType, Head, Making, Metadata, Source, TopicWriter};
use crate::route::{Known, Route, TypeTable};
use crate::sync::Guard;

pub use append::{Append, AppendError, AppendRefusal};
pub(crate) use append::{Condition, Ready, Together};
pub use builder::{EventBuilder, When};
pub use publisher::Publisher;
pub(crate) use receipt::Beside;
pub use receipt::Receipt;

pub(crate) use causation::{Level, Link, handled, handling, handling_in_line, is_publishing, link};
pub(crate) use room::{room, room_at};

/// Where a value goes.
#[derive(Clone, Copy)]
pub(crate) enum To<'a> {
    /// To the topic of its variant.
    Own,
    /// The same, its type's table at hand.
    Table(&'a TypeTable),
    /// To a topic below the bus's prefix, by name.
    Named(&'a str),
    /// The same, of which so many bytes were the prefix of the bus it was first published on.
    Again(&'a str, u8),
}

/// What the builder form adds.
#[derive(Debug, Default)]
pub(crate) struct Extra {
    /// Of an event that has one already.
    pub(crate) id: Option<EventId>,
    pub(crate) timestamp: Option<Timestamp>,
    /// When the publish began, if it has another timestamp.
    pub(crate) began: Option<Timestamp>,
    pub(crate) source: Option<Source>,
    pub(crate) metadata: Option<Box<Metadata>>,
    pub(crate) causation: Option<EventId>,
    pub(crate) correlation: Option<EventId>,
    /// It has happened before: what this thread handles did not cause it.
    pub(crate) alone: bool,
}

/// Makes the value a draft for the topic of its route; inlined as `place` is.
#[inline(always)]
#[expect(clippy::inline_always, reason = "called, it would be moved to the caller")]
pub(crate) fn draft<E: EventType>(
    bus: &State,
    data: E,
    to: To<'_>,
    extra: Option<&mut Extra>,
    route: &Route,
) -> Draft {
    let core = &bus.core;
    let now = core.clock.now();
    let making = Making {
        id: core.ids.next(now),
        topic: &route.topic,
        timestamp: now,
        scope: route.scope,
        source: bus.source().cloned(),
    };
    let mut event = event::place(making, data);
    causation::put(event.head());
    if let Some(extra) = extra {
        extra.put(event.head());
    }
    Draft::new(event.share(), if to.name().is_some() { TopicBy::Name } else { TopicBy::Data })
}

/// The route of the topic; `None` if nobody is there. Inlined as [`way::go`](crate::way::go) is, so that each way to publish
/// has its own look for the topic and no other.
#[inline(always)]
#[expect(clippy::inline_always, reason = "as above")]
pub(crate) fn find<E: EventType>(
    bus: &State,
    data: &E,
    to: To<'_>,
) -> Result<Option<Guard<Arc<Route>>>, Refusal> {
    let router = &bus.core.router;
    let found = |known: &Arc<Known>| router.route(known, bus);
    let route = match to {
        To::Table(table) => table.with_known(bus, data, found)?,
        To::Own => bus.types.with::<E, _>(|table| table.with_known(bus, data, found))?,
        // On a child bus too: system topics have no prefix anywhere.
        To::Named(name) | To::Again(name, 0) => by_name(bus, name, bus.scope(), found)?,
        To::Again(name, scope) if bus.scope() == 0 => by_name(bus, name, scope, found)?,
        // If it does not fit, neither does the topic.
        To::Again(name, scope) => {
            by_name(bus, name, bus.scope().saturating_add(1).saturating_add(scope), found)?
        }
    };
    // With the route in hand: whoever closes the bus sees either that, or is seen here. See `route/live.rs`.
    if bus.is_closed() { Err(PublishErrorKind::Closed.into()) } else { Ok(route) }
}

/// What is found for a topic below the bus's prefix, of which so many bytes are a prefix, its own or another's.
#[inline]
fn by_name<R>(
    bus: &State,
    name: &str,
    scope: u8,
    found: impl FnOnce(&Arc<Known>) -> R,
) -> Result<R, Refusal> {
    if name.starts_with('$') {
        return Err(PublishErrorKind::SystemTopic.into());
    }
    let mut writer = TopicWriter::new();
    let prefix = bus.prefix();
    let text = writer.below(prefix, name).ok_or_else(|| too_long(prefix, name))?;
    Ok(found(&bus.core.router.known(text, scope, None)?))
}

impl<'a> To<'a> {
    /// The topic, if it was given by name.
    #[inline]
    fn name(self) -> Option<&'a str> {
        match self {
            Self::Own | Self::Table(_) => None,
            Self::Named(name) | Self::Again(name, _) => Some(name),
        }
    }
}

/// A place on the stack of publishes, if there is room for what its handlers have to wait for.
#[inline]
pub(crate) fn enter(bus: &State, route: &Route) -> Result<Level, Refusal> {
    let limits = bus.core.limits;
    if !route.entries.is_empty() && deliver::waiting() >= limits.deferred {
        return Err(PublishErrorKind::TooManyDeferred { limit: limits.deferred }.into());
    }
    causation::check_depth(limits.causal_depth, &route.topic)?;
    Level::enter(limits.causal_depth)
}

/// The error of what was not published, with its data.
#[cold]
pub(crate) fn refuse<E: EventType>(
    bus: &State,
    data: E,
    to: To<'_>,
    refusal: Refusal,
) -> PublishError<E> {
    PublishError::new(Failure::new(refusal, &attempted(bus, &data, to)), data)
}

/// The error of a name that has no room on the stack: it is too long, so parsing it says so.
fn too_long(prefix: &str, name: &str) -> PublishErrorKind {
    match Topic::parse(format!("{prefix}.{name}")) {
        Err(error) => PublishErrorKind::Topic(error),
        Ok(_) => PublishErrorKind::NoTopic,
    }
}

/// The topic as far as it is known, for an error's text.
fn attempted<E: EventType>(bus: &State, data: &E, to: To<'_>) -> String {
    match to.name() {
        Some(name) if bus.prefix().is_empty() => name.to_owned(),
        Some(name) => format!("{}.{name}", bus.prefix()),
        None => {
            let mut writer = TopicWriter::new();
            let text = Level::enter(bus.core.limits.causal_depth)
                .ok()
                .and_then(|_level| writer.full(bus.prefix(), data));
            text.map_or_else(|| format!("{}.…", E::SCHEMA.namespace), str::to_owned)
        }
    }
}

impl Extra {
    /// Puts what the builder form adds into the head, which few events have.
    #[cold]
    fn put(&mut self, head: &mut Head) {
        head.id = self.id.unwrap_or(head.id);
        if let Some(timestamp) = self.timestamp {
            self.began = Some(mem::replace(&mut head.timestamp, timestamp));
        }
        if self.source.is_some() {
            head.source = self.source.take();
        }
        head.metadata = self.metadata.take();
        if self.alone {
            (head.causation, head.correlation) = (None, None);
        }
        head.causation = self.causation.or(head.causation);
        head.correlation = self.correlation.or(head.correlation);
    }
}

/// The receipt of a draft that was stopped. Its data goes here, before the receipt is on its way out: should it panic as it
/// goes, the receipt, which shares a name, goes too.
#[cold]
pub(crate) fn stopped(receipt: Receipt, draft: Draft) -> Receipt {
    drop(draft);
    receipt
}

/// The error of a draft that did not get through, with the data it held.
#[cold]
pub(crate) fn give_back<E: EventType>(failure: Box<Failure>, draft: Draft) -> PublishError<E> {
    match draft.into_data() {
        Some(data) => PublishError::new(failure, data),
        // A draft that failed was not recorded, so it is the only owner; its data keeps its type for life.
        None => {
            unreachable!("a draft that failed has one owner and the type it was published with")
        }
    }
}

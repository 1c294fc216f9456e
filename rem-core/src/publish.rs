//! Step 1: from a value to a draft.

mod builder;
mod causation;
mod publisher;
mod receipt;

use std::sync::Arc;

use rem_patterns::Topic;

use crate::bus::State;
use crate::clock::Timestamp;
use crate::deliver;
use crate::draft::{Draft, TopicBy};
use crate::error::{Failure, PublishError, PublishErrorKind};
use crate::event::{Event, EventId, EventType, Head, Metadata, Source, TopicWriter};
use crate::route::{Known, Route, TypeTable};
use crate::sync::Guard;

pub use builder::EventBuilder;
pub use publisher::Publisher;
pub use receipt::Receipt;

pub(crate) use causation::{Level, Link, handling, link};

/// A value on its way out, and what the publisher said beside it.
pub(crate) struct Outgoing<'a, E> {
    pub(crate) data: E,
    pub(crate) to: To<'a>,
    pub(crate) extra: Extra,
}

/// Where a value goes.
#[derive(Clone, Copy)]
pub(crate) enum To<'a> {
    /// To the topic of its variant.
    Own,
    /// The same, its type's table at hand.
    Table(&'a TypeTable),
    /// To a topic below the bus's prefix, by name.
    Named(&'a str),
}

/// What the builder form adds. All of it is empty for a plain publish.
#[derive(Debug, Default)]
pub(crate) struct Extra {
    pub(crate) timestamp: Option<Timestamp>,
    pub(crate) source: Option<Source>,
    pub(crate) metadata: Option<Box<Metadata>>,
    pub(crate) causation: Option<EventId>,
    pub(crate) correlation: Option<EventId>,
}

impl<E> Outgoing<'_, E> {
    pub(crate) fn own(data: E) -> Self {
        Self { data, to: To::Own, extra: Extra::default() }
    }
}

/// A draft, the route that was found for it, and its place on the stack of publishes.
type Prepared = (Draft, Guard<Arc<Route>>, Level);

/// Looks where the value would go and, unless nobody is there, makes it a draft.
pub(crate) fn prepare<E: EventType>(
    bus: &State,
    outgoing: Outgoing<'_, E>,
) -> Result<Option<Prepared>, PublishError<E>> {
    let Some(level) = Level::enter(bus.core.limits.causal_depth) else {
        let topic = attempted(bus, &outgoing);
        let limit = bus.core.limits.causal_depth;
        let kind = PublishErrorKind::TooDeep { chain: Box::default(), limit };
        return Err(PublishError::new(Failure::new(kind, &topic), outgoing.data));
    };
    let limit = bus.core.limits.deferred;
    if deliver::waiting() >= limit {
        let kind = PublishErrorKind::TooManyDeferred { limit };
        let failure = Failure::new(kind, &attempted(bus, &outgoing));
        return Err(PublishError::new(failure, outgoing.data));
    }
    match find(bus, &outgoing) {
        Ok(route) if is_nobodys(bus, &route) => Ok(None),
        Ok(route) => match stamp(bus, &route, outgoing.extra) {
            Ok(head) => {
                let event = Arc::new(Event { head, data: outgoing.data });
                let by = if let To::Named(_) = outgoing.to { TopicBy::Name } else { TopicBy::Data };
                Ok(Some((Draft::new(event, by), route, level)))
            }
            Err(failure) => Err(PublishError::new(failure, outgoing.data)),
        },
        Err(kind) => {
            let failure = Failure::new(kind, &attempted(bus, &outgoing));
            Err(PublishError::new(failure, outgoing.data))
        }
    }
}

fn is_nobodys(bus: &State, route: &Route) -> bool {
    route.entries.is_empty() && route.middleware.is_empty() && bus.core.history.is_none()
}

fn find<E: EventType>(
    bus: &State,
    outgoing: &Outgoing<'_, E>,
) -> Result<Guard<Arc<Route>>, PublishErrorKind> {
    if bus.is_closed() {
        return Err(PublishErrorKind::Closed);
    }
    let router = &bus.core.router;
    let (prefix, scope) = (bus.prefix(), bus.scope());
    let found = |known: &Arc<Known>| router.route(known, bus);
    let of_table =
        |table: &TypeTable| table.with_known(router, prefix, scope, &outgoing.data, found);
    let found = match outgoing.to {
        To::Own => bus.types.with::<E, _>(|table| of_table(table))?,
        To::Table(table) => of_table(table)?,
        To::Named(name) => {
            let mut writer = TopicWriter::new();
            let text = writer.below(prefix, name).ok_or_else(|| too_long(prefix, name))?;
            found(&router.known(text, scope)?)
        }
    };
    if found.topic.is_system() { Err(PublishErrorKind::SystemTopic) } else { Ok(found) }
}

/// The error of a name that has no room on the stack: it is too long, so parsing it says so.
fn too_long(prefix: &str, name: &str) -> PublishErrorKind {
    match Topic::parse(format!("{prefix}.{name}")) {
        Err(error) => PublishErrorKind::Topic(error),
        Ok(_) => PublishErrorKind::NoTopic,
    }
}

/// The topic as far as it is known, for an error's text.
fn attempted<E: EventType>(bus: &State, outgoing: &Outgoing<'_, E>) -> String {
    let mut writer = TopicWriter::new();
    match outgoing.to {
        To::Named(name) if bus.prefix().is_empty() => name.to_owned(),
        To::Named(name) => format!("{}.{name}", bus.prefix()),
        _ => match writer.full(bus.prefix(), &outgoing.data) {
            Some(topic) => topic.to_owned(),
            None => format!("{}.…", E::SCHEMA.namespace),
        },
    }
}

/// Id, time, source and cause.
fn stamp(bus: &State, route: &Route, extra: Extra) -> Result<Head, Box<Failure>> {
    let core = &bus.core;
    let cause = causation::current(core.limits.causal_depth, &route.topic)?;
    let now = core.clock.now();
    let (id, topic) = (core.ids.next(now), route.topic.clone());
    let mut head = Head::new(id, topic, route.scope, extra.timestamp.unwrap_or(now));
    head.source = extra.source.or_else(|| bus.source().cloned());
    head.metadata = extra.metadata;
    head.causation = extra.causation.or(cause.map(|cause| cause.id));
    head.correlation = extra.correlation.or(cause.map(|cause| cause.correlation));
    Ok(head)
}

/// The error of a draft that did not get through, with the data it held.
pub(crate) fn give_back<E: EventType>(failure: Box<Failure>, draft: Draft) -> PublishError<E> {
    match draft.into_data() {
        Some(data) => PublishError::new(failure, data),
        // A draft that failed was not recorded, so it is the only owner; its data keeps its type for life.
        None => {
            unreachable!("a draft that failed has one owner and the type it was published with")
        }
    }
}

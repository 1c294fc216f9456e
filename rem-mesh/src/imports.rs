//! [`Import`]: what may come, and which of it, by pattern, size and type.

use std::collections::BTreeSet;
use std::fmt;

use rem_core::cloudevents::CloudEvent;
use rem_core::{Bus, EventType, IntoPattern, Pattern, PatternError, Receipt, Topic};

use crate::consume::Consumer;
use crate::interest::Allowed;
use crate::stats::Refusal;

/// What may come from other nodes: the topics that a pattern selects, up to a size, of a type perhaps.
///
/// ```
/// use rem_mesh::Import;
///
/// let import = Import::of("billing.*.paid").at_most(64 << 10);
/// # drop(import);
/// ```
#[derive(Debug, Clone)]
pub struct Import {
    pattern: Result<Pattern, PatternError>,
    at_most: Option<usize>,
    typed: Option<Typed>,
    durable: Option<Consumer>,
}

/// Why an event is not let in, and the same for people.
pub(crate) type Refused = (Refusal, Box<str>);

/// How an event is published as a value of a type.
#[derive(Clone, Copy)]
struct Typed {
    name: &'static str,
    /// No journal has it.
    is_local: bool,
    publish: fn(&CloudEvent, &Bus) -> Result<Receipt, Refused>,
}

impl Import {
    /// Events of these topics, below the prefix of the bus that joins, whatever their data.
    pub fn of(pattern: impl IntoPattern) -> Self {
        Self { pattern: pattern.into_pattern(), at_most: None, typed: None, durable: None }
    }

    /// Of at most so many bytes, headers and body; more than the [mesh's limit](crate::MeshBuilder::limit) are never let in.
    #[must_use]
    pub fn at_most(mut self, bytes: usize) -> Self {
        self.at_most = Some(bytes);
        self
    }

    /// From the mesh's stream rather than as it is sent, by a consumer of that name: what was stored while this node was not there
    /// comes too, in the order of the stream, whether somebody has subscribed to it or not, and again until it is published.
    ///
    /// It is answered when it is on the disk, if the bus has a journal, and then it comes on this bus once: what the broker gives again is
    /// told apart by source and id within the mesh's [window](crate::MeshBuilder::window), which a process that is started again
    /// fills from the last events that its journal has of these. **A handler that is given it as it comes has it at most once**, and never
    /// if the process is killed between the disk and the handler; a [durable subscription](rem_core::SubscriptionBuilder::durable), which
    /// reads it from the journal, **has it at least once**.
    ///
    /// On a bus without a journal it is answered when the inline handlers have returned, and given again if one of them failed or the
    /// process ended before: **at least once, to every inline handler**.
    ///
    /// What the bus does not take is given again, later each time, and after so many [attempts](Consumer::attempts) is a
    /// [dead letter](crate::Mesh::dead_letters); what comes meanwhile overtakes it. What is no event is a dead letter at once.
    ///
    /// The node's own events in the stream, also those of an earlier process of its name, are passed over, and no other node that
    /// consumes by the name is given them then.
    #[must_use]
    pub fn durable(mut self, consumer: impl Into<Consumer>) -> Self {
        self.durable = Some(consumer.into());
        self
    }

    /// Only what is a value of `E`, under a topic of it: it is decoded before it is published, and refused as
    /// [`WrongSchema`](Refusal::WrongSchema) otherwise. Aliases and older versions are read as they are from a bus.
    #[must_use]
    pub fn as_type<E: EventType>(mut self) -> Self {
        self.typed = Some(Typed {
            name: E::SCHEMA.name,
            is_local: E::SCHEMA.local,
            publish: |event, bus| {
                let decoded = event.event_on::<E>(bus);
                let event =
                    decoded.map_err(|error| (Refusal::WrongSchema, error.to_string().into()))?;
                event.publish().map_err(|error| (Refusal::ByBus, error.to_string().into()))
            },
        });
        self
    }
}

impl fmt::Debug for Typed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// Everything that may come.
#[derive(Debug)]
pub(crate) struct Imports {
    rules: Vec<(Pattern, Import)>,
    /// Of the bytes of any parcel.
    pub(crate) limit: usize,
    pub(crate) most_hops: u8,
    /// Those nodes alone, if there are any.
    pub(crate) peers: BTreeSet<Box<str>>,
    /// What does not say where it comes from is let in.
    pub(crate) takes_foreign: bool,
}

impl Imports {
    pub(crate) fn new(limit: usize, most_hops: u8) -> Self {
        Self { rules: Vec::new(), limit, most_hops, peers: BTreeSet::new(), takes_foreign: false }
    }

    /// One rule more, of a bus with that prefix.
    pub(crate) fn add(
        &mut self,
        import: Import,
        prefix: Option<&Topic>,
    ) -> Result<(), PatternError> {
        let pattern = import.pattern.clone()?;
        let pattern = prefix.map_or(Ok(pattern.clone()), |prefix| pattern.under(prefix))?;
        self.rules.push((pattern, import));
        Ok(())
    }

    /// The most bytes that any rule lets in.
    pub(crate) fn most(&self) -> usize {
        let each = self.rules.iter().map(|(_, import)| import.at_most.unwrap_or(self.limit));
        each.max().unwrap_or(self.limit).min(self.limit)
    }

    /// Of those that come as they are sent, with the subjects that cover them.
    pub(crate) fn allowed(&self, root: &str) -> Vec<Allowed> {
        let live = self.rules.iter().filter(|(_, import)| import.durable.is_none());
        live.map(|(pattern, _)| Allowed::new(pattern.clone(), root)).collect()
    }

    /// Those that come from the stream: each with its place, and its pattern from the root.
    pub(crate) fn durable(&self) -> impl Iterator<Item = (usize, &Pattern, &Consumer)> {
        let all = self.rules.iter().enumerate();
        all.filter_map(|(at, (pattern, import))| Some((at, pattern, import.durable.as_ref()?)))
    }

    /// Their patterns below the bus's prefix.
    pub(crate) fn durable_below(&self) -> impl Iterator<Item = &Pattern> {
        let durable = self.rules.iter().filter(|(_, import)| import.durable.is_some());
        durable.filter_map(|(_, import)| import.pattern.as_ref().ok())
    }

    /// The rules for a topic, in the order in which they were given: those of what comes as it is sent, or the one at that place.
    pub(crate) fn of<'a>(
        &'a self,
        topic: &'a Topic,
        rule: Option<usize>,
    ) -> impl Iterator<Item = &'a Import> {
        let counts = move |at: usize, import: &Import| match rule {
            None => import.durable.is_none(),
            Some(rule) => rule == at,
        };
        let all = self.rules.iter().enumerate();
        all.filter(move |(at, (pattern, import))| counts(*at, import) && pattern.matches(topic))
            .map(|(_, (_, import))| import)
    }
}

impl Import {
    /// Whether so many bytes may come by it.
    pub(crate) fn takes(&self, bytes: usize) -> bool {
        self.at_most.is_none_or(|most| bytes <= most)
    }

    /// Whether a journal has what comes by it.
    pub(crate) fn is_stored(&self) -> bool {
        self.typed.is_none_or(|typed| !typed.is_local)
    }

    /// Publishes it, with its id, time, source, metadata, cause, story and scope. Runs the user's code.
    pub(crate) fn publish(&self, event: &CloudEvent, bus: &Bus) -> Result<Receipt, Refused> {
        match self.typed {
            Some(typed) => (typed.publish)(event, bus),
            None => event.publish(bus).map_err(|error| (Refusal::ByBus, error.to_string().into())),
        }
    }
}

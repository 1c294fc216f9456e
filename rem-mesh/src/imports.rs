//! [`Import`]: what may come, and which of it, by pattern, size and type.

use std::collections::BTreeSet;
use std::fmt;

use rem_core::cloudevents::CloudEvent;
use rem_core::{Bus, EventType, IntoPattern, Pattern, PatternError, Receipt, Topic};

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
}

/// Why an event is not let in, and the same for people.
pub(crate) type Refused = (Refusal, Box<str>);

/// How an event is published as a value of a type.
#[derive(Clone, Copy)]
struct Typed {
    name: &'static str,
    publish: fn(&CloudEvent, &Bus) -> Result<Receipt, Refused>,
}

impl Import {
    /// Events of these topics, below the prefix of the bus that joins, whatever their data.
    pub fn of(pattern: impl IntoPattern) -> Self {
        Self { pattern: pattern.into_pattern(), at_most: None, typed: None }
    }

    /// Of at most so many bytes, headers and body; more than the [mesh's limit](crate::MeshBuilder::limit) are never let in.
    #[must_use]
    pub fn at_most(mut self, bytes: usize) -> Self {
        self.at_most = Some(bytes);
        self
    }

    /// Only what is a value of `E`, under a topic of it: it is decoded before it is published, and refused as
    /// [`WrongSchema`](Refusal::WrongSchema) otherwise. Aliases and older versions are read as they are from a bus.
    #[must_use]
    pub fn as_type<E: EventType>(mut self) -> Self {
        self.typed = Some(Typed {
            name: E::SCHEMA.name,
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

    /// With the subjects that cover them.
    pub(crate) fn allowed(&self, root: &str) -> Vec<Allowed> {
        self.rules.iter().map(|(pattern, _)| Allowed::new(pattern.clone(), root)).collect()
    }

    /// The rules for a topic, in the order in which they were given.
    pub(crate) fn of<'a>(&'a self, topic: &'a Topic) -> impl Iterator<Item = &'a Import> {
        let rules = self.rules.iter().filter(|(pattern, _)| pattern.matches(topic));
        rules.map(|(_, import)| import)
    }
}

impl Import {
    /// Whether so many bytes may come by it.
    pub(crate) fn takes(&self, bytes: usize) -> bool {
        self.at_most.is_none_or(|most| bytes <= most)
    }

    /// Publishes it, with its id, time, source, metadata, cause, story and scope. Runs the user's code.
    pub(crate) fn publish(&self, event: &CloudEvent, bus: &Bus) -> Result<Receipt, Refused> {
        match self.typed {
            Some(typed) => (typed.publish)(event, bus),
            None => event.publish(bus).map_err(|error| (Refusal::ByBus, error.to_string().into())),
        }
    }
}

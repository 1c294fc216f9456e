//! [`Contents`]: what all documents of a catalogue are written from: events, channels, and who listens to which.

use std::collections::{BTreeMap, BTreeSet};

use rem_core::{FieldSchema, Schema};
use rem_patterns::Pattern;
use serde_json::{Map, Value};

use super::seen::{Published, Seen, Subscriber};
use crate::body::{Bodies, Found, Side, joined};
use crate::error::SchemaError;
use crate::given::Given;
use crate::refs::Names;

pub(super) struct Contents {
    pub(super) events: Vec<Entry>,
    /// What the schemas of data share.
    pub(super) defs: Map<String, Value>,
    /// The topics, or templates, that are published to, each with its event; where no bus was looked at one for each event.
    pub(super) channels: Vec<Channel>,
    pub(super) subscribers: Vec<Subscriber>,
    /// Whether a running bus was looked at.
    pub(super) seen: bool,
}

/// One event.
pub(super) struct Entry {
    pub(super) found: Found,
    /// Its topic as a name in documents.
    pub(super) id: String,
    /// Whether it leaves the process, and its data is described.
    pub(super) described: bool,
}

/// One topic or template, below a prefix if it is published there.
pub(super) struct Channel {
    pub(super) id: String,
    pub(super) address: String,
    /// The event's place; `None` for a topic that no type given here has.
    pub(super) event: Option<usize>,
    /// How often it was published to, if a bus was looked at.
    pub(super) count: Option<u64>,
    /// The places of those who listen.
    pub(super) subscribers: Vec<usize>,
}

impl Contents {
    pub(super) fn of(types: &[Given], seen: Option<&Seen>) -> Result<Self, SchemaError> {
        let described = |ty: &&Given| ty.data.is_some() && !ty.schema.local;
        let with_data: Vec<Given> = types.iter().filter(described).copied().collect();
        let bodies = Bodies::of(&with_data, Side::Written)?;
        let mut names = Names::default();
        let mut entry = |found: Found, described| {
            let id = names.take(&found.topic);
            Entry { found, id, described }
        };
        let mut events: Vec<_> =
            bodies.events.into_iter().map(|found| entry(found, true)).collect();
        for ty in types.iter().filter(|ty| !described(ty)) {
            local(ty.schema, ty.schema, ty.schema.namespace, &mut |found| {
                events.push(entry(found, false));
            });
        }
        let mut contents = Self {
            events,
            defs: bodies.defs,
            channels: Vec::new(),
            subscribers: seen.map(|seen| seen.subscribers.clone()).unwrap_or_default(),
            seen: seen.is_some(),
        };
        contents.channels = contents.channels(seen);
        Ok(contents)
    }

    /// The event of a channel.
    pub(super) fn event(&self, channel: &Channel) -> Option<&Entry> {
        channel.event.and_then(|place| self.events.get(place))
    }

    fn channels(&self, seen: Option<&Seen>) -> Vec<Channel> {
        // By event and prefix; what belongs to no event comes last, by its topic.
        let mut tallies: BTreeMap<(usize, String), Tally> = BTreeMap::new();
        let places = 0..self.events.len();
        let templates: Vec<_> =
            self.events.iter().map(|event| selecting(&event.found.topic)).collect();
        for published in seen.iter().flat_map(|seen| &seen.published) {
            let at = place(&templates, &published.topic);
            let at = at.unwrap_or_else(|| (places.end, published.topic.clone()));
            tallies.entry(at).or_default().add(published);
        }
        for place in places.clone() {
            if !tallies.keys().any(|(found, _)| *found == place) {
                tallies.insert((place, String::new()), Tally::default());
            }
        }
        let mut names = Names::default();
        let mut channels = Vec::with_capacity(tallies.len());
        for ((place, prefix), tally) in tallies {
            let (address, event) = match self.events.get(place) {
                Some(event) => (joined(&prefix, &event.found.topic), Some(place)),
                None => (prefix.clone(), None),
            };
            // Who has the topics that were seen may not be all who would have others of the template.
            let mut subscribers = tally.heard_by;
            if !tally.seen || tally.unknown || address.contains('{') {
                subscribers.extend(self.subscribed(&address, event));
            }
            let (id, count) = (names.take(&address), seen.map(|_| tally.count));
            let subscribers = subscribers.into_iter().collect();
            channels.push(Channel { id, address, event, count, subscribers });
        }
        channels
    }

    /// Who subscribes to some topic of a template, as their patterns say. What is too large to be told is taken for yes:
    /// one too many is seen, one too few is not.
    fn subscribed(&self, address: &str, event: Option<usize>) -> Vec<usize> {
        let event = event.and_then(|place| self.events.get(place));
        let whole = selecting(address);
        let has = |subscriber: &Subscriber| {
            let Ok(pattern) = Pattern::parse(&subscriber.pattern) else { return false };
            let meets = |topic: &Option<Pattern>| {
                topic.as_ref().is_some_and(|topic| {
                    pattern.intersects(topic).map_or(true, |common| common.is_some())
                })
            };
            let Some(ty) = &subscriber.event_type else { return meets(&whole) };
            let Some(Found { given, ty: own, event, .. }) = event.map(|event| &event.found) else {
                return false;
            };
            // By a nested type it is seen under that type's own topic, wherever it is nested.
            let alone = || selecting(&joined(own.namespace, event.topic));
            [given.name, own.name].contains(&ty.as_str()) && meets(&whole)
                || own.name == ty && meets(&alone())
        };
        let subscribers = self.subscribers.iter().enumerate();
        subscribers.filter(|(_, subscriber)| has(subscriber)).map(|(place, _)| place).collect()
    }
}

/// What was seen of one channel.
#[derive(Default)]
struct Tally {
    count: u64,
    heard_by: BTreeSet<usize>,
    /// Whether something was seen of it, and whether of some of that it is not known who has it.
    seen: bool,
    unknown: bool,
}

impl Tally {
    fn add(&mut self, published: &Published) {
        self.count = self.count.saturating_add(published.count);
        self.heard_by.extend(published.heard_by.iter().flatten());
        self.unknown |= published.heard_by.is_none();
        self.seen = true;
    }
}

/// The pattern of the topics of a template, or of a topic alone.
fn selecting(topic: &str) -> Option<Pattern> {
    let is_template = topic.contains('{');
    let text = if is_template {
        let any =
            topic.split('.').map(|segment| if segment.starts_with('{') { "*" } else { segment });
        any.collect::<Vec<_>>().join(".")
    } else {
        format!("={topic}")
    };
    Pattern::parse(text).ok()
}

/// The event that has a topic, and the prefix of the bus that it was published on; the longest topic is the event's.
fn place(templates: &[Option<Pattern>], topic: &str) -> Option<(usize, String)> {
    let cuts = std::iter::once(0).chain(topic.match_indices('.').map(|(at, _)| at + 1));
    cuts.into_iter().find_map(|cut| {
        let below = topic.get(cut..)?;
        let has = |template: &Option<Pattern>| {
            template.as_ref().is_some_and(|template| template.matches(below))
        };
        let place = templates.iter().position(has)?;
        Some((place, topic.get(..cut.saturating_sub(1))?.to_owned()))
    })
}

/// The events of a type of which the topics and fields are known, and no more.
fn local(given: &'static Schema, ty: &'static Schema, above: &str, found: &mut dyn FnMut(Found)) {
    for event in ty.events {
        let topic = joined(above, event.topic);
        if let Some(nested) = event.nested {
            local(given, nested, &topic, found);
            continue;
        }
        let aliases = event.aliases.iter().map(|alias| joined(above, alias)).collect();
        found(Found { topic, aliases, given, ty, event, body: Value::Bool(true) });
    }
}

impl Entry {
    /// The field that is its key.
    pub(super) fn key(&self) -> Option<&'static str> {
        self.fields().find(|field| field.key).map(|field| field.name)
    }

    /// The fields that are not for every eye.
    pub(super) fn redacted(&self) -> Vec<&'static str> {
        self.fields().filter(|field| field.redacted).map(|field| field.name).collect()
    }

    /// Its fields, as they stand in the code.
    pub(super) fn fields(&self) -> impl Iterator<Item = &'static FieldSchema> + use<> {
        self.found.event.fields.iter()
    }

    /// The first paragraph of what is said of it, in one line.
    pub(super) fn summary(&self) -> String {
        first_paragraph(self.found.event.doc)
    }

    /// The fields in its topic.
    pub(super) fn parameters(&self) -> Vec<&str> {
        let segments = self.found.topic.split('.');
        segments.filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}')).collect()
    }
}

/// The first paragraph of a text, in one line.
pub(super) fn first_paragraph(text: &str) -> String {
    let lines = text.lines().map(str::trim).skip_while(|line| line.is_empty());
    lines.take_while(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_belongs_to_the_event_that_has_most_of_it() {
        let templates: Vec<_> = ["order.{id}.paid", "order.all.paid", "paid"].map(selecting).into();
        let table = [
            ("order.7.paid", Some((0, ""))),
            ("eu.west.order.7.paid", Some((0, "eu.west"))),
            ("order.7.8.paid", Some((2, "order.7.8"))),
            ("paid", Some((2, ""))),
            ("order.7.placed", None),
        ];
        for (topic, expected) in table {
            let expected = expected.map(|(place, prefix)| (place, prefix.to_owned()));
            assert_eq!(place(&templates, topic), expected, "{topic}");
        }
    }
}

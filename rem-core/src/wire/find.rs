//! From a topic to the variant whose it is, and from there to a value.

use super::error::Fault;
use super::{Body, Codec, DecodeError, EncodeError, RawEvent};
use crate::event::{EventSchema, EventType, Schema, TopicWriter, below};

/// Writes what the value's variant holds, by serde: see [`EventType::encode_into`].
///
/// # Errors
/// As there.
pub fn encode_variant<E: EventType>(
    value: &E,
    codec: Codec,
    out: &mut Vec<u8>,
) -> Result<(), EncodeError> {
    match E::WIRE {
        Some(wiring) => wiring.encode(value, codec, out),
        None => Err(EncodeError::local(E::SCHEMA.name)),
    }
}

/// The value of `E` under `topic`, relative to the type's namespace, by serde: see [`EventType::decode`].
///
/// Costs a comparison with each of the type's topics, up to the one that fits, and what serde does.
///
/// # Errors
/// As there.
pub fn decode_variant<E: EventType>(topic: &str, body: &Body<'_>) -> Result<E, DecodeError> {
    let read = || {
        let wiring = E::WIRE.ok_or_else(Fault::local)?;
        let Some((place, event)) = E::SCHEMA.variant_of(topic) else {
            return E::other(RawEvent::of(topic, body)).ok_or_else(Fault::no_such_topic);
        };
        let read = || (wiring.read)(body, event.wire_index(place));
        let value = match body.written_as() {
            Some(older) if older < event.version => match E::upcast(place, body) {
                Some(value) => value.map_err(DecodeError::fault)?,
                None => return Err(Fault::no_version(older, event.version)),
            },
            Some(newer) if newer > event.version => {
                read().map_err(|fault| fault.newer(newer, event.version))?
            }
            _ => read()?,
        };
        agrees(&value, event, topic)?;
        Ok(value)
    };
    read().map_err(|fault: Fault| fault.of(E::SCHEMA.name, topic))
}

/// Refuses a value that would be published under another topic than it came under, unless that is an alias.
fn agrees<E: EventType>(value: &E, event: &EventSchema, topic: &str) -> Result<(), Fault> {
    let is_alias = (0..event.aliases.len()).any(|alias| {
        let mut writer = TopicWriter::new();
        value.write_alias(alias, &mut writer).is_ok() && writer.as_str() == topic
    });
    if is_alias {
        return Ok(());
    }
    let mut writer = TopicWriter::new();
    match value.write_topic(&mut writer) {
        Ok(()) if writer.as_str() == topic => Ok(()),
        Ok(()) => Err(Fault::disagrees(writer.as_str())),
        Err(_) => Err(Fault::disagrees("no topic at all")),
    }
}

impl Schema {
    /// The variant that has `topic`, relative to the namespace, and its place among [`events`](Self::events). One that
    /// nests a type has every topic of that type below its own; but what a nested type has because it is
    /// [open](Self::open) is its own only where no other variant knows it, and then it is the nearest's.
    pub fn variant_of(&self, topic: &str) -> Option<(usize, &'static EventSchema)> {
        let mut events = self.events.iter().enumerate();
        let known = events.clone().find(|(_, event)| event.has(topic, Self::knows));
        known.or_else(|| {
            let open = events.by_ref().filter(|(_, event)| event.has(topic, Self::reads));
            // The first of those that are equally near.
            open.min_by_key(|(_, event)| std::cmp::Reverse(event.topic.len()))
        })
    }
}

impl Schema {
    /// Whether the type reads what comes under `topic`, relative to the namespace.
    #[doc(hidden)]
    pub fn reads(&self, topic: &str) -> bool {
        self.open || self.events.iter().any(|event| event.has(topic, Self::reads))
    }

    /// Whether it is one of the type's own topics, and not one that it has because it is open.
    fn knows(&self, topic: &str) -> bool {
        self.events.iter().any(|event| event.has(topic, Self::knows))
    }
}

impl EventSchema {
    /// Whether the variant has the topic; of a nested type that is asked by `of_nested`.
    fn has(&self, topic: &str, of_nested: fn(&Schema, &str) -> bool) -> bool {
        if let Some(schema) = self.nested {
            let rest = below(topic, self.topic);
            return rest.is_some_and(|rest| of_nested(schema, rest));
        }
        let mut topics = [self.topic].into_iter().chain(self.aliases.iter().copied());
        topics.any(|template| fits(template, topic))
    }
}

/// Whether a topic is one of a template's, segment by segment.
fn fits(template: &str, topic: &str) -> bool {
    if !template.contains('{') {
        return template == topic;
    }
    let (mut wanted, mut found) = (template.split('.'), topic.split('.'));
    loop {
        match (wanted.next(), found.next()) {
            (None, None) => return true,
            (Some(wanted), Some(found)) if wanted.starts_with('{') || wanted == found => {}
            _ => return false,
        }
    }
}

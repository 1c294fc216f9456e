//! Two variants of one topic, or one that is too long, where nested types take part.
//!
//! The macro sees the variants of one enum and has compared them. Here a nested type's topics are compared with those
//! of its siblings; subtrees whose prefixes differ are not entered.

use rem_patterns::{MAX_BYTES, MAX_SEGMENTS};

use super::super::{EventSchema, Schema};
use super::text::{Line, Segments, below, is_field, same};

/// What is wrong with the topics of a type, if anything.
pub(super) const fn fault(schema: &'static Schema) -> Option<Line> {
    if let Some(topic) = too_long(schema.events, &Line::new().push(schema.namespace)) {
        let message = Line::new().push("the topic `").push(topic.as_str());
        return Some(message.push("` is too long: a topic has at most 32 segments and 255 bytes"));
    }
    let top = Line::new();
    let mut later = 1;
    while later < schema.events.len() {
        let mut earlier = 0;
        while earlier < later {
            let (a, b) = (&schema.events[earlier], &schema.events[later]);
            if (a.nested.is_some() || b.nested.is_some())
                && let Some(topic) = common(a, &below(&top, a), b, &below(&top, b))
            {
                return Some(clash(schema, a, b, &topic));
            }
            earlier += 1;
        }
        later += 1;
    }
    None
}

const fn clash(schema: &Schema, a: &EventSchema, b: &EventSchema, topic: &Line) -> Line {
    let message = Line::new().push("`").push(a.variant).push("` and `").push(b.variant);
    let message = message.push("` of `").push(schema.name).push("` can both have the topic `");
    message
        .push(topic.as_str())
        .push("`: give one of them another prefix (`nested = \"…\"`), `name` or `topic`")
}

/// A topic that both subtrees have.
const fn common(
    a: &'static EventSchema,
    a_topic: &Line,
    b: &'static EventSchema,
    b_topic: &Line,
) -> Option<Line> {
    let (events, above, other, other_topic) = match (a.nested, b.nested) {
        (None, None) => return whole(a_topic, b_topic),
        (Some(schema), _) => (schema.events, a_topic, b, b_topic),
        (None, Some(schema)) => (schema.events, b_topic, a, a_topic),
    };
    if !may_begin(other_topic, other.nested.is_some(), above) {
        return None;
    }
    let mut at = 0;
    while at < events.len() {
        let event = &events[at];
        let found = common(other, other_topic, event, &below(above, event));
        if found.is_some() {
            return found;
        }
        at += 1;
    }
    None
}

/// Whether `topic`, or, if it is `open`, something below it, can begin with `prefix`.
const fn may_begin(topic: &Line, open: bool, prefix: &Line) -> bool {
    let (mut topic, mut prefix) = (Segments::of(topic), Segments::of(prefix));
    loop {
        match (topic.next(), prefix.next()) {
            (Some((x, topic_rest)), Some((y, prefix_rest))) => {
                if !agree(x, y) {
                    return false;
                }
                (topic, prefix) = (topic_rest, prefix_rest);
            }
            (_, None) => return true,
            (None, Some(_)) => return open,
        }
    }
}

/// The topic that two topics or templates have in common.
const fn whole(a: &Line, b: &Line) -> Option<Line> {
    let (mut a, mut b) = (Segments::of(a), Segments::of(b));
    let mut topic = Line::new();
    loop {
        match (a.next(), b.next()) {
            (Some((x, a_rest)), Some((y, b_rest))) => {
                if !agree(x, y) {
                    return None;
                }
                topic = Line::new().push_topic(&[topic.as_str(), if is_field(x) { y } else { x }]);
                (a, b) = (a_rest, b_rest);
            }
            (None, None) => return Some(topic),
            _ => return None,
        }
    }
}

const fn agree(x: &str, y: &str) -> bool {
    is_field(x) || is_field(y) || same(x, y)
}

/// The first topic over the limits.
const fn too_long(events: &'static [EventSchema], above: &Line) -> Option<Line> {
    let mut at = 0;
    while at < events.len() {
        let event = &events[at];
        let topic = below(above, event);
        match event.nested {
            Some(schema) => {
                let found = too_long(schema.events, &topic);
                if found.is_some() {
                    return found;
                }
            }
            None if exceeds(&topic) => return Some(topic),
            None => {}
        }
        at += 1;
    }
    None
}

/// Whether a topic of this template is over the limits, however short the values of its fields.
const fn exceeds(topic: &Line) -> bool {
    let (mut count, mut bytes) = (0, 0);
    let mut segments = Segments::of(topic);
    while let Some((segment, rest)) = segments.next() {
        count += 1;
        bytes += if is_field(segment) { 2 } else { segment.len() + 1 };
        segments = rest;
    }
    count > MAX_SEGMENTS || bytes > MAX_BYTES + 1
}

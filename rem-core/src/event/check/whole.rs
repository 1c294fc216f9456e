//! Whether a pattern over whole topics can select one of a type: what `#[on("…")]` asks.
//!
//! The index of a type's topics is made without its namespace, for patterns that are relative to it. So of a pattern over whole topics
//! the namespace is taken off first, once, and what is left of it is compared with them as any other.

use rem_patterns::constant::{ConstElement, ConstPattern, ConstSegment, Topics, selects_any};

use super::super::Schema;
use super::path::{Message, Path, same};
use super::select::{any, nearest};

/// Why the pattern is refused, if it is.
pub(super) const fn fault(
    schema: Schema,
    topics: &Topics<'_>,
    pattern: &ConstPattern<'_>,
) -> Option<Message> {
    // A type whose derive has reported a mistake has no name and no topics; one error is enough. And raw data and dead
    // letters are published by name, so that their topics are any.
    if schema.name.is_empty() || is_raw(schema) || is_dead_letter(schema) {
        return None;
    }
    if selects_whole(schema, topics, pattern) {
        return None;
    }
    let message = Message::new().push("`").push(pattern.text).push("` selects no topic of `");
    let message = message.push(schema.name).push("`: ");
    if schema.is_empty() {
        return Some(message.push("it has none"));
    }
    if any(schema.events, &Path::EMPTY, pattern) {
        let message =
            message.push("it stands for whole topics, so write the namespace before it, `");
        return Some(message.push(schema.namespace).push("`"));
    }
    let nearest = nearest(schema.events, &Path::EMPTY.and(schema.namespace), pattern);
    Some(message.push("the nearest is `").push_topic(nearest.pieces()).push("`"))
}

/// Why every topic of the type cannot be asked for, if that is so.
pub(super) const fn without_topics(schema: Schema) -> Option<Message> {
    if schema.name.is_empty() || !schema.is_empty() {
        return None;
    }
    let message = Message::new().push("`").push(schema.name);
    Some(message.push("` has no topics of its own: say which by a pattern, `#[on(\"…\")]`"))
}

/// [`RawEvent`](crate::wire::RawEvent), which a constant cannot know by its type.
const fn is_raw(schema: Schema) -> bool {
    schema.is_empty() && same(schema.name.as_bytes(), b"RawEvent")
}

/// [`DeadLetter`](crate::DeadLetter): each task says under which topic it publishes its own.
const fn is_dead_letter(schema: Schema) -> bool {
    same(schema.name.as_bytes(), b"DeadLetter") && same(schema.namespace.as_bytes(), b"dead")
}

const fn selects_whole(schema: Schema, topics: &Topics<'_>, pattern: &ConstPattern<'_>) -> bool {
    let mut below = Below { list: [NOTHING; MOST], len: 0, complete: true };
    below.take_namespace_off(pattern, schema.namespace);
    // An event type that was not derived has topics, but none in an index.
    if topics.is_empty() || !below.complete {
        return any(schema.events, &Path::EMPTY.and(schema.namespace), pattern);
    }
    let elements = below.list.split_at(below.len).0;
    selects_any(&ConstPattern { text: pattern.text, elements }, topics)
}

/// More than a pattern that somebody writes is likely to come to.
const MOST: usize = 24;

const NOTHING: ConstElement<'_> =
    ConstElement { exclude: false, system: false, many: 0, segments: &[] };

/// What is left of a pattern below a namespace.
struct Below<'p> {
    list: [ConstElement<'p>; MOST],
    len: usize,
    /// `false` if there is more than is listed.
    complete: bool,
}

impl<'p> Below<'p> {
    const fn take_namespace_off(&mut self, pattern: &ConstPattern<'p>, namespace: &'static str) {
        let system = matches!(namespace.as_bytes(), [b'$', ..]);
        let mut left = pattern.elements;
        while let [element, after @ ..] = left {
            // No wildcard selects what begins with `$`.
            if element.system || !system {
                self.element(element.exclude, element.segments, namespace.as_bytes());
            }
            left = after;
        }
    }

    /// Adds what is left of an element below a namespace: nothing, one way, or for `**` several.
    const fn element(
        &mut self,
        exclude: bool,
        segments: &'p [ConstSegment<'p>],
        namespace: &'static [u8],
    ) {
        if namespace.is_empty() {
            return self.add(exclude, segments);
        }
        let (first, rest) = split(namespace);
        match segments {
            [ConstSegment::Literal(text), after @ ..] if same(text.text.as_bytes(), first) => {
                self.element(exclude, after, rest);
            }
            [ConstSegment::One, after @ ..] => self.element(exclude, after, rest),
            [ConstSegment::Many, after @ ..] => {
                self.element(exclude, segments, rest);
                self.element(exclude, after, namespace);
            }
            [ConstSegment::Glob(_), ..] => self.complete = false,
            [ConstSegment::Literal(_), ..] | [] => {}
        }
    }

    const fn add(&mut self, exclude: bool, segments: &'p [ConstSegment<'p>]) {
        if self.len == MOST {
            self.complete = false;
            return;
        }
        let (mut many, mut left) = (0, segments);
        while let [segment, after @ ..] = left {
            many += matches!(segment, ConstSegment::Many) as usize;
            left = after;
        }
        self.list[self.len] = ConstElement { exclude, system: false, many, segments };
        self.len += 1;
    }
}

/// The first segment, and those after it.
const fn split(namespace: &'static [u8]) -> (&'static [u8], &'static [u8]) {
    let mut end = 0;
    while end < namespace.len() && namespace[end] != b'.' {
        end += 1;
    }
    match namespace.split_at(end) {
        (first, [_, rest @ ..]) => (first, rest),
        (first, []) => (first, &[]),
    }
}

#[cfg(test)]
mod tests {
    use rem_patterns::Pattern;

    use super::super::{index, segments};
    use super::*;
    use crate::event::EventSchema;

    const INNER: Schema =
        Schema::new("Inner", "ignored", &[EventSchema::new("Hit", "{key}.hit", &[])]);

    const EVENTS: &[EventSchema] = &[
        EventSchema::new("Connected", "connected", &[]),
        EventSchema::new("Limited", "by.{name}.limited", &[]),
        EventSchema::new("Inner", "inner", &[]).nested(&INNER),
    ];

    /// With the namespace taken off, and by every topic joined to it: both say the same.
    #[test]
    fn taking_the_namespace_off_changes_nothing() {
        let patterns = [
            "a.b.connected",
            "a.b",
            "a",
            "b",
            "connected",
            "*",
            "**",
            ">",
            "a.>",
            "a.b.*",
            "*.*.*",
            "a.*.connected",
            "*.b.by.*.limited",
            "**.connected",
            "**.b.connected",
            "**.hit",
            "**.a.**.b.**",
            "**.**.x",
            "a.b.c.connected",
            "a.b.by.x.limited",
            "a.b.inner.*.hit",
            "a.b.inner.k.miss",
            "{a,x}.b.connected",
            "[b-c].b.connected",
            "a.{b,c}.**",
            "=a.b",
            "=a.b.connected",
            "a.b,!a.b.connected",
            "a.b.connected,!a",
            "a.b.*,!a.b.connected",
            "a.b.connected,!**.connected",
            "a.b.connected,!*.*.*",
            "$rem.b.connected",
            "$rem",
            "=$rem",
            "x,y,z,$rem.connected",
            "**,!**",
            "**.b.**,!a.**.connected,!a.*.by.**,!**.hit",
            "a.b.connectd",
            "a.b.inner",
            "a.b.inner.*",
            "a.b.by.**",
        ];
        let index = index::<{ segments(EVENTS) }>(EVENTS);
        let topics = index.topics();
        let (mut yes, mut no) = (0, 0);
        for namespace in ["", "a", "a.b", "$rem", "$rem.b"] {
            let schema = Schema::new("Type", namespace, EVENTS);
            for text in patterns {
                let pattern =
                    Pattern::parse(text).expect("a pattern").to_const().expect("no regex");
                let expected = any(EVENTS, &Path::EMPTY.and(namespace), &pattern);
                assert_eq!(
                    selects_whole(schema, &topics, &pattern),
                    expected,
                    "{text} of {namespace}"
                );
                *if expected { &mut yes } else { &mut no } += 1;
            }
        }
        assert!(yes > 30 && no > 30, "{yes} and {no}");
    }

    /// Another's type with its name, or its namespace, is looked at as any other is.
    #[test]
    fn of_dead_letters_alone_each_topic_is_believed() {
        let index = index::<{ segments(EVENTS) }>(EVENTS);
        let pattern = Pattern::parse("no.such.topic").expect("a pattern");
        let pattern = pattern.to_const().expect("no regex");
        for (name, namespace, is_believed) in
            [("DeadLetter", "dead", true), ("DeadLetter", "a", false), ("Other", "dead", false)]
        {
            let schema = Schema::new(name, namespace, EVENTS);
            let found = fault(schema, &index.topics(), &pattern);
            assert_eq!(found.is_none(), is_believed, "{name} of `{namespace}`");
        }
    }
}

//! Whether a pattern can select a topic of a type, and which one it was meant to.
//!
//! Both walks are linear in the type's topics.

use rem_patterns::constant::{ConstPattern, ConstSegment, selects};

use super::super::{EventSchema, Schema};
use super::path::{Message, Path, is_field};

/// Why the pattern is refused, if it is.
pub(super) const fn fault(schema: &'static Schema, pattern: &ConstPattern<'_>) -> Option<Message> {
    // A type whose derive has reported a mistake has no name and no topics; one error is enough.
    if schema.name.is_empty() || any(schema.events, &Path::EMPTY, pattern) {
        return None;
    }
    let message = Message::new().push("`").push(pattern.text).push("` selects no topic of `");
    let message = message.push(schema.name).push("`: ");
    if schema.is_empty() {
        return Some(message.push("it has none"));
    }
    if any(schema.events, &Path::EMPTY.and(schema.namespace), pattern) {
        let message = message.push("it is relative to the namespace `").push(schema.namespace);
        return Some(message.push("`, so leave that out"));
    }
    let mut best = Nearest { path: Path::EMPTY, distance: usize::MAX };
    best.search(schema.events, &Path::EMPTY, pattern);
    Some(message.push("the nearest is `").push_topic(best.path.pieces()).push("`"))
}

/// Whether the pattern selects one of the events.
///
/// The interpreter copies a [`Path`], an array of texts, as slowly as it walks a topic; so at the usual depths the pieces
/// are named one by one.
const fn any(events: &'static [EventSchema], above: &Path, pattern: &ConstPattern<'_>) -> bool {
    let mut left = events;
    while let [event, after @ ..] = left {
        let selected = match (event.nested, above.pieces()) {
            (Some(schema), _) => any(schema.events, &above.below(event), pattern),
            (None, []) => selects(pattern, &[event.topic]),
            (None, [one]) => selects(pattern, &[one, event.topic]),
            (None, [one, two]) => selects(pattern, &[one, two, event.topic]),
            (None, _) => selects(pattern, above.below(event).pieces()),
        };
        if selected {
            return true;
        }
        left = after;
    }
    false
}

struct Nearest {
    path: Path,
    distance: usize,
}

impl Nearest {
    const fn search(
        &mut self,
        events: &'static [EventSchema],
        above: &Path,
        pattern: &ConstPattern<'_>,
    ) {
        let mut at = 0;
        while at < events.len() {
            let event = &events[at];
            let path = above.below(event);
            match event.nested {
                Some(schema) => self.search(schema.events, &path, pattern),
                None => self.consider(&path, pattern),
            }
            at += 1;
        }
    }

    const fn consider(&mut self, path: &Path, pattern: &ConstPattern<'_>) {
        let mut at = 0;
        while at < pattern.elements.len() {
            let element = &pattern.elements[at];
            if !element.exclude {
                let distance = distance(element.segments, path);
                if distance < self.distance {
                    *self = Self { path: *path, distance };
                }
            }
            at += 1;
        }
    }
}

/// How far a pattern is from a topic: segment by segment, the bytes between what they begin and end with alike.
const fn distance(pattern: &[ConstSegment<'_>], path: &Path) -> usize {
    let mut segments = path.segments();
    let mut left = path.depth();
    let mut sum = 0;
    let mut at = 0;
    while at < pattern.len() {
        if matches!(pattern[at], ConstSegment::Many) {
            // It takes what the segments after it leave.
            while left > pattern.len() - at - 1 {
                let _ = segments.next();
                left -= 1;
            }
            at += 1;
            continue;
        }
        let segment = match segments.next() {
            Some(segment) => segment,
            None => b"",
        };
        left = left.saturating_sub(1);
        sum += match &pattern[at] {
            ConstSegment::Literal(_) if is_field(segment) => 0,
            ConstSegment::Literal(text) => differing(text.as_bytes(), segment),
            ConstSegment::Glob(_) => 1,
            ConstSegment::One | ConstSegment::Many => segment.is_empty() as usize,
        };
        at += 1;
    }
    while let Some(segment) = segments.next() {
        sum += 1 + segment.len();
    }
    sum
}

/// The bytes of the longer text that are left when the common beginning and end are taken off.
const fn differing(a: &[u8], b: &[u8]) -> usize {
    let (short, long) = if a.len() < b.len() { (a, b) } else { (b, a) };
    let mut begin = 0;
    while begin < short.len() && short[begin] == long[begin] {
        begin += 1;
    }
    let mut end = 0;
    while end < short.len() - begin && short[short.len() - 1 - end] == long[long.len() - 1 - end] {
        end += 1;
    }
    long.len() - begin - end
}

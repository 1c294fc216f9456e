//! Whether a pattern can select a topic of a type, and which one it was meant to.
//!
//! Whether it can is asked of an index of the type's topics, made once for all of its patterns; all else is done for
//! those alone that are refused. Every walk is linear in the topics.

use rem_patterns::constant::{
    ConstPattern, ConstSegment, Cut, Cuts, Index, Topics, selects, selects_any,
};

use super::super::{EventSchema, Schema};
use super::path::{Message, Path, is_field};

/// How many segments all topics of a type have together.
pub const fn segments(events: &'static [EventSchema]) -> usize {
    count(events, &Path::EMPTY)
}

/// All topics of a type, relative to its namespace; `N` is what [`segments`] says.
pub const fn index<const N: usize>(events: &'static [EventSchema]) -> Index<'static, N> {
    let mut cuts = Cuts::new();
    push(events, &Path::EMPTY, &mut cuts);
    cuts.index()
}

const fn count(events: &'static [EventSchema], above: &Path) -> usize {
    let (mut sum, mut left) = (0, events);
    while let [event, after @ ..] = left {
        let path = above.below(event);
        sum += match event.nested {
            Some(schema) => count(schema.events, &path),
            None => Cut::count(path.pieces()),
        };
        left = after;
    }
    sum
}

const fn push<const N: usize>(
    events: &'static [EventSchema],
    above: &Path,
    cuts: &mut Cuts<'static, N>,
) {
    let mut left = events;
    while let [event, after @ ..] = left {
        let path = above.below(event);
        match event.nested {
            Some(schema) => push(schema.events, &path, cuts),
            None => cuts.push(path.pieces()),
        }
        left = after;
    }
}

/// Why the pattern is refused, if it is.
pub(super) const fn fault(
    schema: Schema,
    topics: &Topics<'_>,
    pattern: &ConstPattern<'_>,
) -> Option<Message> {
    // An event type that was not derived has topics, but none in an index.
    let selects = if topics.is_empty() {
        any(schema.events, &Path::EMPTY, pattern)
    } else {
        selects_any(pattern, topics)
    };
    // A type whose derive has reported a mistake has no name and no topics; one error is enough.
    if selects || schema.name.is_empty() {
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
    let nearest = nearest(schema.events, &Path::EMPTY, pattern);
    Some(message.push("the nearest is `").push_topic(nearest.pieces()).push("`"))
}

/// The topic of the events that comes nearest to the pattern.
pub(super) const fn nearest(
    events: &'static [EventSchema],
    above: &Path,
    pattern: &ConstPattern<'_>,
) -> Path {
    let mut best = Nearest { path: Path::EMPTY, distance: usize::MAX };
    best.search(events, above, pattern);
    best.path
}

/// Whether the pattern selects one of the events, below what is above them.
pub(super) const fn any(
    events: &'static [EventSchema],
    above: &Path,
    pattern: &ConstPattern<'_>,
) -> bool {
    let mut left = events;
    while let [event, after @ ..] = left {
        let path = above.below(event);
        let selected = match event.nested {
            Some(schema) => any(schema.events, &path, pattern),
            None => selects(pattern, path.pieces()),
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
            ConstSegment::Literal(text) => differing(text.text.as_bytes(), segment),
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

#[cfg(test)]
mod tests {
    use rem_patterns::Pattern;

    use super::*;

    #[test]
    fn how_far_a_pattern_is_from_a_topic() {
        for (pattern, topic, far) in [
            ("=order.paid", "order.paid", 0),
            ("=order.payed", "order.paid", 2),
            ("=ordr.payed", "order.paid", 3),
            ("=aa", "aaa", 1),
            ("=paid", "paid.late", 5),
            ("=paid", "paid.too.late", 9),
            ("=paid.x.late", "paid", 5),
            ("*.paid", "order.paid", 0),
            ("*.paid", "order", 4),
            ("order.*", "order", 1),
            ("p*", "paid", 1),
            ("**.paid", "a.b.paid", 0),
            ("**.payed", "a.b.paid", 2),
            ("a.**.payed", "a.b.c.paid", 2),
            ("=order.7.paid", "order.{id}.paid", 0),
        ] {
            let pattern = Pattern::parse(pattern).expect("a pattern").to_const().expect("no regex");
            let found = distance(pattern.elements[0].segments, &Path::EMPTY.and(topic));
            assert_eq!(found, far, "`{pattern:?}` from `{topic}`");
        }
    }

    #[test]
    fn the_nearest_is_found_wherever_it_stands() {
        const INNER: Schema =
            Schema::new("Inner", "", &[EventSchema::new("Hit", "{key}.hit", &[])]);
        const EVENTS: &[EventSchema] = &[
            EventSchema::new("Lost", "lost", &[]),
            EventSchema::new("Paid", "{id}.paid", &[]),
            EventSchema::new("Inner", "inner", &[]).nested(&INNER),
        ];
        for (pattern, topic) in [
            ("=loss", &["lost"][..]),
            ("*.payed", &["{id}.paid"]),
            ("inner.*.hot", &["inner", "{key}.hit"]),
            ("=nowhere.at.all,*.payed", &["{id}.paid"]),
            ("=nowhere.at.all,!lost", &["{id}.paid"]),
        ] {
            let pattern = Pattern::parse(pattern).expect("a pattern").to_const().expect("no regex");
            let found = nearest(EVENTS, &Path::EMPTY, &pattern);
            assert_eq!(found.pieces(), topic, "{pattern:?}");
        }
    }
}

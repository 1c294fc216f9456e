//! What is wrong with nested types: two variants of one topic, a topic that is too long, a local type in one that is not.
//!
//! The macro sees the variants of one enum and has compared them; a nested type has been checked where it was derived.
//! Here the topics of different variants are compared. They are sorted by a hash of their first segment, so that only
//! topics which begin alike are compared; hence the steps grow with the number of topics and not with its square, which
//! keeps types of a thousand topics inside what the compiler allows a constant.

use rem_patterns::{MAX_BYTES, MAX_SEGMENTS};

use super::super::{EventSchema, Schema};
use super::path::{Message, Path, is_field, same};

/// What is wrong with the topics of a type, of which there are at most `N`, if anything.
pub(super) const fn fault<const N: usize>(schema: &'static Schema) -> Option<Message> {
    if let Some(event) = local_within(schema) {
        let message = Message::new().push("`").push(event.variant).push("` of `");
        let message = message.push(schema.name).push("` nests an event type that is local: write ");
        return Some(message.push("`#[event(local)]` above both, or above neither"));
    }
    let mut leaves = Leaves { list: [Leaf { path: Path::EMPTY, variant: 0, first: 0 }; N], len: 0 };
    let mut variant = 0;
    while variant < schema.events.len() {
        leaves.collect(&schema.events[variant], &Path::EMPTY, variant);
        variant += 1;
    }
    if let Some(leaf) = leaves.too_long(schema.namespace) {
        let message = Message::new().push("the topic `");
        let message = message.push_topic(Path::EMPTY.and(schema.namespace).pieces());
        let message = message.push(if schema.namespace.is_empty() { "" } else { "." });
        let message = message.push_topic(leaf.path.pieces());
        return Some(message.push("` is too long: a topic has at most 32 segments and 255 bytes"));
    }
    match leaves.overlap() {
        Some((a, b, topic)) => Some(
            Message::new()
                .push("`")
                .push(schema.events[if a < b { a } else { b }].variant)
                .push("` and `")
                .push(schema.events[if a < b { b } else { a }].variant)
                .push("` of `")
                .push(schema.name)
                .push("` can both have the topic `")
                .push(topic.as_str())
                .push("`: give one of them another prefix (`nested = \"…\"`), `name` or `topic`"),
        ),
        None => None,
    }
}

/// A variant whose events would leave the process against the word of the type nested in it.
const fn local_within(schema: &'static Schema) -> Option<&'static EventSchema> {
    let mut at = 0;
    while at < schema.events.len() {
        if let Some(nested) = schema.events[at].nested
            && nested.local
            && !schema.local
        {
            return Some(&schema.events[at]);
        }
        at += 1;
    }
    None
}

/// One topic or template.
#[derive(Clone, Copy)]
struct Leaf {
    path: Path,
    /// The place of the outermost variant that it belongs to.
    variant: usize,
    /// The hash of its first segment; [`ANY`] for a field.
    first: u64,
}

/// Sorts first, so that the templates that may begin with anything are found together.
const ANY: u64 = 0;

struct Leaves<const N: usize> {
    list: [Leaf; N],
    len: usize,
}

impl<const N: usize> Leaves<N> {
    const fn collect(&mut self, event: &'static EventSchema, above: &Path, variant: usize) {
        let path = above.below(event);
        let Some(schema) = event.nested else {
            self.push(&path, variant);
            let mut alias = 0;
            while alias < event.aliases.len() {
                self.push(&above.and(event.aliases[alias]), variant);
                alias += 1;
            }
            return;
        };
        let mut at = 0;
        while at < schema.events.len() {
            self.collect(&schema.events[at], &path, variant);
            at += 1;
        }
    }

    const fn push(&mut self, path: &Path, variant: usize) {
        self.list[self.len] = Leaf { path: *path, variant, first: first(path) };
        self.len += 1;
    }

    /// The first topic over the limits, however short the values of its fields.
    const fn too_long(&self, namespace: &'static str) -> Option<&Leaf> {
        let namespace = Path::EMPTY.and(namespace);
        let (above_depth, above_bytes) = (namespace.depth(), bytes(&namespace));
        let mut at = 0;
        while at < self.len {
            let path = &self.list[at].path;
            // Each is counted with a dot after it, of which the last has none.
            if above_depth + path.depth() > MAX_SEGMENTS
                || above_bytes + bytes(path) > MAX_BYTES + 1
            {
                return Some(&self.list[at]);
            }
            at += 1;
        }
        None
    }

    /// Two different variants and a topic that both can have.
    const fn overlap(&mut self) -> Option<(usize, usize, Message)> {
        self.sort();
        let mut at = 0;
        while at < self.len {
            let one = &self.list[at];
            let mut with = at + 1;
            while with < self.len && (one.first == ANY || one.first == self.list[with].first) {
                let other = &self.list[with];
                if one.variant != other.variant
                    && let Some(topic) = common(&one.path, &other.path)
                {
                    return Some((one.variant, other.variant, topic));
                }
                with += 1;
            }
            at += 1;
        }
        None
    }

    /// Shell's sort by `first`: short, and near to linear.
    const fn sort(&mut self) {
        let mut gap = self.len / 2;
        while gap > 0 {
            let mut at = gap;
            while at < self.len {
                let leaf = self.list[at];
                let mut to = at;
                while to >= gap && self.list[to - gap].first > leaf.first {
                    self.list[to] = self.list[to - gap];
                    to -= gap;
                }
                self.list[to] = leaf;
                at += 1;
            }
            gap /= 2;
        }
    }
}

/// FNV-1a of the first segment.
const fn first(path: &Path) -> u64 {
    let Some(segment) = path.segments().next() else { return ANY };
    if is_field(segment) {
        return ANY;
    }
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut at = 0;
    while at < segment.len() {
        hash = (hash ^ segment[at] as u64).wrapping_mul(0x0100_0000_01b3);
        at += 1;
    }
    hash | 1 // not `ANY`
}

/// The bytes of all segments, each with a dot after it; a field counts as one byte.
const fn bytes(path: &Path) -> usize {
    let (mut bytes, mut segments) = (0, path.segments());
    while let Some(segment) = segments.next() {
        bytes += if is_field(segment) { 2 } else { segment.len() + 1 };
    }
    bytes
}

/// The topic that two topics or templates have in common.
const fn common(a: &Path, b: &Path) -> Option<Message> {
    let (mut a_segments, mut b_segments) = (a.segments(), b.segments());
    loop {
        match (a_segments.next(), b_segments.next()) {
            (Some(x), Some(y)) if is_field(x) || is_field(y) || same(x, y) => {}
            (None, None) => return Some(witness(a, b)),
            _ => return None,
        }
    }
}

const fn witness(a: &Path, b: &Path) -> Message {
    let (mut a_segments, mut b_segments) = (a.segments(), b.segments());
    let mut topic = Message::new();
    while let (Some(x), Some(y)) = (a_segments.next(), b_segments.next()) {
        // Cut at dots, what was UTF-8 still is.
        if let Ok(segment) = std::str::from_utf8(if is_field(x) { y } else { x }) {
            topic = Message::new().push_topic(&[topic.as_str(), segment]);
        }
    }
    topic
}

#[cfg(test)]
mod tests;

//! [`TopicWriter`]: a topic written to the stack, so that a template costs no allocation.

use std::fmt::{self, Display, Write};

use arrayvec::ArrayString;
use rem_patterns::{MAX_BYTES, Topic};

use super::{EventType, Payload};

/// Where an event type writes the topic of a value: a buffer of the longest topic's size, on the stack.
///
/// Literals are written as they are, fields through [`Topic::escape`], so that a value adds neither a level, nor a
/// wildcard, nor a system topic.
pub struct TopicWriter {
    text: ArrayString<MAX_BYTES>,
}

impl TopicWriter {
    pub(crate) fn new() -> Self {
        Self { text: ArrayString::new() }
    }

    /// Writes a part of a topic that needs no escaping.
    ///
    /// # Errors
    /// When the topic grows longer than 255 bytes.
    pub fn literal(&mut self, text: &str) -> fmt::Result {
        self.text.try_push_str(text).map_err(|_| fmt::Error)
    }

    /// Writes the value of a field, escaped. An empty value that is a whole segment is written as `%`.
    ///
    /// # Errors
    /// When the topic grows longer than 255 bytes, or the value's `Display` fails.
    pub fn field(&mut self, value: &dyn Display) -> fmt::Result {
        let start = self.text.len();
        let whole = start == 0 || self.text.ends_with('.');
        write!(Escaping { out: self, start, whole }, "{value}")?;
        if whole && self.text.len() == start {
            return self.literal("%");
        }
        Ok(())
    }

    /// What has been written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The full topic of a value published on the bus with this prefix (empty for the root). `None`: it has none, or it
    /// grows too long.
    pub(crate) fn full(&mut self, prefix: &str, data: &dyn Payload) -> Option<&str> {
        self.below(prefix, "")?;
        let namespace = data.schema().namespace;
        if !namespace.is_empty() {
            self.literal(namespace).and_then(|()| self.literal(".")).ok()?;
        }
        data.write_topic(self).ok()?;
        Some(self.as_str())
    }

    /// The full topic of a name on the bus with this prefix (empty for the root). `None`: it is too long.
    pub(crate) fn below(&mut self, prefix: &str, name: &str) -> Option<&str> {
        self.text.clear();
        if !prefix.is_empty() {
            self.literal(prefix).and_then(|()| self.literal(".")).ok()?;
        }
        self.literal(name).ok()?;
        Some(self.as_str())
    }

    /// `true` if `topic` is the relative topic of `value`.
    pub(crate) fn is_topic_of<E: EventType>(value: &E, topic: &str) -> bool {
        let mut writer = Self::new();
        value.write_topic(&mut writer).is_ok() && writer.as_str() == topic
    }
}

/// A field's text on its way into a topic. `Display` may hand it over in pieces.
struct Escaping<'a> {
    out: &'a mut TopicWriter,
    start: usize,
    whole: bool,
}

impl Write for Escaping<'_> {
    fn write_str(&mut self, mut piece: &str) -> fmt::Result {
        // A `$` is escaped only where it would begin a segment.
        let begins_segment = self.whole && self.out.text.len() == self.start;
        while let Some(rest) = piece.strip_prefix('$').filter(|_| !begins_segment) {
            self.out.literal("$")?;
            piece = rest;
        }
        if piece.is_empty() { Ok(()) } else { Topic::escape_into(piece, self.out) }
    }
}

impl Write for TopicWriter {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.literal(text)
    }
}

impl fmt::Debug for TopicWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TopicWriter").field(&self.as_str()).finish()
    }
}

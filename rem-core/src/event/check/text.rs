//! Dotted text within constants.

use rem_patterns::constant::Text;

use super::super::EventSchema;

/// A topic, a template or a message: more than any of them needs, so that nothing is cut off.
pub(super) type Line = Text<1_024>;

/// The topic, prefix or template of `event` with those of the types around it, `above`, before it.
pub(super) const fn below(above: &Line, event: &EventSchema) -> Line {
    Line::new().push_topic(&[above.as_str(), event.topic])
}

/// A dotted text, read a segment at a time.
#[derive(Clone, Copy)]
pub(super) struct Segments<'t> {
    rest: &'t [u8],
    done: bool,
}

impl<'t> Segments<'t> {
    pub(super) const fn of(text: &'t Line) -> Self {
        let rest = text.as_str().as_bytes();
        Self { rest, done: rest.is_empty() }
    }

    /// The next segment and what follows it.
    pub(super) const fn next(self) -> Option<(&'t str, Self)> {
        if self.done {
            return None;
        }
        let mut end = 0;
        while end < self.rest.len() && self.rest[end] != b'.' {
            end += 1;
        }
        let (segment, rest) = self.rest.split_at(end);
        // Cut at a dot, what was UTF-8 still is.
        let Ok(segment) = std::str::from_utf8(segment) else { return None };
        Some(match rest.split_first() {
            Some((_, rest)) => (segment, Self { rest, done: false }),
            None => (segment, Self { rest, done: true }),
        })
    }
}

/// `{field}`: any segment.
pub(super) const fn is_field(segment: &str) -> bool {
    matches!(segment.as_bytes(), [b'{', ..])
}

pub(super) const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut at = 0;
    while at < a.len() {
        if a[at] != b[at] {
            return false;
        }
        at += 1;
    }
    true
}

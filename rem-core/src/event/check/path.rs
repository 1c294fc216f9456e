//! A topic within a constant: the texts of the types around it and its own, not joined.

use rem_patterns::MAX_SEGMENTS;
use rem_patterns::constant::Text;

use super::super::EventSchema;

/// A message: more than any needs, so that nothing is cut off.
pub(super) type Message = Text<1_024>;

/// The texts that make up a topic or template; a dot stands between two of them.
#[derive(Clone, Copy)]
pub(super) struct Path {
    /// One more than the deepest topic has, so that one which is too deep is seen to be.
    pieces: [&'static str; MAX_SEGMENTS + 1],
    len: usize,
}

impl Path {
    pub(super) const EMPTY: Self = Self { pieces: [""; MAX_SEGMENTS + 1], len: 0 };

    pub(super) const fn and(mut self, text: &'static str) -> Self {
        if !text.is_empty() && self.len < self.pieces.len() {
            self.pieces[self.len] = text;
            self.len += 1;
        }
        self
    }

    /// The path of an event of the type that is here.
    pub(super) const fn below(self, event: &EventSchema) -> Self {
        self.and(event.topic)
    }

    pub(super) const fn pieces(&self) -> &[&'static str] {
        self.pieces.split_at(self.len).0
    }

    pub(super) const fn segments(&self) -> Segments<'_> {
        Segments { pieces: self.pieces(), rest: None }
    }

    pub(super) const fn depth(&self) -> usize {
        let (mut count, mut segments) = (0, self.segments());
        while segments.next().is_some() {
            count += 1;
        }
        count
    }
}

/// The segments of a path, from the left.
pub(super) struct Segments<'p> {
    pieces: &'p [&'static str],
    /// What is left of the piece that is being read.
    rest: Option<&'static [u8]>,
}

impl Segments<'_> {
    pub(super) const fn next(&mut self) -> Option<&'static [u8]> {
        let text = match (self.rest, self.pieces) {
            (Some(rest), _) => rest,
            (None, [piece, others @ ..]) => {
                self.pieces = others;
                piece.as_bytes()
            }
            (None, []) => return None,
        };
        let mut end = 0;
        while end < text.len() && text[end] != b'.' {
            end += 1;
        }
        let (segment, rest) = text.split_at(end);
        self.rest = match rest {
            [_, rest @ ..] => Some(rest),
            [] => None,
        };
        Some(segment)
    }
}

/// `{field}`: any segment.
pub(super) const fn is_field(segment: &[u8]) -> bool {
    matches!(segment, [b'{', ..])
}

pub(super) const fn same(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    // From the end, for names of one family begin alike.
    let mut at = a.len();
    while at > 0 {
        at -= 1;
        if a[at] != b[at] {
            return false;
        }
    }
    true
}

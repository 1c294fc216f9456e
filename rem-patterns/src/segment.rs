//! The form in which every engine sees a pattern: elements of segments, each of one of four kinds.
//!
//! The parser lowers what is written: a capture is a wildcard with a name, `>` is one segment and then any, and a plain
//! name ends in any. So matcher, tree, algebra and compiler know four kinds and no special case.

/// What a segment of a pattern takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// This text.
    Literal,
    /// Any one segment.
    One,
    /// Any number of segments, none included.
    Many,
    /// One segment that the glob selects.
    Glob,
}

/// A segment, as a span of the pattern's text: what it says, or for a capture its name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Segment {
    pub(crate) kind: Kind,
    pub(crate) start: u16,
    pub(crate) end: u16,
}

impl Segment {
    /// The text of a literal or glob, the name of a capture; empty for a wildcard without a name.
    pub(crate) fn text(self, pattern: &str) -> &str {
        &pattern[usize::from(self.start)..usize::from(self.end)]
    }

    /// Whether this is a wildcard with a name.
    pub(crate) fn is_capture(self) -> bool {
        matches!(self.kind, Kind::One | Kind::Many) && self.start < self.end
    }
}

/// One element of a set; a pattern that is no set has one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Element {
    /// Taken away from the set.
    pub(crate) exclude: bool,
    /// Written with `=`: one topic.
    pub(crate) exact: bool,
    /// The first segment is a literal that begins with `$`.
    pub(crate) system: bool,
    /// Where its segments begin among the pattern's.
    pub(crate) first: u32,
    /// How many there are: at most 63, with the one that the lowering adds.
    pub(crate) count: u8,
    /// After its segments, which are literals, a regular expression for the rest: its number.
    pub(crate) regex: Option<u16>,
    /// The bytes of the pattern's text after `!` and `=`.
    pub(crate) start: u16,
    pub(crate) end: u16,
}

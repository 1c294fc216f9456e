//! Patterns at compile time: what `pattern!(Type, "…")` expands to, and the questions it asks of a type's topics.
//!
//! A [`ConstPattern`] is a parsed pattern as constants. A topic template arrives as pieces, for constants cannot be
//! joined: the namespace, the name, those of a nested type. Between two pieces stands a dot; an empty piece is skipped.
//! A segment of a template that holds a `{field}` may become any text.
//!
//! Everything here is a loop over sets of states in 64 bits: its steps grow with the product of the segments of both, so
//! that hundreds of patterns over hundreds of topics stay well inside what the compiler allows one constant.
//!
//! ```
//! use rem_patterns::constant::{ConstElement, ConstPattern, ConstSegment, selects};
//!
//! // What `pattern!(ProviderEvent, "by_name.*.rate_limited")` becomes.
//! const PATTERN: ConstPattern = ConstPattern {
//!     text: "by_name.*.rate_limited",
//!     elements: &[ConstElement {
//!         exclude: false,
//!         segments: &[
//!             ConstSegment::Literal("by_name"),
//!             ConstSegment::One,
//!             ConstSegment::Literal("rate_limited"),
//!         ],
//!     }],
//! };
//! const _: () = assert!(selects(&PATTERN, &["by_name.{name}.rate_limited"]));
//! const _: () = assert!(!selects(&PATTERN, &["by_name", "", "{name}.lost"]));
//! ```

use crate::glob::{find, glob_matches};

mod nearest;
mod lower;

pub use lower::LoweredElement;
pub use nearest::{Text, distance, nearest};

/// A parsed pattern as constants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConstPattern<'a> {
    /// The text as it was written.
    pub text: &'a str,
    /// The elements of the set; one, if it is none.
    pub elements: &'a [ConstElement<'a>],
}

/// One element of a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConstElement<'a> {
    /// Written with `!`.
    pub exclude: bool,
    /// The segments; a plain name ends in [`Many`](ConstSegment::Many), by the parent-prefix rule.
    pub segments: &'a [ConstSegment<'a>],
}

/// One segment of a pattern, lowered: a capture is a wildcard, `>` is [`One`](Self::One) and then [`Many`](Self::Many).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConstSegment<'a> {
    /// This text.
    Literal(&'a str),
    /// Any one segment.
    One,
    /// Any number of segments, none included.
    Many,
    /// One segment that the glob selects; its text was checked by the parser.
    Glob(&'a str),
}

/// Whether the pattern can select some topic of this template.
///
/// Exact for a template without fields and for a pattern without exclusions. Elsewhere it errs towards `true`: an
/// exclusion counts where it takes every topic of the template, whatever the fields hold.
pub const fn selects(pattern: &ConstPattern<'_>, template: &[&str]) -> bool {
    some_element(pattern, false, template) && !some_element(pattern, true, template)
}

/// Whether an element can take a topic of the template; an exclusion, whether it takes all of them.
const fn some_element(pattern: &ConstPattern<'_>, exclude: bool, template: &[&str]) -> bool {
    let mut at = 0;
    while at < pattern.elements.len() {
        let element = &pattern.elements[at];
        if element.exclude == exclude && takes(element.segments, template, exclude) {
            return true;
        }
        at += 1;
    }
    false
}

/// Reads the template once, with the set of all places where the pattern may stand.
const fn takes(segments: &[ConstSegment<'_>], template: &[&str], all: bool) -> bool {
    let mut states = closed(segments, 1);
    let (mut piece, mut depth) = (0, 0);
    while piece < template.len() {
        let text = template[piece].as_bytes();
        let mut start = 0;
        while start < text.len() {
            let end = segment_end(text, start);
            let segment = text.split_at(start).1.split_at(end - start).0;
            if depth == 0 && segment[0] == b'$' && !names_system(segments) {
                return false;
            }
            states = step(segments, states, segment, all);
            if states == 0 {
                return false;
            }
            depth += 1;
            start = end + 1;
        }
        piece += 1;
    }
    depth > 0 && states & 1 << segments.len() != 0
}

/// The set of places after one more segment of the template.
const fn step(segments: &[ConstSegment<'_>], states: u64, segment: &[u8], all: bool) -> u64 {
    let any = find(segment, 0, b'{').is_some();
    let mut next = 0;
    let mut left = states;
    while left != 0 {
        let at = left.trailing_zeros() as usize;
        left &= left - 1;
        if at == segments.len() {
            continue;
        }
        match &segments[at] {
            ConstSegment::Many => next |= 1 << at,
            ConstSegment::One => next |= 2 << at,
            ConstSegment::Literal(text) => {
                if if any { !all } else { equal(text.as_bytes(), segment) } {
                    next |= 2 << at;
                }
            }
            ConstSegment::Glob(glob) => {
                if if any { !all } else { glob_matches(glob.as_bytes(), segment) } {
                    next |= 2 << at;
                }
            }
        }
    }
    closed(segments, next)
}

/// With the places that are reached without a segment: after each `**`, from the left.
const fn closed(segments: &[ConstSegment<'_>], mut states: u64) -> u64 {
    let mut at = 0;
    while at < segments.len() {
        if states & 1 << at != 0 && matches!(segments[at], ConstSegment::Many) {
            states |= 2 << at;
        }
        at += 1;
    }
    states
}

/// Whether the first segment is a literal that begins with `$`.
const fn names_system(segments: &[ConstSegment<'_>]) -> bool {
    match segments {
        [ConstSegment::Literal(text), ..] => !text.is_empty() && text.as_bytes()[0] == b'$',
        _ => false,
    }
}

/// The dot after a segment, or the end.
const fn segment_end(text: &[u8], start: usize) -> usize {
    match find(text, start, b'.') {
        Some(dot) => dot,
        None => text.len(),
    }
}

const fn equal(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    let mut at = 0;
    while at < one.len() {
        if one[at] != other[at] {
            return false;
        }
        at += 1;
    }
    true
}

//! Patterns at compile time: what `pattern!(Type, "…")` expands to, and the questions it asks of a type's topics.
//!
//! A [`ConstPattern`] is a parsed pattern as constants. A topic template arrives as pieces, for constants cannot be
//! joined: the namespace, the name, those of a nested type. Between two pieces stands a dot; an empty piece is skipped.
//! A segment of a template that begins with `{`, as in `{field}`, may become any text.
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

use crate::glob::glob_matches;

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

/// Whether the element can take a topic of the template; with `all`, whether it takes all of them.
///
/// The compiler's interpreter is some hundred times slower than the machine, and slowest at calls and at arithmetic, which
/// it checks. So slices are taken apart by patterns, and no function of the standard library is called in a loop.
const fn takes(segments: &[ConstSegment<'_>], template: &[&str], all: bool) -> bool {
    let mut left = segments;
    while let [segment, after @ ..] = left {
        if matches!(segment, ConstSegment::Many) && !after.is_empty() {
            return takes_wandering(segments, template, all);
        }
        left = after;
    }
    takes_straight(segments, template, all)
}

/// For an element with no `**`, or one at its end: segment by segment.
const fn takes_straight(
    mut segments: &[ConstSegment<'_>],
    mut template: &[&str],
    all: bool,
) -> bool {
    let mut first = true;
    while let [piece, pieces_after @ ..] = template {
        let mut rest = piece.as_bytes();
        while let [sign, ..] = rest {
            if first && *sign == b'$' && !names_system(segments) {
                return false;
            }
            first = false;
            let [segment, segments_after @ ..] = segments else { return false };
            if let ConstSegment::Many = segment {
                return true;
            }
            let field = *sign == b'{';
            match segment {
                // A literal that is another is the end; no byte of the rest is looked at.
                ConstSegment::Literal(literal) if !field => {
                    let Some(after) = without(literal.as_bytes(), rest) else { return false };
                    rest = after;
                }
                ConstSegment::Glob(glob) if !field => {
                    let text = rest;
                    rest = skip(rest);
                    let text = text.split_at(text.len() - rest.len()).0;
                    if !may_match(glob.as_bytes(), text) || !glob_matches(glob.as_bytes(), text) {
                        return false;
                    }
                }
                ConstSegment::Literal(_) | ConstSegment::Glob(_) if all => return false,
                _ => rest = skip(rest),
            }
            segments = segments_after;
            if let [_, after @ ..] = rest {
                rest = after;
            }
        }
        template = pieces_after;
    }
    !first && matches!(segments, [] | [ConstSegment::Many])
}

/// For any element: reads the template once, with the set of all places where the pattern may stand.
const fn takes_wandering(segments: &[ConstSegment<'_>], template: &[&str], all: bool) -> bool {
    let wild = many(segments);
    let end = 1 << segments.len();
    let mut states = 1 | (1 & wild) << 1;
    let (mut piece, mut first) = (0, true);
    while piece < template.len() {
        let mut rest = template[piece].as_bytes();
        while let [sign, ..] = rest {
            if first && *sign == b'$' && !names_system(segments) {
                return false;
            }
            first = false;
            let segment = rest;
            rest = skip(rest);
            let segment = segment.split_at(segment.len() - rest.len()).0;
            states = step(segments, states & !end, segment, all);
            if states == 0 {
                return false;
            }
            states |= (states & wild) << 1;
            if let [_, after @ ..] = rest {
                rest = after;
            }
        }
        piece += 1;
    }
    !first && states & end != 0
}

/// The set of places after one more segment, but for those that are reached without one.
const fn step(segments: &[ConstSegment<'_>], mut states: u64, segment: &[u8], all: bool) -> u64 {
    let field = matches!(segment, [b'{', ..]);
    let (mut next, mut at, mut place) = (0, 0, 1);
    while states != 0 {
        if states & 1 != 0 {
            let fits = match &segments[at] {
                ConstSegment::Many => {
                    next |= place;
                    false
                }
                ConstSegment::One => true,
                _ if field => !all,
                ConstSegment::Literal(literal) => without(literal.as_bytes(), segment).is_some(),
                ConstSegment::Glob(glob) => {
                    may_match(glob.as_bytes(), segment) && glob_matches(glob.as_bytes(), segment)
                }
            };
            if fits {
                next |= place << 1;
            }
        }
        states >>= 1;
        place <<= 1;
        at += 1;
    }
    next
}

/// The places of `**`, of which no two stand side by side.
const fn many(segments: &[ConstSegment<'_>]) -> u64 {
    let (mut at, mut many) = (0, 0);
    while at < segments.len() {
        if matches!(segments[at], ConstSegment::Many) {
            many |= 1 << at;
        }
        at += 1;
    }
    many
}

/// Whether the first segment is a literal that begins with `$`.
const fn names_system(segments: &[ConstSegment<'_>]) -> bool {
    match segments {
        [ConstSegment::Literal(text), ..] => !text.is_empty() && text.as_bytes()[0] == b'$',
        _ => false,
    }
}

/// Whether a glob and a text begin and end alike, as far as the glob says how: a look that spares most of the matches.
const fn may_match(glob: &[u8], text: &[u8]) -> bool {
    if let ([first, ..], [is, ..]) = (glob, text)
        && !matches!(*first, b'*' | b'?' | b'[' | b'{')
        && *first != *is
    {
        return false;
    }
    let (mut glob, mut text) = (glob, text);
    while let ([glob_before @ .., last], [text_before @ .., is]) = (glob, text) {
        if matches!(*last, b'*' | b'?' | b']' | b'}') {
            return true;
        }
        if *last != *is {
            return false;
        }
        (glob, text) = (glob_before, text_before);
    }
    // What is left of a glob without a star takes at least one byte each; the matcher knows.
    true
}

/// What follows the first segment, with its dot.
const fn skip(mut rest: &[u8]) -> &[u8] {
    while let [a, b, c, d, after @ ..] = rest {
        match (*a, *b, *c, *d) {
            (b'.', ..) | (_, b'.', ..) | (.., b'.', _) | (.., b'.') => break,
            _ => rest = after,
        }
    }
    while let [byte, after @ ..] = rest {
        if *byte == b'.' {
            break;
        }
        rest = after;
    }
    rest
}

/// What follows the literal, with its dot, if the literal is the first segment of the text.
const fn without<'t>(mut literal: &[u8], mut text: &'t [u8]) -> Option<&'t [u8]> {
    while let [a, b, c, d, literal_after @ ..] = literal {
        let [e, f, g, h, text_after @ ..] = text else { return None };
        if *a != *e || *b != *f || *c != *g || *d != *h {
            return None;
        }
        (literal, text) = (literal_after, text_after);
    }
    while let [one, literal_after @ ..] = literal {
        let [other, text_after @ ..] = text else { return None };
        if *one != *other {
            return None;
        }
        (literal, text) = (literal_after, text_after);
    }
    match text {
        [] | [b'.', ..] => Some(text),
        _ => None,
    }
}

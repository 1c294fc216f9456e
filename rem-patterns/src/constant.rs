//! Patterns at compile time: what `pattern!(Type, "…")` expands to, and the questions it asks of a type's topics.
//!
//! The compiler's interpreter is some hundred times slower than the machine, and slowest at calls, so the work is done
//! where it is cheap or where it is done once. The macro, which is native code, lowers a pattern to a [`ConstPattern`]:
//! each literal or glob becomes [forms](ConstForm), bytes in a number with a mask. A type's topics are cut into
//! [segments](Cut) once for all of its patterns, with the same numbers beside the text. What is left for each pattern is
//! to compare numbers: a topic costs the same however long it is.
//!
//! A topic template arrives as pieces, for constants cannot be joined: the namespace, the name, those of a nested type.
//! Between two pieces stands a dot; an empty piece is skipped. A segment of a template that begins with `{`, as in
//! `{field}`, may become any text.
//!
//! ```
//! use rem_patterns::Pattern;
//! use rem_patterns::constant::selects;
//!
//! let pattern = Pattern::parse("by_name.*.rate_limited")?.to_const().ok_or("a regular expression")?;
//! assert!(selects(&pattern, &["by_name.{name}.rate_limited"]));
//! assert!(!selects(&pattern, &["by_name", "", "{name}.lost"]));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use crate::glob::glob_matches;
use crate::topic::rules::MAX_SEGMENTS;

mod cuts;
mod form;
mod lower;
mod text;

pub use cuts::{Cut, Cuts};
pub use form::{ConstClass, ConstForm, ConstPiece};
pub use text::Text;

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
    /// The first segment is a literal that begins with `$`.
    pub system: bool,
    /// How many of the segments are [`Many`](ConstSegment::Many).
    pub many: usize,
    /// The segments; a plain name ends in [`Many`](ConstSegment::Many), by the parent-prefix rule.
    pub segments: &'a [ConstSegment<'a>],
}

/// One segment of a pattern, lowered: a capture is a wildcard, `>` is [`One`](Self::One) and then [`Many`](Self::Many).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConstSegment<'a> {
    /// This text.
    Literal(ConstText<'a>),
    /// Any one segment.
    One,
    /// Any number of segments, none included; no two stand side by side.
    Many,
    /// One segment that the glob selects; its text was checked by the parser.
    Glob(ConstText<'a>),
}

/// A literal or a glob.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConstText<'a> {
    /// As it was written.
    pub text: &'a str,
    /// What it takes, in numbers: all that one of these does.
    pub forms: &'a [ConstForm<'a>],
    /// Whether the forms hold for text in ASCII alone: they count characters, but compare bytes.
    pub ascii: bool,
}

/// Whether the pattern can select some topic of this template.
///
/// Exact for a template without fields and for a pattern without exclusions. Elsewhere it errs towards `true`: an
/// exclusion counts where it takes every topic of the template, whatever the fields hold.
pub const fn selects(pattern: &ConstPattern<'_>, template: &[&str]) -> bool {
    // What is longer is no topic.
    if Cut::count(template) > MAX_SEGMENTS {
        return false;
    }
    let mut cuts = Cuts::<MAX_SEGMENTS>::new();
    cuts.push(template);
    selects_any(pattern, cuts.as_slice())
}

/// Whether the pattern can select one of the topics that were [cut](Cuts); as [`selects`] for each of them.
pub const fn selects_any(pattern: &ConstPattern<'_>, topics: &[Cut<'_>]) -> bool {
    let mut element = 0;
    while element < pattern.elements.len() {
        if !pattern.elements[element].exclude {
            let mut at = next(&pattern.elements[element], topics, 0, topics.len());
            while at < topics.len() {
                let after = at + topics[at].left;
                if !is_excluded(pattern, topics, at, after) {
                    return true;
                }
                at = next(&pattern.elements[element], topics, after, topics.len());
            }
        }
        element += 1;
    }
    false
}

/// Whether an exclusion takes all topics of the template at `at`.
const fn is_excluded(
    pattern: &ConstPattern<'_>,
    topics: &[Cut<'_>],
    at: usize,
    end: usize,
) -> bool {
    let mut element = 0;
    while element < pattern.elements.len() {
        let exclusion = &pattern.elements[element];
        if exclusion.exclude && next(exclusion, topics, at, end) == at {
            return true;
        }
        element += 1;
    }
    false
}

/// Where the first topic begins, from `at` on, of which the element can take one, or as an exclusion all; `end` if there
/// is none.
///
/// This is what is run most often. So it calls nothing that the numbers decide.
const fn next(element: &ConstElement<'_>, topics: &[Cut<'_>], mut at: usize, end: usize) -> usize {
    let segments = element.segments;
    let least = segments.len() - element.many;
    while at < end {
        let depth = topics[at].left;
        if depth < least
            || depth > least && element.many == 0
            || topics[at].system && !element.system
        {
            at += depth;
            continue;
        }
        if element.many > 1 {
            if wanders(element, topics, at) {
                return at;
            }
            at += depth;
            continue;
        }
        let (mut place, mut segment) = (at, 0);
        while segment < segments.len() {
            match &segments[segment] {
                ConstSegment::One => place += 1,
                ConstSegment::Many => place += depth - least,
                ConstSegment::Literal(text) | ConstSegment::Glob(text) => {
                    if !fits(text, &topics[place], element.exclude) {
                        break;
                    }
                    place += 1;
                }
            }
            segment += 1;
        }
        if segment == segments.len() {
            return at;
        }
        at += depth;
    }
    end
}

/// Whether an element with several `**` can take the topic at `at`: reads it once, with the set of all places where the
/// pattern may stand.
const fn wanders(element: &ConstElement<'_>, topics: &[Cut<'_>], mut at: usize) -> bool {
    let segments = element.segments;
    let after = at + topics[at].left;
    let wild = many(segments);
    let mut states = 1 | (1 & wild) << 1;
    while at < after && states != 0 {
        let (mut next, mut segment) = (0, 0);
        while segment < segments.len() {
            let place = 1 << segment;
            if states & place != 0 {
                match &segments[segment] {
                    ConstSegment::Many => next |= place,
                    ConstSegment::One => next |= place << 1,
                    ConstSegment::Literal(text) | ConstSegment::Glob(text) => {
                        if fits(text, &topics[at], element.exclude) {
                            next |= place << 1;
                        }
                    }
                }
            }
            segment += 1;
        }
        states = next | (next & wild) << 1;
        at += 1;
    }
    states & 1 << segments.len() != 0
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

/// Whether the literal or glob can take the segment; with `all`, whether it takes all that a field may hold.
const fn fits(text: &ConstText<'_>, cut: &Cut<'_>, all: bool) -> bool {
    if cut.field {
        return !all;
    }
    if text.ascii && !cut.ascii {
        return glob_matches(text.text.as_bytes(), cut.text);
    }
    let mut at = 0;
    while at < text.forms.len() {
        let form = &text.forms[at];
        if cut.head & form.head.1 == form.head.0
            && cut.tail & form.tail.1 == form.tail.0
            && cut.len >= form.least
            && cut.len <= form.most
        {
            if !form.decides {
                return glob_matches(text.text.as_bytes(), cut.text);
            }
            if form.pieces.is_empty() && form.classes.is_empty() || form.holds(cut) {
                return true;
            }
        }
        at += 1;
    }
    false
}

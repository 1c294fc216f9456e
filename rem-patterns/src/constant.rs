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
    pub forms: &'a [ConstForm],
    /// The classes of all forms.
    pub classes: &'a [ConstClass],
    /// The pieces of all forms.
    pub pieces: &'a [ConstPiece],
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
///
/// A set of topics is a number with a bit each, so that an element is asked about as many topics at once.
pub const fn selects_any(pattern: &ConstPattern<'_>, mut topics: &[Cut<'_>]) -> bool {
    let excludes = excludes(pattern);
    while !topics.is_empty() {
        let (mut set, mut end, mut at) = (0, 0, 0);
        while at < pattern.elements.len() {
            let element = &pattern.elements[at];
            if !element.exclude {
                let (taken, read) = take(element, topics, !set, !excludes);
                if taken != 0 && !excludes {
                    return true;
                }
                (set, end) = (set | taken, read);
            }
            at += 1;
        }
        // Nothing is included, as where all that was has another beginning: no topic was read, and none is selected.
        if end == 0 {
            return false;
        }
        at = 0;
        while at < pattern.elements.len() && set != 0 {
            let element = &pattern.elements[at];
            if element.exclude {
                set &= !take(element, topics, set, false).0;
            }
            at += 1;
        }
        if set != 0 {
            return true;
        }
        topics = topics.split_at(end).1;
    }
    false
}

const fn excludes(pattern: &ConstPattern<'_>) -> bool {
    let mut at = 0;
    while at < pattern.elements.len() {
        if pattern.elements[at].exclude {
            return true;
        }
        at += 1;
    }
    false
}

/// Which of the first 128 topics, among those `asked` about, the element can take, or as an exclusion takes altogether;
/// and where the others begin. Stops at the `first` that it takes, if that is enough.
///
/// This is what is run most often. So it calls nothing where the numbers decide, and begins at each topic with the
/// segment that was another in the last: topics of one type have most of their segments in common.
const fn take(
    element: &ConstElement<'_>,
    topics: &[Cut<'_>],
    asked: u128,
    first: bool,
) -> (u128, usize) {
    let segments = element.segments;
    let least = segments.len() - element.many;
    let mut first_many = 0;
    while first_many < segments.len() && !matches!(segments[first_many], ConstSegment::Many) {
        first_many += 1;
    }
    let (mut taken, mut bit, mut at, mut suspect) = (0, 1, 0, 0);
    while at < topics.len() && bit != 0 {
        let topic = at;
        let depth = topics[topic].left;
        at += depth;
        let own = bit;
        bit <<= 1;
        if asked & own == 0
            || depth < least
            || depth > least && element.many == 0
            || topics[topic].system && !element.system
        {
            continue;
        }
        if element.many > 1 {
            if wanders(element, topics, topic) {
                taken |= own;
            }
            continue;
        }
        let mut left = segments.len();
        while left > 0 {
            if let ConstSegment::Literal(text) | ConstSegment::Glob(text) = &segments[suspect] {
                // Behind `**` places are counted from the end.
                let place = if suspect < first_many {
                    topic + suspect
                } else {
                    at + suspect - segments.len()
                };
                let cut = &topics[place];
                if cut.field {
                    if element.exclude {
                        break;
                    }
                } else if text.ascii && !cut.ascii {
                    if !glob_matches(text.text.as_bytes(), cut.text) {
                        break;
                    }
                } else {
                    let mut form = 0;
                    while form < text.forms.len() {
                        let is = &text.forms[form];
                        let [head, head_said, tail, tail_said, rest] = &is.0;
                        if cut.head & *head_said == *head
                            && cut.tail & *tail_said == *tail
                            && cut.len >= *rest & 511
                            && cut.len <= *rest >> 9 & 511
                            && (*rest >> 18 & 1 == 1 || is.holds(text, cut))
                        {
                            break;
                        }
                        form += 1;
                    }
                    if form == text.forms.len() {
                        break;
                    }
                }
            }
            suspect += 1;
            if suspect == segments.len() {
                suspect = 0;
            }
            left -= 1;
        }
        if left == 0 {
            taken |= own;
            if first {
                break;
            }
        }
    }
    (taken, at)
}

/// Whether an element with several `**` can take the topic at `at`: reads it once, with the set of all places where the
/// pattern may stand.
const fn wanders(element: &ConstElement<'_>, topics: &[Cut<'_>], mut at: usize) -> bool {
    let segments = element.segments;
    let after = at + topics[at].left;
    let wild = many(segments);
    let mut states = 1 | (1 & wild) << 1;
    while at < after && states != 0 {
        let (mut next, mut segment, mut place) = (0, 0, 1);
        while segment < segments.len() {
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
            place <<= 1;
        }
        states = next | (next & wild) << 1;
        at += 1;
    }
    states >> segments.len() & 1 != 0
}

/// The places of `**`, of which no two stand side by side.
const fn many(segments: &[ConstSegment<'_>]) -> u64 {
    let (mut at, mut many, mut place) = (0, 0, 1);
    while at < segments.len() {
        if matches!(segments[at], ConstSegment::Many) {
            many |= place;
        }
        (at, place) = (at + 1, place << 1);
    }
    many
}

/// Whether the literal or glob can take the segment; with `all`, whether it takes all that a field may hold.
///
/// What [`take`] has in its loop, as a function.
const fn fits(text: &ConstText<'_>, cut: &Cut<'_>, all: bool) -> bool {
    if cut.field {
        return !all;
    }
    if text.ascii && !cut.ascii {
        return glob_matches(text.text.as_bytes(), cut.text);
    }
    let mut form = 0;
    while form < text.forms.len() {
        let is = &text.forms[form];
        let [head, head_said, tail, tail_said, rest] = &is.0;
        if cut.head & *head_said == *head
            && cut.tail & *tail_said == *tail
            && cut.len >= *rest & 511
            && cut.len <= *rest >> 9 & 511
            && (*rest >> 18 & 1 == 1 || is.holds(text, cut))
        {
            return true;
        }
        form += 1;
    }
    false
}

//! Patterns at compile time: what `pattern!(Type, "…")` expands to, and the questions it asks of a type's topics.
//!
//! The compiler's interpreter is some hundred times slower than the machine, and slowest at calls, so the work is done
//! where it is cheap or where it is done once. The macro, which is native code, lowers a pattern to a [`ConstPattern`]:
//! each literal or glob becomes [forms](ConstForm), bytes in a number with a mask. A type's topics are cut into
//! [segments](Cut) once for all of its patterns, with the same numbers beside the text, and put into an [`Index`]: which
//! different segments stand at each place, and in which topics. What is left for each pattern is to compare its segments
//! with those that stand at their places, each once however many topics have it, as numbers.
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

use crate::topic::rules::MAX_SEGMENTS;

mod cuts;
mod index;
mod take;
mod follow;
mod form;
mod lower;
mod text;

pub use cuts::{Cut, Cuts};
pub use form::{ConstClass, ConstForm, ConstPiece};
pub use index::{Index, Topics};
pub use take::selects_any;
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
///
/// For many topics and patterns [`selects_any`] says the same at less cost.
pub const fn selects(pattern: &ConstPattern<'_>, template: &[&str]) -> bool {
    // What is longer is no topic.
    if Cut::count(template) > MAX_SEGMENTS {
        return false;
    }
    let mut cuts = Cuts::<MAX_SEGMENTS>::new();
    cuts.push(template);
    let (mut included, mut excluded, mut at) = (false, false, 0);
    while at < pattern.elements.len() && !excluded {
        let element = &pattern.elements[at];
        if follow::takes(element, cuts.as_slice()) {
            (included, excluded) = (included || !element.exclude, element.exclude);
        }
        at += 1;
    }
    included && !excluded
}

//! From a parsed [`Pattern`] to the parts of a [`ConstPattern`](super::ConstPattern), for the macro that writes them down.

use alloc::vec::Vec;

use super::ConstSegment;
use crate::pattern::Pattern;
use crate::segment::Kind;

/// One element of a pattern, with its segments as the compiler is to see them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoweredElement<'p> {
    /// Written with `!`.
    pub exclude: bool,
    /// The segments, lowered.
    pub segments: Vec<ConstSegment<'p>>,
}

impl Pattern {
    /// The pattern in the parts of a [`ConstPattern`](super::ConstPattern); `None` if it has a regular expression, which
    /// cannot be matched at compile time.
    #[doc(hidden)]
    pub fn to_const_parts(&self) -> Option<Vec<LoweredElement<'_>>> {
        let inner = self.inner();
        let lower = |element| {
            let segments = inner.segments(element).iter().map(|segment| match segment.kind {
                Kind::Literal => ConstSegment::Literal(segment.text(&inner.text)),
                Kind::One => ConstSegment::One,
                Kind::Many => ConstSegment::Many,
                Kind::Glob => ConstSegment::Glob(segment.text(&inner.text)),
            });
            LoweredElement { exclude: element.exclude, segments: segments.collect() }
        };
        inner.regexes.is_empty().then(|| inner.elements().map(lower).collect())
    }
}

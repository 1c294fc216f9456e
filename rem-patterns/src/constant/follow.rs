//! One element of a pattern followed along one topic, as a set of places where it may stand.

use super::{ConstElement, ConstSegment, ConstText, Cut};
use crate::glob::glob_matches;

/// Whether the element can take the topic that the cuts begin with; as an exclusion, whether it takes it whatever its
/// fields hold.
pub(super) const fn takes(element: &ConstElement<'_>, cuts: &[Cut<'_>]) -> bool {
    let [first, ..] = cuts else { return false };
    if first.system && !element.system {
        return false;
    }
    let segments = element.segments;
    let wild = many(segments);
    let mut states = 1 | (1 & wild) << 1;
    let mut at = 0;
    while at < first.left && states != 0 {
        let (mut next, mut segment, mut place) = (0, 0, 1);
        while segment < segments.len() {
            if states & place != 0 {
                match &segments[segment] {
                    ConstSegment::Many => next |= place,
                    ConstSegment::One => next |= place << 1,
                    ConstSegment::Literal(text) | ConstSegment::Glob(text) => {
                        if fits(text, &cuts[at], element.exclude) {
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
const fn fits(text: &ConstText<'_>, cut: &Cut<'_>, all: bool) -> bool {
    if cut.field {
        return !all;
    }
    if text.ascii && !cut.ascii {
        return glob_matches(text.text.as_bytes(), cut.text);
    }
    let mut form = 0;
    while form < text.forms.len() {
        if text.forms[form].takes(text, cut) {
            return true;
        }
        form += 1;
    }
    false
}

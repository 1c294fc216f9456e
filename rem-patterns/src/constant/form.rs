//! What a literal or a glob takes, as numbers that are compared with those of a [`Cut`].

use super::{ConstText, Cut};
use crate::glob::glob_matches;
use crate::topic::rules::MAX_BYTES;

/// One alternative of a glob, or a literal: how a text begins and ends, and what is between.
///
/// In order: the first 16 bytes, as a [`Cut`] has them; a mask of those that are said; the last 16 bytes and their mask;
/// and the rest, packed. It is numbers alone because each token that the macro writes costs as much as some
/// steps of the interpreter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConstForm(pub [u128; 5]);

/// What a form has beside its bytes, as [`ConstForm`] packs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rest {
    /// The fewest bytes that it takes: bits 0 to 8.
    pub(super) least: usize,
    /// The most, [`UNLIMITED`] where a `*` is: bits 9 to 17.
    pub(super) most: usize,
    /// Whether there is no more to it, neither classes nor pieces nor a text to match: bit 18.
    pub(super) plain: bool,
    /// Whether what holds here is all; if not, the glob's text is matched: bit 19.
    pub(super) decides: bool,
    /// How many bytes stand before the first `*` and behind the last: bits 20 to 28, and 29 to 37.
    pub(super) ends: (usize, usize),
    /// The bytes that are to be one of several: where they begin in the glob's list, in bits 38 to 61, and how many they
    /// are, in bits 62 to 70.
    pub(super) classes: (usize, usize),
    /// The pieces, in order, in the same way: bits 71 to 94, and 95 to 103.
    pub(super) pieces: (usize, usize),
}

/// More bytes than any segment has.
pub(super) const UNLIMITED: usize = MAX_BYTES + 1;

impl Rest {
    /// Lengths and counts are those of a segment or a glob, and a list is at most 64 times a glob's, so that none
    /// is more than its bits hold.
    pub(super) fn pack(&self) -> u128 {
        let Self { least, most, plain, decides, ends, classes, pieces } = *self;
        let numbers = [
            (least, 0),
            (most, 9),
            (usize::from(plain), 18),
            (usize::from(decides), 19),
            (ends.0, 20),
            (ends.1, 29),
            (classes.0, 38),
            (classes.1, 62),
            (pieces.0, 71),
            (pieces.1, 95),
        ];
        numbers.into_iter().fold(0, |rest, (number, shift)| rest | (number as u128) << shift)
    }
}

/// A byte that is one of several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConstClass {
    /// Whether it is a byte of the tail.
    pub tail: bool,
    /// How many bits stand below it in head or tail.
    pub shift: usize,
    /// A bit for each character in ASCII.
    pub set: u128,
}

/// Bytes that stand between two `*`, or at a place that is neither in the head nor in the tail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConstPiece {
    /// Where they begin; zero if between two `*`.
    pub place: usize,
    /// Whether the place is counted from the end.
    pub tail: bool,
    /// How many there are, at most 16.
    pub len: usize,
    /// The bytes, the last in the lowest place, and a mask of those that are said.
    pub bytes: (u128, u128),
}

impl ConstForm {
    /// Whether it takes a text that is no field.
    pub(super) const fn takes(&self, text: &ConstText<'_>, cut: &Cut<'_>) -> bool {
        let [head, head_said, tail, tail_said, rest] = self.0;
        cut.head & head_said == head
            && cut.tail & tail_said == tail
            && cut.len >= rest & 511
            && cut.len <= rest >> 9 & 511
            && (rest >> 18 & 1 == 1 || self.holds(text, cut))
    }

    /// Whether a text that is as long as it should be, begins and ends so, has the rest too.
    pub(super) const fn holds(&self, text: &ConstText<'_>, cut: &Cut<'_>) -> bool {
        // The shifts are those of `Rest`; a named one would be looked up at each use.
        let rest = self.0[4];
        if rest >> 19 & 1 == 0 {
            return glob_matches(text.text.as_bytes(), cut.text);
        }
        let mut at = (rest >> 38 & 0xFF_FFFF) as usize;
        let mut end = at + (rest >> 62 & 511) as usize;
        while at < end {
            let class = &text.classes[at];
            let bytes = if class.tail { cut.tail } else { cut.head };
            // The forms with classes are asked about ASCII alone.
            if class.set >> (bytes >> class.shift & 0x7F) & 1 == 0 {
                return false;
            }
            at += 1;
        }
        at = (rest >> 71 & 0xFF_FFFF) as usize;
        end = at + (rest >> 95 & 511) as usize;
        if at == end {
            return true;
        }
        // Each piece is taken as early as can be, behind what the form begins with and before what it ends with.
        let len = cut.text.len();
        let (mut read, last) = ((rest >> 20 & 511) as usize, len - (rest >> 29 & 511) as usize);
        while at < end {
            let piece = &text.pieces[at];
            let (mut window, mut width) = (0_u128, 0);
            if piece.place > 0 {
                let mut from = if piece.tail { len - piece.place } else { piece.place };
                while width < piece.len {
                    window = window << 8 | cut.text[from] as u128;
                    width += 1;
                    from += 1;
                }
                if window & piece.bytes.1 != piece.bytes.0 {
                    return false;
                }
            } else {
                while width < piece.len || window & piece.bytes.1 != piece.bytes.0 {
                    if read == last {
                        return false;
                    }
                    window = window << 8 | cut.text[read] as u128;
                    width += 1;
                    read += 1;
                }
            }
            at += 1;
        }
        true
    }
}

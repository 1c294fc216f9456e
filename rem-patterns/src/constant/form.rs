//! What a literal or a glob takes, as numbers that are compared with those of a [`Cut`].

use super::cuts::Cut;

/// One alternative of a glob, or a literal: how a text begins and ends, and what is between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConstForm<'a> {
    /// The fewest bytes that it takes.
    pub least: usize,
    /// The most.
    pub most: usize,
    /// The first 16 bytes, as a [`Cut`] has them, and a mask of those that are said.
    pub head: (u128, u128),
    /// The last 16 bytes, in the same way.
    pub tail: (u128, u128),
    /// The bytes that are to be one of several.
    pub classes: &'a [ConstClass],
    /// How many bytes stand before the first `*` and behind the last.
    pub ends: (usize, usize),
    /// What stands between two `*`, in order.
    pub pieces: &'a [ConstPiece],
    /// Whether what holds here is all; if not, the glob's text is matched.
    pub decides: bool,
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

/// Bytes that stand somewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConstPiece {
    /// How many there are, at most 16.
    pub len: usize,
    /// The bytes, the last in the lowest place, and a mask of those that are said.
    pub bytes: (u128, u128),
}

impl ConstForm<'_> {
    /// Whether a text that begins and ends as it should has the classes and the pieces too.
    pub(super) const fn holds(&self, cut: &Cut<'_>) -> bool {
        let mut at = 0;
        while at < self.classes.len() {
            let class = &self.classes[at];
            let bytes = if class.tail { cut.tail } else { cut.head };
            // The forms with classes are asked about ASCII alone.
            if class.set >> (bytes >> class.shift & 0x7F) & 1 == 0 {
                return false;
            }
            at += 1;
        }
        if self.pieces.is_empty() {
            return true;
        }
        self.holds_pieces(cut)
    }

    /// Each piece is taken as early as can be, behind what the form begins with and before what it ends with.
    const fn holds_pieces(&self, cut: &Cut<'_>) -> bool {
        let (mut read, end) = (self.ends.0, cut.len - self.ends.1);
        let mut at = 0;
        while at < self.pieces.len() {
            let piece = &self.pieces[at];
            let (mut window, mut width) = (0_u128, 0);
            while width < piece.len || window & piece.bytes.1 != piece.bytes.0 {
                if read == end {
                    return false;
                }
                window = window << 8 | cut.text[read] as u128;
                (width, read) = (width + 1, read + 1);
            }
            at += 1;
        }
        true
    }
}

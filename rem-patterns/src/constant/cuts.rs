//! The topics of a type, cut at their dots once for all of its patterns.

use super::Index;

/// One segment of a topic or template, as a pattern is compared with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is asked alone, where a call costs more")]
pub struct Cut<'a> {
    pub(super) text: &'a [u8],
    /// How long the text is, as a form's numbers have it.
    pub(super) len: u128,
    /// How many segments are left of its topic, this one with them. So the next topic begins behind as many.
    pub(super) left: usize,
    /// The first 16 bytes, the first of them in the highest place; zeros where the text is shorter.
    pub(super) head: u128,
    /// The last 16 bytes, the last of them in the lowest place.
    pub(super) tail: u128,
    pub(super) ascii: bool,
    /// `{field}`: any text.
    pub(super) field: bool,
    /// In ASCII and no field: what forms say of it is so.
    pub(super) decided: bool,
    /// Begins with `$`.
    pub(super) system: bool,
}

/// How many bytes of a segment are compared as one number.
pub(super) const PACKED: usize = 16;

impl<'a> Cut<'a> {
    pub(super) const EMPTY: Self = Self {
        text: &[],
        len: 0,
        left: 0,
        head: 0,
        tail: 0,
        ascii: true,
        field: false,
        decided: false,
        system: false,
    };

    /// How many segments a template has, given as its pieces.
    pub const fn count(template: &[&str]) -> usize {
        let (mut count, mut pieces) = (0, template);
        while let [piece, after @ ..] = pieces {
            let mut rest = piece.as_bytes();
            count += !rest.is_empty() as usize;
            while let [byte, after @ ..] = rest {
                if *byte == b'.' {
                    count += 1;
                }
                rest = after;
            }
            pieces = after;
        }
        count
    }

    /// The segment that the text begins with, and what follows its dot.
    const fn first(text: &'a [u8], left: usize) -> (Self, &'a [u8]) {
        let mut cut = Self { left, ..Self::EMPTY };
        let (mut rest, mut len) = (text, 0);
        while let [byte, after @ ..] = rest {
            if *byte == b'.' {
                break;
            }
            if len < PACKED {
                cut.head |= (*byte as u128) << (8 * (PACKED - 1 - len));
            }
            cut.tail = cut.tail << 8 | *byte as u128;
            len += 1;
            if *byte >= 0x80 {
                cut.ascii = false;
            }
            rest = after;
        }
        cut.len = len as u128;
        cut.text = text.split_at(len).0;
        cut.field = matches!(text, [b'{', ..]);
        cut.decided = cut.ascii && !cut.field;
        cut.system = matches!(text, [b'$', ..]);
        match rest {
            [_, after @ ..] => (cut, after),
            [] => (cut, rest),
        }
    }
}

/// Topics with `N` segments in all.
#[derive(Debug, Clone, Copy)]
pub struct Cuts<'a, const N: usize> {
    list: [Cut<'a>; N],
    len: usize,
}

impl<'a, const N: usize> Cuts<'a, N> {
    /// No topic.
    #[expect(clippy::new_without_default, reason = "a default would not be usable in constants")]
    pub const fn new() -> Self {
        Self { list: [Cut::EMPTY; N], len: 0 }
    }

    /// Adds a topic or template, given as its pieces.
    ///
    /// # Panics
    /// When there is no room for it: when the [counts](Cut::count) of all are more than `N`.
    pub const fn push(&mut self, template: &[&'a str]) {
        let (mut left, mut pieces) = (Cut::count(template), template);
        while let [piece, after @ ..] = pieces {
            let mut rest = piece.as_bytes();
            while !rest.is_empty() {
                (self.list[self.len], rest) = Cut::first(rest, left);
                self.len += 1;
                left -= 1;
            }
            pieces = after;
        }
    }

    /// What many patterns are compared with.
    pub const fn index(self) -> Index<'a, N> {
        Index::of(self.list, self.len)
    }

    /// The segments of all topics, one behind the other.
    pub const fn as_slice(&self) -> &[Cut<'a>] {
        self.list.split_at(self.len).0
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::{Cut, Cuts};

    #[test]
    fn pieces_are_cut_at_dots_and_between() {
        let mut cuts = Cuts::<6>::new();
        for template in [&["a.bé", "", "{id}"][..], &["", "$c"], &["d.e"]] {
            cuts.push(template);
        }
        let texts: Vec<_> = cuts.as_slice().iter().map(|cut| (cut.text, cut.left)).collect();
        let expected: [(&[u8], _); 6] =
            [(b"a", 3), ("bé".as_bytes(), 2), (b"{id}", 1), (b"$c", 1), (b"d", 2), (b"e", 1)];
        assert_eq!(texts, expected);
        let [a, wide, field, system, ..] = cuts.as_slice() else { panic!("six") };
        assert!(a.ascii && !wide.ascii && field.field && system.system && !a.field && !a.system);
    }

    #[test]
    fn both_ends_are_packed() {
        let (short, _) = Cut::first(b"ab.c", 2);
        assert_eq!((short.head >> 112, short.head << 16, short.tail), (0x6162, 0, 0x6162));
        let (long, rest) = Cut::first(b"0123456789abcdefghij", 1);
        assert_eq!(long.head.to_be_bytes(), *b"0123456789abcdef");
        assert_eq!(long.tail.to_be_bytes(), *b"456789abcdefghij");
        assert_eq!((long.len, rest), (20, &[][..]));
    }
}

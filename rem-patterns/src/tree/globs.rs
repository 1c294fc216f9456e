//! The globs of one node: by the literal text that they begin or end with, or in a trie of characters.

use alloc::vec::Vec;

use super::chars::Chars;
use super::small::Stack;
use super::symbols::{NONE, Symbols};
use super::table::Table;
use crate::glob::glob_matches;

/// Globs by the numbers of their texts. Each stands in one of four places.
#[derive(Clone)]
pub(super) struct Globs {
    /// `text*`, by the number of the text: the number of the glob, and one, for the table holds no zero.
    heads: Side,
    /// `*text`.
    tails: Side,
    /// Where the trie of the others begins.
    root: u32,
    /// How many of those have choices: they may be found more than once.
    choices: u32,
    /// Those with too many choices for the trie: tried one by one.
    loose: Vec<u32>,
}

impl Default for Globs {
    fn default() -> Self {
        Self {
            heads: Side::default(),
            tails: Side::default(),
            root: NONE,
            choices: 0,
            loose: Vec::new(),
        }
    }
}

/// Globs that are a literal text and one `*`.
#[derive(Clone, Default)]
struct Side {
    globs: Table,
    /// By length.
    lengths: Vec<OfLength>,
}

/// The texts of one length. Most segments are told from all of them by a look at two bytes, which spares the table.
#[derive(Clone, Default)]
struct OfLength {
    length: usize,
    count: u32,
    /// What they begin and end with. Of a text that has gone its bytes stay, as long as there are others of its length.
    first: Bytes,
    last: Bytes,
}

/// A set of bytes, of which those beyond ASCII are taken for others.
#[derive(Clone, Copy, Default)]
struct Bytes(u128);

impl Bytes {
    fn add(&mut self, byte: Option<&u8>) {
        self.0 |= byte.map_or(0, |byte| 1 << (byte & 127));
    }

    #[inline]
    fn may_have(self, byte: Option<&u8>) -> bool {
        byte.is_none_or(|byte| self.0 & 1 << (byte & 127) != 0)
    }
}

/// Where a glob stands.
enum Kind<'g> {
    Head(&'g [u8]),
    Tail(&'g [u8]),
    Other,
}

impl Kind<'_> {
    fn of(glob: &[u8]) -> Kind<'_> {
        let literal = |text: &[u8]| !text.iter().copied().any(is_sign);
        match glob {
            [text @ .., b'*'] if literal(text) => Kind::Head(text),
            [b'*', text @ ..] if literal(text) => Kind::Tail(text),
            _ => Kind::Other,
        }
    }
}

impl Globs {
    pub(super) fn is_empty(&self) -> bool {
        self.heads.globs.len() == 0
            && self.tails.globs.len() == 0
            && self.root == NONE
            && self.loose.is_empty()
    }

    pub(super) fn memory(&self) -> usize {
        let side =
            |side: &Side| side.globs.memory() + side.lengths.capacity() * size_of::<OfLength>();
        side(&self.heads) + side(&self.tails) + self.loose.capacity() * size_of::<u32>()
    }

    pub(super) fn shrink_to_fit(&mut self) {
        for side in [&mut self.heads, &mut self.tails] {
            side.globs.shrink_to_fit();
            side.lengths.shrink_to_fit();
        }
        self.loose.shrink_to_fit();
    }

    pub(super) fn add(&mut self, glob: u32, symbols: &mut Symbols, chars: &mut Chars) {
        let text = symbols.text(glob).to_vec();
        match Kind::of(&text) {
            Kind::Head(head) => self.heads.add(symbols.hold(head), head, glob),
            Kind::Tail(tail) => self.tails.add(symbols.hold(tail), tail, glob),
            Kind::Other if chars.add(&mut self.root, glob, &text, symbols) => {
                self.choices += u32::from(text.contains(&b'{'));
            }
            Kind::Other => self.loose.push(glob),
        }
    }

    pub(super) fn remove(&mut self, glob: u32, symbols: &mut Symbols, chars: &mut Chars) {
        let text = symbols.text(glob).to_vec();
        match Kind::of(&text) {
            Kind::Head(head) => self.heads.remove(head, symbols),
            Kind::Tail(tail) => self.tails.remove(tail, symbols),
            Kind::Other => {
                if let Some(at) = self.loose.iter().position(|&there| there == glob) {
                    self.loose.swap_remove(at);
                } else {
                    chars.remove(&mut self.root, glob, &text, symbols);
                    self.choices -= u32::from(text.contains(&b'{'));
                }
            }
        }
    }

    /// Every glob that selects the segment, once.
    pub(super) fn matching(
        &self,
        symbols: &Symbols,
        chars: &Chars,
        segment: &[u8],
        mut found: impl FnMut(u32),
    ) {
        self.heads.matching(symbols, |length| segment.get(..length), &mut found);
        let tail = |length| segment.get(segment.len().checked_sub(length)?..);
        self.tails.matching(symbols, tail, &mut found);
        if self.choices == 0 {
            chars.matching(self.root, symbols, segment, &mut found);
        } else {
            let mut several = Stack::<u32, 16>::new();
            chars.matching(self.root, symbols, segment, |glob| several.push(glob));
            let mut last = NONE;
            for &glob in several.sorted() {
                if glob != last {
                    found(glob);
                }
                last = glob;
            }
        }
        for &glob in &self.loose {
            if glob_matches(symbols.text(glob), segment) {
                found(glob);
            }
        }
    }
}

impl Side {
    fn add(&mut self, number: u32, text: &[u8], glob: u32) {
        self.globs.set(u64::from(number), u64::from(glob) + 1);
        let length = text.len();
        let at = self.lengths.binary_search_by_key(&length, |of| of.length).unwrap_or_else(|at| {
            self.lengths.insert(at, OfLength { length, ..OfLength::default() });
            at
        });
        let of = &mut self.lengths[at];
        of.count += 1;
        of.first.add(text.first());
        of.last.add(text.last());
    }

    fn remove(&mut self, text: &[u8], symbols: &mut Symbols) {
        let number = symbols.find(text);
        self.globs.remove(u64::from(number));
        symbols.release(number);
        if let Ok(at) = self.lengths.binary_search_by_key(&text.len(), |of| of.length) {
            self.lengths[at].count -= 1;
            if self.lengths[at].count == 0 {
                self.lengths.remove(at);
            }
        }
    }

    /// Those whose text is the part of the segment that has its length.
    #[inline]
    fn matching<'s>(
        &self,
        symbols: &Symbols,
        part: impl Fn(usize) -> Option<&'s [u8]>,
        mut found: impl FnMut(u32),
    ) {
        for of in &self.lengths {
            let Some(part) = part(of.length) else { return };
            if !of.first.may_have(part.first()) || !of.last.may_have(part.last()) {
                continue;
            }
            let text = symbols.find(part);
            if text != NONE {
                #[expect(clippy::cast_possible_truncation, reason = "a glob's number and one")]
                let held = self.globs.get(u64::from(text)) as u32;
                if held != 0 {
                    found(held - 1);
                }
            }
        }
    }
}

fn is_sign(byte: u8) -> bool {
    matches!(byte, b'*' | b'?' | b'[' | b']' | b'{' | b'}' | b',')
}

/// Whether the text of a segment is a glob's: no literal holds a sign.
pub(super) fn is_glob(text: &[u8]) -> bool {
    text.iter().copied().any(is_sign)
}

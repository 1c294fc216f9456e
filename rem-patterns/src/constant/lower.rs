//! From a parsed [`Pattern`] to a [`ConstPattern`], for the macro that writes it down: native code, which does what it
//! can so that the compiler's interpreter has less to do.

use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::vec::Vec;

use super::cuts::PACKED;
use super::form::{Rest, UNLIMITED};
use super::{
    ConstClass, ConstElement, ConstForm, ConstPattern, ConstPiece, ConstSegment, ConstText,
};
use crate::glob::{alternative_end, class, closing, find};
use crate::pattern::Pattern;
use crate::segment::Kind;

/// The most forms of one glob: choices multiply, and beyond this the glob's text is matched.
const MOST_FORMS: usize = 64;

impl Pattern {
    /// The pattern as constants; `None` if it has a regular expression, which cannot be matched at compile time.
    ///
    /// What it points to is never given back: the one who asks is a macro, whose process ends.
    #[doc(hidden)]
    pub fn to_const(&self) -> Option<ConstPattern<'static>> {
        let inner = self.inner();
        let element = |element| {
            let segments = inner.segments(element).iter().map(|segment| match segment.kind {
                Kind::Literal => ConstSegment::Literal(literal(segment.text(&inner.text))),
                Kind::One => ConstSegment::One,
                Kind::Many => ConstSegment::Many,
                Kind::Glob => ConstSegment::Glob(glob(segment.text(&inner.text))),
            });
            let segments: &[_] = segments.collect::<Vec<_>>().leak();
            ConstElement {
                exclude: element.exclude,
                system: element.system,
                many: segments.iter().filter(|segment| **segment == ConstSegment::Many).count(),
                segments,
            }
        };
        inner.regexes.is_empty().then(|| ConstPattern {
            text: keep(&inner.text),
            elements: inner.elements().map(element).collect::<Vec<_>>().leak(),
        })
    }
}

fn keep(text: &str) -> &'static str {
    Box::leak(text.to_owned().into_boxed_str())
}

fn literal(text: &str) -> ConstText<'static> {
    let mut lists = Lists::default();
    lists.form(&text.bytes().map(Sign::Byte).collect::<Vec<_>>());
    lists.keep(text, false)
}

fn glob(text: &str) -> ConstText<'static> {
    let mut lists = Lists::default();
    let all = alternatives(text.as_bytes());
    match &all {
        Some(all) => all.iter().for_each(|signs| lists.form(signs)),
        // A piece with a class is not packed: the text is matched.
        None => lists.form(&[Sign::Any, Sign::One(0), Sign::Any]),
    }
    lists.keep(text, all.iter().flatten().flatten().any(Sign::is_character))
}

/// The lists of a literal or glob, as they grow.
#[derive(Default)]
struct Lists {
    forms: Vec<ConstForm>,
    classes: Vec<ConstClass>,
    pieces: Vec<ConstPiece>,
}

impl Lists {
    fn keep(self, text: &str, ascii: bool) -> ConstText<'static> {
        ConstText {
            text: keep(text),
            forms: self.forms.leak(),
            classes: self.classes.leak(),
            pieces: self.pieces.leak(),
            ascii,
        }
    }

    /// Adds the numbers of a glob without choices.
    fn form(&mut self, signs: &[Sign]) {
        let is_any = |sign: &Sign| *sign == Sign::Any;
        let first = signs.iter().position(is_any);
        let last = signs.iter().rposition(is_any);
        let before = &signs[..first.unwrap_or(signs.len())];
        let behind = &signs[last.map_or(0, |last| last + 1)..];
        let between = first.zip(last).map_or(&[][..], |(first, last)| &signs[first..last]);
        let (mut head, mut tail, mut classes) = ((0, 0), (0, 0), Vec::new());
        for (at, sign) in before.iter().take(PACKED).enumerate() {
            classes.extend(pack(&mut head, 8 * (PACKED - 1 - at), *sign, false));
        }
        for (at, sign) in behind.iter().rev().take(PACKED).enumerate() {
            let class = pack(&mut tail, 8 * at, *sign, true);
            // Without a `*` the head has had the first already.
            let seen = first.is_none() && signs.len() - 1 - at < PACKED;
            classes.extend(class.filter(|_| !seen));
        }
        let between = between.split(is_any).filter(|signs| !signs.is_empty());
        let mut pieces: Option<Vec<_>> = between.map(|signs| piece(signs, 0, false)).collect();
        // What is neither in the head nor in the tail has its place.
        let mut fixed = |signs: &[Sign], place, tail| match (&mut pieces, piece(signs, place, tail))
        {
            (Some(pieces), Some(piece)) => pieces.push(piece),
            _ => pieces = None,
        };
        let packed = if first.is_none() { 2 * PACKED } else { PACKED };
        for (at, signs) in before.chunks(PACKED).enumerate().skip(1) {
            if before.len() > packed {
                fixed(signs, at * PACKED, false);
            }
        }
        if first.is_some() {
            for (at, signs) in behind.rchunks(PACKED).enumerate().skip(1) {
                fixed(signs, at * PACKED + signs.len(), true);
            }
        }
        let decides = pieces.is_some();
        let (classes, pieces) =
            if decides { (classes, pieces.unwrap_or_default()) } else { (Vec::new(), Vec::new()) };
        let rest = Rest {
            least: signs.iter().filter(|sign| !is_any(sign)).count(),
            most: if first.is_none() { signs.len() } else { UNLIMITED },
            plain: decides && classes.is_empty() && pieces.is_empty(),
            decides,
            ends: (before.len(), behind.len()),
            classes: (self.classes.len(), classes.len()),
            pieces: (self.pieces.len(), pieces.len()),
        };
        self.forms.push(ConstForm([head.0, head.1, tail.0, tail.1, rest.pack()]));
        self.classes.extend(classes);
        self.pieces.extend(pieces);
    }
}

/// A sign of a glob without choices.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sign {
    /// This byte of a literal.
    Byte(u8),
    /// `?` or a class: one of these characters of ASCII.
    One(u128),
    /// `*`.
    Any,
}

impl Sign {
    fn is_character(&self) -> bool {
        matches!(self, Self::One(_))
    }
}

/// The glob with each alternative of its choices in turn; `None` if those are too many.
fn alternatives(glob: &[u8]) -> Option<Vec<Vec<Sign>>> {
    let mut all = Vec::from([Vec::new()]);
    let mut at = 0;
    while at < glob.len() {
        let mut next = Vec::new();
        if glob[at] == b'{' {
            let close = closing(glob, at);
            at += 1;
            while at <= close {
                let end = alternative_end(glob, at);
                let signs = plain(&glob[at..end]);
                next.extend(all.iter().map(|before| [&before[..], &signs].concat()));
                at = end + 1;
            }
        } else {
            let end = find(glob, at, b'{').unwrap_or(glob.len());
            let signs = plain(&glob[at..end]);
            next.extend(all.iter().map(|before| [&before[..], &signs].concat()));
            at = end;
        }
        if next.len() > MOST_FORMS {
            return None;
        }
        all = next;
    }
    Some(all)
}

/// The signs of a glob without choices.
fn plain(glob: &[u8]) -> Vec<Sign> {
    let (mut signs, mut at) = (Vec::new(), 0);
    while at < glob.len() {
        let (sign, after) = sign(glob, at);
        signs.push(sign);
        at = after;
    }
    signs
}

/// The sign at `at`, and where the next begins.
fn sign(glob: &[u8], at: usize) -> (Sign, usize) {
    match glob[at] {
        b'*' => (Sign::Any, at + 1),
        b'?' => (Sign::One(u128::MAX), at + 1),
        b'[' => {
            let takes = |character: &u32| class(glob, at, *character).0;
            let set = (0..128).filter(takes).fold(0, |set, character| set | 1 << character);
            (Sign::One(set), class(glob, at, 0).1)
        }
        byte => (Sign::Byte(byte), at + 1),
    }
}

/// Puts a sign into one end of a form, `shift` bits from below; gives the class that it is, if it is one.
fn pack(end: &mut (u128, u128), shift: usize, sign: Sign, tail: bool) -> Option<ConstClass> {
    match sign {
        Sign::Byte(byte) => {
            end.0 |= u128::from(byte) << shift;
            end.1 |= 0xFF << shift;
            None
        }
        Sign::One(u128::MAX) | Sign::Any => None,
        Sign::One(set) => Some(ConstClass { tail, shift, set }),
    }
}

/// Signs as a piece; `None` if they are too many or one is a class.
fn piece(signs: &[Sign], place: usize, tail: bool) -> Option<ConstPiece> {
    let mut piece = ConstPiece { place, tail, len: signs.len(), bytes: (0, 0) };
    for (at, sign) in signs.iter().rev().enumerate() {
        if at == PACKED || pack(&mut piece.bytes, 8 * at, *sign, false).is_some() {
            return None;
        }
    }
    Some(piece)
}

#[cfg(test)]
mod tests;

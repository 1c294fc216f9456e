//! The interner: every text of a segment, literal or glob, is one number while some edge bears it.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::mem::size_of;

use super::slab::Slab;
use super::table::{MULTIPLIER, mix};

/// The number of no text.
pub(super) const NONE: u32 = u32::MAX;

/// Texts and their numbers.
///
/// The table holds of a short text all its bytes, so that finding its number reads one cache line.
#[derive(Clone)]
pub(super) struct Symbols {
    /// A power of two of places, or none.
    places: Vec<Place>,
    texts: Slab<Symbol>,
    seed: u64,
}

#[derive(Clone, Default)]
struct Symbol {
    text: Box<[u8]>,
    /// How many edges bear it.
    edges: u32,
}

/// What is looked up, and its number; [`NONE`] marks a free place.
#[derive(Clone, Copy)]
struct Place {
    words: Words,
    number: u32,
}

impl Place {
    const FREE: Self = Self { words: Words(0, 0), number: NONE };
}

/// A text of up to 15 bytes itself; of a longer one its hash, marked so that it is no short text.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Words(u64, u64);

/// No text has a NUL, so that padding with it is no other text.
const SHORT: usize = 15;

/// The fewest places of a table that is not empty.
const LEAST: usize = 8;

impl Symbols {
    pub(super) fn new(seed: u64) -> Self {
        Self { places: Vec::new(), texts: Slab::new(), seed }
    }

    pub(super) fn held(&self) -> usize {
        self.texts.held()
    }

    pub(super) fn memory(&self) -> usize {
        let texts = self.texts.items().iter().map(|symbol| symbol.text.len()).sum::<usize>();
        self.places.capacity() * size_of::<Place>() + self.texts.memory() + texts
    }

    /// The size that as many texts would have grown to.
    pub(super) fn shrink_to_fit(&mut self) {
        self.texts.shrink_to_fit();
        let mut places = LEAST;
        while self.texts.len() * 5 >= places * 4 {
            places *= 2;
        }
        if self.texts.len() > 0 && places < self.places.len() {
            self.resize(places);
        }
    }

    pub(super) fn text(&self, number: u32) -> &[u8] {
        &self.texts.at(number).text
    }

    /// The number of a text, if some pattern holds it.
    #[inline]
    pub(super) fn find(&self, text: &[u8]) -> u32 {
        let words = words(text, self.seed);
        let mask = self.places.len().wrapping_sub(1);
        let mut at = self.home(words);
        while let Some(place) = self.places.get(at & mask) {
            if place.number == NONE || place.words == words && self.is(place.number, text) {
                return place.number;
            }
            at = at.wrapping_add(1);
        }
        NONE
    }

    #[inline]
    fn is(&self, number: u32, text: &[u8]) -> bool {
        text.len() <= SHORT || self.text(number) == text
    }

    /// The number of a text for one more edge.
    pub(super) fn hold(&mut self, text: &[u8]) -> u32 {
        let found = self.find(text);
        if found != NONE {
            self.texts.at_mut(found).edges += 1;
            return found;
        }
        let number = self.texts.take(Symbol { text: text.into(), edges: 1 });
        if self.texts.len() * 5 >= self.places.len() * 4 {
            self.resize(self.places.len() * 2);
        }
        self.enter(Place { words: words(text, self.seed), number });
        number
    }

    /// One edge less; a text that no edge bears is forgotten.
    pub(super) fn release(&mut self, number: u32) {
        self.texts.at_mut(number).edges -= 1;
        if self.texts.at(number).edges > 0 {
            return;
        }
        let words = words(self.text(number), self.seed);
        self.leave(words, number);
        self.texts.give(number);
        if self.texts.len() == 0 {
            self.places = Vec::new();
        } else if self.texts.len() * 8 < self.places.len() {
            self.resize(self.places.len() / 4);
        }
    }

    #[inline]
    fn home(&self, words: Words) -> usize {
        #[expect(clippy::cast_possible_truncation, reason = "any bits of the hash will do")]
        let home = mix(words.0 ^ self.seed, words.1 ^ MULTIPLIER) as usize;
        home
    }

    fn enter(&mut self, place: Place) {
        let mask = self.places.len() - 1;
        let mut at = self.home(place.words) & mask;
        while self.places[at].number != NONE {
            at = (at + 1) & mask;
        }
        self.places[at] = place;
    }

    /// Frees a place; those behind it that it kept from theirs move up.
    fn leave(&mut self, words: Words, number: u32) {
        let mask = self.places.len() - 1;
        let mut hole = self.home(words) & mask;
        while self.places[hole].number != number {
            hole = (hole + 1) & mask;
        }
        let mut at = hole;
        loop {
            at = (at + 1) & mask;
            let place = self.places[at];
            if place.number == NONE {
                break;
            }
            let displaced = at.wrapping_sub(self.home(place.words)) & mask;
            if displaced >= at.wrapping_sub(hole) & mask {
                self.places[hole] = place;
                hole = at;
            }
        }
        self.places[hole] = Place::FREE;
    }

    fn resize(&mut self, places: usize) {
        let fresh = alloc::vec![Place::FREE; places.max(LEAST)];
        for place in core::mem::replace(&mut self.places, fresh) {
            if place.number != NONE {
                self.enter(place);
            }
        }
    }
}

/// The words that a text is looked up by. Loads overlap where the text is no multiple of a word: the same bytes meet.
#[inline]
fn words(text: &[u8], seed: u64) -> Words {
    let len = text.len();
    match len {
        0..=3 => {
            let byte = |at: usize| text.get(at).map_or(0, |&byte| u64::from(byte) << (8 * at));
            Words(byte(0) | byte(1) | byte(2), 0)
        }
        4..=8 => Words(half(text, 0) | half(text, len - 4) << (8 * (len - 4)), 0),
        9..=SHORT => Words(word(text, 0), word(text, len - 8) >> (8 * (16 - len))),
        _ => {
            let mut hash = seed;
            for at in (0..len - 8).step_by(8) {
                hash = mix(hash ^ word(text, at), MULTIPLIER);
            }
            hash = mix(hash ^ word(text, len - 8), MULTIPLIER ^ len as u64);
            // The top byte of a short text's second word is 0.
            Words(hash, u64::MAX)
        }
    }
}

#[inline]
fn half(text: &[u8], at: usize) -> u64 {
    text.get(at..at + 4)
        .and_then(|bytes| bytes.try_into().ok())
        .map_or(0, |bytes| u64::from(u32::from_le_bytes(bytes)))
}

#[inline]
fn word(text: &[u8], at: usize) -> u64 {
    text.get(at..at + 8).and_then(|bytes| bytes.try_into().ok()).map_or(0, u64::from_le_bytes)
}

#[cfg(test)]
mod tests {
    use super::{NONE, Symbols};

    #[test]
    fn texts_keep_their_numbers_until_no_edge_bears_them() {
        let mut symbols = Symbols::new(3);
        let texts: std::vec::Vec<std::string::String> =
            (0..2_000).map(|n| std::format!("{}{n}", "x".repeat(n % 40))).collect();
        let numbers: std::vec::Vec<u32> =
            texts.iter().map(|text| symbols.hold(text.as_bytes())).collect();
        // No larger than a table of so many, of which four fifths are taken at the most, needs to be.
        assert_eq!(symbols.places.len(), 4_096);
        for (text, &number) in texts.iter().zip(&numbers) {
            assert_eq!(symbols.find(text.as_bytes()), number);
            assert_eq!(symbols.hold(text.as_bytes()), number);
            assert_eq!(symbols.text(number), text.as_bytes());
        }
        for (at, &number) in numbers.iter().enumerate() {
            symbols.release(number);
            assert_eq!(symbols.find(texts[at].as_bytes()), number);
            symbols.release(number);
            assert_eq!(symbols.find(texts[at].as_bytes()), NONE);
        }
        assert_eq!(symbols.memory(), 0);
    }

    #[test]
    fn short_texts_differ() {
        let mut symbols = Symbols::new(0);
        let text = "abcdefghijklmnopqrstuvwxyz";
        let mut seen = std::collections::HashSet::new();
        for start in 0..text.len() {
            for end in start + 1..=text.len() {
                assert!(seen.insert(symbols.hold(&text.as_bytes()[start..end])), "{start}..{end}");
            }
        }
    }
}

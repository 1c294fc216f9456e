//! The values, and the words that stand for them in the trie.

use alloc::boxed::Box;

use super::slab::Slab;
use super::{PatternKey, SetParts};

/// A word of the trie: which slot, of which generation, and how it stands there. Zero is none.
pub(super) type Word = u64;

/// The word is a child that is no node: a pattern ends here, and no other goes on.
pub(super) const LEAF: Word = 1 << 63;
/// Of a leaf: it takes all that is below, too.
pub(super) const BELOW: Word = 1 << 62;
/// More slots follow, by `next`.
pub(super) const MORE: Word = 1 << 61;
/// The slot is one element of a set.
pub(super) const PART: Word = 1 << 60;
/// The bits that count generations.
const GENERATIONS: u32 = (1 << 28) - 1;

/// Which slot a word stands for.
#[inline]
pub(super) fn index_of(word: Word) -> u32 {
    #[expect(clippy::cast_possible_truncation, reason = "the low half is the index")]
    let index = word as u32;
    index
}

/// The word that stands for a slot.
pub(super) fn word_of(index: u32, generation: u32) -> Word {
    // The generation's lowest bit is always set, so that no word is zero.
    u64::from(index) | u64::from(generation) << 32
}

/// The key of the value that a word stands for.
#[inline]
pub(super) fn key_of(word: Word) -> PatternKey {
    let generation = (word >> 32) as u32 & GENERATIONS;
    PatternKey { index: index_of(word), generation }
}

/// A value, or one element of a set, and where it stands in the trie.
#[derive(Clone)]
pub(super) struct Slot<V> {
    pub(super) content: Content<V>,
    /// The next in the list of those that stand in one place.
    pub(super) next: Word,
    /// The one before; [`u32::MAX`] for the first.
    pub(super) before: u32,
    /// The node above; [`u32::MAX`] if it stands at the root itself.
    pub(super) parent: u32,
    /// The edge that leads here.
    pub(super) label: u32,
    pub(super) generation: u32,
    /// Whether it takes all that is below its place.
    pub(super) below: bool,
}

#[derive(Clone, Default)]
pub(super) enum Content<V> {
    #[default]
    Free,
    One(V),
    Set(V, Box<SetParts>),
    /// Of the set in this slot.
    Part(u32),
}

impl<V> Content<V> {
    #[inline]
    pub(super) fn value(&self) -> Option<&V> {
        match self {
            Self::One(value) | Self::Set(value, _) => Some(value),
            Self::Free | Self::Part(_) => None,
        }
    }

    pub(super) fn value_mut(&mut self) -> Option<&mut V> {
        match self {
            Self::One(value) | Self::Set(value, _) => Some(value),
            Self::Free | Self::Part(_) => None,
        }
    }
}

impl<V> Default for Slot<V> {
    fn default() -> Self {
        Self {
            content: Content::Free,
            next: 0,
            before: u32::MAX,
            parent: u32::MAX,
            label: u32::MAX,
            generation: 0,
            below: false,
        }
    }
}

/// All slots.
#[derive(Clone)]
pub(super) struct Slots<V> {
    slab: Slab<Slot<V>>,
    /// Counts all slots ever taken, so that a slot that is used again has another.
    generation: u32,
}

impl<V> Slots<V> {
    pub(super) fn new() -> Self {
        Self { slab: Slab::new(), generation: 0 }
    }

    pub(super) fn held(&self) -> usize {
        self.slab.held()
    }

    pub(super) fn memory(&self) -> usize {
        self.slab.memory()
    }

    pub(super) fn shrink_to_fit(&mut self) {
        self.slab.shrink_to_fit();
    }

    #[inline]
    pub(super) fn at(&self, index: u32) -> &Slot<V> {
        self.slab.at(index)
    }

    pub(super) fn at_mut(&mut self, index: u32) -> &mut Slot<V> {
        self.slab.at_mut(index)
    }

    /// The slot of a key, if it is the one that the key was given for.
    pub(super) fn live(&self, key: PatternKey) -> Option<&Slot<V>> {
        self.slab.get(key.index).filter(|slot| slot.generation == key.generation)
    }

    pub(super) fn live_mut(&mut self, key: PatternKey) -> Option<&mut Slot<V>> {
        self.slab.get_mut(key.index).filter(|slot| slot.generation == key.generation)
    }

    pub(super) fn take(&mut self, content: Content<V>) -> PatternKey {
        self.generation = (self.generation + 2) & GENERATIONS | 1;
        let generation = self.generation;
        let index = self.slab.take(Slot { content, generation, ..Slot::default() });
        PatternKey { index, generation }
    }

    pub(super) fn give(&mut self, index: u32) -> Content<V> {
        self.slab.give(index).content
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (PatternKey, &V)> {
        (0..).zip(self.slab.items()).filter_map(|(index, slot)| {
            Some((PatternKey { index, generation: slot.generation }, slot.content.value()?))
        })
    }
}

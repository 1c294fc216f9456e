//! Adding a pattern: down its labels, making what is not there.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::nodes::{Child, Graph, MANY, Node, ONE, ROOT, child_of};
use super::slots::{BELOW, Content, LEAF, MORE, PART, Slots, Word, index_of, word_of};
use super::symbols::NONE;
use super::{PatternKey, PatternTree, SetParts};
use crate::pattern::{Inner, Pattern};
use crate::segment::{Element, Kind, Segment};

impl<V> PatternTree<V> {
    pub(super) fn insert_pattern(&mut self, pattern: &Pattern, value: V) -> PatternKey {
        let inner = pattern.inner();
        if let Some(element) = inner.only_element() {
            let key = self.slots.take(Content::One(value));
            self.graph.place(&mut self.slots, inner, element, key, 0);
            return key;
        }
        let owner = self.slots.take(Content::Part(0));
        let mut parts = Vec::new();
        for element in inner.elements().filter(|element| !element.exclude) {
            let part = self.slots.take(Content::Part(owner.index));
            self.graph.place(&mut self.slots, inner, element, part, PART);
            parts.push(part.index);
        }
        let set = SetParts { pattern: pattern.clone(), parts: parts.into() };
        self.slots.at_mut(owner.index).content = Content::Set(value, Box::new(set));
        owner
    }
}

impl Inner {
    /// The element of a pattern that is no set and has no regular expression: the trie alone decides about it.
    fn only_element(&self) -> Option<&Element> {
        let mut elements = self.elements();
        elements.next().filter(|element| element.regex.is_none() && elements.next().is_none())
    }
}

impl Graph {
    /// Puts a slot where the element ends.
    fn place<V>(
        &mut self,
        slots: &mut Slots<V>,
        pattern: &Inner,
        element: &Element,
        key: PatternKey,
        flags: Word,
    ) {
        if self.nodes.len() == 0 {
            self.nodes.take(Node::default());
        }
        let segments = pattern.segments(element);
        let (mut parent, mut label) = (NONE, NONE);
        let mut beneath_many = false;
        let mut below = element.regex.is_some();
        for (at, segment) in segments.iter().enumerate() {
            if segment.kind == Kind::Many && !beneath_many && at + 1 == segments.len() {
                below = true;
                break;
            }
            parent = if parent == NONE { ROOT } else { self.open(parent, label) };
            label = self.label(parent, *segment, &pattern.text);
            beneath_many |= segment.kind == Kind::Many;
        }
        let slot = slots.at_mut(key.index);
        (slot.parent, slot.label, slot.below) = (parent, label, below);
        self.attach(slots, key.index, word_of(key.index, key.generation) | flags);
    }

    /// The label of the segment's edge. A text is held once for an edge: by the pattern that makes it.
    fn label(&mut self, node: u32, segment: Segment, pattern: &str) -> u32 {
        let text = match segment.kind {
            Kind::One => return ONE,
            Kind::Many => return MANY,
            Kind::Literal | Kind::Glob => segment.text(pattern).as_bytes(),
        };
        let known = self.symbols.find(text);
        if known != NONE && self.child(node, known) != 0 {
            return known;
        }
        let symbol = self.symbols.hold(text);
        if segment.kind == Kind::Glob {
            self.add_glob(node, symbol);
        }
        symbol
    }

    /// The node at the end of an edge; a leaf, or nothing, becomes one.
    fn open(&mut self, parent: u32, label: u32) -> u32 {
        let mut node = Node { parent, label, ..Node::default() };
        match child_of(self.child(parent, label)) {
            Child::Node(node) => return node,
            Child::Leaf(word) if word & BELOW != 0 => node.below = word & !(LEAF | BELOW),
            Child::Leaf(word) => node.here = word & !LEAF,
            Child::Nothing => {}
        }
        let number = self.nodes.take(node);
        self.set_child(parent, label, u64::from(number));
        number
    }

    /// Puts a slot first among those that stand in its place.
    fn attach<V>(&mut self, slots: &mut Slots<V>, index: u32, word: Word) {
        let (parent, label, below) = {
            let slot = slots.at(index);
            (slot.parent, slot.label, slot.below)
        };
        let kind = LEAF | if below { BELOW } else { 0 };
        let node = if parent == NONE {
            ROOT
        } else {
            match child_of(self.child(parent, label)) {
                Child::Nothing => return self.set_child(parent, label, word | kind),
                Child::Leaf(head) if head & (LEAF | BELOW) == kind => {
                    let head = push(slots, head & !kind, word);
                    return self.set_child(parent, label, head | kind);
                }
                Child::Leaf(_) | Child::Node(_) => self.open(parent, label),
            }
        };
        let node = self.nodes.at_mut(node);
        let head = if below { &mut node.below } else { &mut node.here };
        *head = push(slots, *head, word);
    }
}

/// A slot before the head of a list: the new head.
fn push<V>(slots: &mut Slots<V>, head: Word, word: Word) -> Word {
    if head == 0 {
        return word;
    }
    slots.at_mut(index_of(head)).before = index_of(word);
    slots.at_mut(index_of(word)).next = head;
    word | MORE
}

//! The trie: nodes, and the edges between them.

use super::chars::Chars;
use super::globs::{self, Globs};
use super::slab::Slab;
use super::slots::{LEAF, Word, index_of};
use super::symbols::{NONE, Symbols};
use super::table::{Table, seed};

/// The node where every pattern begins; there is none in an empty tree.
pub(super) const ROOT: u32 = 0;
/// The label of an edge that takes any segment.
pub(super) const ONE: u32 = u32::MAX - 1;
/// The label of an edge that takes any number of segments.
pub(super) const MANY: u32 = u32::MAX - 2;

/// A place in patterns from which more than one thing goes on. Its literal children stand in the table of edges.
#[derive(Clone)]
pub(super) struct Node {
    /// Those whose pattern ends here.
    pub(super) here: Word,
    /// Those that take this and all that is below. Beneath a `**` there are none: a child by `**` stands for them.
    pub(super) below: Word,
    /// The child by `*`.
    pub(super) one: Word,
    /// The child by `**`.
    pub(super) many: Word,
    /// Its globs, if it has any.
    pub(super) globs: u32,
    /// How many children it has, of every kind.
    pub(super) children: u32,
    pub(super) parent: u32,
    pub(super) label: u32,
}

impl Default for Node {
    fn default() -> Self {
        Self {
            here: 0,
            below: 0,
            one: 0,
            many: 0,
            globs: NONE,
            children: 0,
            parent: NONE,
            label: NONE,
        }
    }
}

/// Nodes, edges, and the texts that edges bear.
#[derive(Clone)]
pub(super) struct Graph {
    pub(super) nodes: Slab<Node>,
    /// From a node and the number of a text to the child.
    pub(super) edges: Table,
    pub(super) symbols: Symbols,
    pub(super) globs: Slab<Globs>,
    pub(super) chars: Chars,
    /// Edges by `*` and `**`, which stand in their nodes.
    wild: usize,
}

/// What stands at the end of an edge, as one word: a slot's word with [`LEAF`], or a node's number, which is not 0.
#[derive(Clone, Copy)]
pub(super) enum Child {
    Nothing,
    Leaf(Word),
    Node(u32),
}

/// Reads a child's word.
#[inline]
pub(super) fn child_of(word: Word) -> Child {
    if word == 0 {
        Child::Nothing
    } else if word & LEAF != 0 {
        Child::Leaf(word)
    } else {
        Child::Node(index_of(word))
    }
}

impl Graph {
    pub(super) fn new() -> Self {
        let seed = seed();
        Self {
            nodes: Slab::new(),
            edges: Table::new(seed),
            symbols: Symbols::new(seed),
            globs: Slab::new(),
            chars: Chars::new(seed),
            wild: 0,
        }
    }

    /// Every edge leads to a place of its own.
    pub(super) fn positions(&self) -> usize {
        1 + self.edges.len() + self.wild
    }

    /// How many places there are for what is numbered: what giving memory back looks at.
    pub(super) fn held(&self) -> usize {
        self.nodes.held() + self.symbols.held() + self.globs.held() + self.chars.held()
    }

    pub(super) fn memory(&self) -> usize {
        let globs = self.globs.items().iter().map(Globs::memory).sum::<usize>();
        self.nodes.memory()
            + self.edges.memory()
            + self.symbols.memory()
            + self.globs.memory()
            + globs
            + self.chars.memory()
    }

    pub(super) fn shrink_to_fit(&mut self) {
        self.nodes.shrink_to_fit();
        self.edges.shrink_to_fit();
        self.symbols.shrink_to_fit();
        self.globs.shrink_to_fit();
        self.globs.items_mut().iter_mut().for_each(Globs::shrink_to_fit);
        self.chars.shrink_to_fit();
    }

    /// The child of a node by a label.
    pub(super) fn child(&self, node: u32, label: u32) -> Word {
        match label {
            ONE => self.nodes.at(node).one,
            MANY => self.nodes.at(node).many,
            symbol => self.edges.get(edge(node, symbol)),
        }
    }

    /// Sets the child of a node by a label, where there was none or another.
    pub(super) fn set_child(&mut self, node: u32, label: u32, word: Word) {
        let above = self.nodes.at_mut(node);
        let old = match label {
            ONE => core::mem::replace(&mut above.one, word),
            MANY => core::mem::replace(&mut above.many, word),
            symbol => {
                let old = self.edges.get(edge(node, symbol));
                self.edges.set(edge(node, symbol), word);
                old
            }
        };
        if old == 0 {
            above.children += 1;
            self.wild += usize::from(matches!(label, ONE | MANY));
        }
    }

    /// Cuts the edge, and what was there for it alone.
    pub(super) fn remove_child(&mut self, node: u32, label: u32) {
        let above = self.nodes.at_mut(node);
        above.children -= 1;
        match label {
            ONE => (above.one, self.wild) = (0, self.wild - 1),
            MANY => (above.many, self.wild) = (0, self.wild - 1),
            symbol => {
                self.edges.remove(edge(node, symbol));
                if above.globs != NONE && globs::is_glob(self.symbols.text(symbol)) {
                    self.remove_glob(node, symbol);
                }
                self.symbols.release(symbol);
            }
        }
    }

    /// Hangs a glob on its node.
    pub(super) fn add_glob(&mut self, node: u32, symbol: u32) {
        let above = self.nodes.at_mut(node);
        if above.globs == NONE {
            above.globs = self.globs.take(Globs::default());
        }
        self.globs.at_mut(above.globs).add(symbol, &mut self.symbols, &mut self.chars);
    }

    fn remove_glob(&mut self, node: u32, symbol: u32) {
        let above = self.nodes.at_mut(node);
        let globs = self.globs.at_mut(above.globs);
        globs.remove(symbol, &mut self.symbols, &mut self.chars);
        if globs.is_empty() {
            self.globs.give(above.globs);
            above.globs = NONE;
        }
    }
}

/// The key of an edge in the table.
#[inline]
pub(super) fn edge(node: u32, symbol: u32) -> u64 {
    u64::from(node) << 32 | u64::from(symbol)
}

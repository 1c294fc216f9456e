//! Matching: first the paths without `**`, then below each `**` the set of nodes that are alive.

use alloc::vec::Vec;

use super::nodes::{Child, Graph, Node, ROOT, child_of, edge};
use super::slots::{BELOW, MORE, Word};
use super::small::Stack;
use super::symbols::NONE;
use crate::topic::rules::{MAX_SEGMENTS, Split};

/// One match under way.
struct Walk<'w, N, F> {
    graph: &'w Graph,
    topic: &'w Split<'w>,
    /// The number of each segment's text.
    symbols: [u32; MAX_SEGMENTS],
    next: N,
    found: F,
}

impl Graph {
    /// Calls `found` with the word of every slot whose place the topic comes to; `next` gives the slot that follows one.
    #[inline]
    pub(super) fn walk(
        &self,
        topic: &Split<'_>,
        next: impl Fn(Word) -> Word,
        found: impl FnMut(Word),
    ) {
        let Some(root) = self.nodes.get(ROOT) else { return };
        let mut symbols = [NONE; MAX_SEGMENTS];
        for (at, symbol) in symbols.iter_mut().enumerate().take(topic.depth()) {
            *symbol = self.symbols.find(topic.segment(at));
        }
        Walk { graph: self, topic, symbols, next, found }.run(root);
    }
}

impl<N: Fn(Word) -> Word, F: FnMut(Word)> Walk<'_, N, F> {
    #[inline]
    fn run(&mut self, root: &Node) {
        let depth = self.topic.depth();
        // Nodes to visit, each with how many segments lead there. Each is reached by one path only.
        let mut open = Stack::<(u32, usize), 64>::new();
        let mut many = Stack::<(u32, usize), 16>::new();
        if self.topic.is_system() {
            // Only a literal leads to REM's own topics.
            self.enter(self.literal(ROOT, 0), 1, &mut open);
        } else {
            self.visit(root, ROOT, 0, &mut open, &mut many);
        }
        while let Some((number, at)) = open.pop() {
            let node = self.graph.nodes.at(number);
            if at == depth {
                self.emit(node.here);
                self.emit(node.below);
            } else {
                self.visit(node, number, at, &mut open, &mut many);
            }
        }
        while let Some((number, at)) = many.pop() {
            self.below_many(number, at);
        }
    }

    /// What lies below a node that the first `at` segments lead to.
    #[inline]
    fn visit(
        &mut self,
        node: &Node,
        number: u32,
        at: usize,
        open: &mut Stack<(u32, usize), 64>,
        many: &mut Stack<(u32, usize), 16>,
    ) {
        self.emit(node.below);
        if let Child::Node(below) = child_of(node.many) {
            many.push((below, at));
        }
        self.enter(self.literal(number, at), at + 1, open);
        self.enter(node.one, at + 1, open);
        if node.globs != NONE {
            self.each_glob(node, number, at, |walk, word| walk.enter(word, at + 1, open));
        }
    }

    /// A child that the first `at` segments lead to.
    #[inline]
    fn enter(&mut self, child: Word, at: usize, open: &mut Stack<(u32, usize), 64>) {
        match child_of(child) {
            Child::Nothing => {}
            Child::Leaf(word) => {
                if word & BELOW != 0 || at == self.topic.depth() {
                    self.emit(word);
                }
            }
            Child::Node(number) => open.push((number, at)),
        }
    }

    /// The literal child of a node for the segment that follows.
    #[inline]
    fn literal(&self, number: u32, at: usize) -> Word {
        match self.symbols[at] {
            NONE => 0,
            symbol => self.graph.edges.get(edge(number, symbol)),
        }
    }

    /// The children of a node by globs that select the segment that follows.
    fn each_glob(
        &mut self,
        node: &Node,
        number: u32,
        at: usize,
        mut each: impl FnMut(&mut Self, Word),
    ) {
        let graph = self.graph;
        graph.globs.at(node.globs).matching(&graph.symbols, self.topic.segment(at), |symbol| {
            each(self, graph.edges.get(edge(number, symbol)));
        });
    }

    /// The slots of one list.
    #[inline]
    fn emit(&mut self, head: Word) {
        if head == 0 {
            return;
        }
        (self.found)(head);
        if head & MORE != 0 {
            let mut word = (self.next)(head);
            while word != 0 {
                (self.found)(word);
                word = (self.next)(word);
            }
        }
    }

    /// All that lies below a `**` which the first `from` segments lead to.
    ///
    /// A node by `**` stays alive to the end; any other, for one depth. Each is alive at most once a depth: it has one
    /// parent, and one by `**` that was met before is not met again.
    fn below_many(&mut self, many: u32, from: usize) {
        let graph = self.graph;
        let mut staying = Stack::<u32, 16>::new();
        staying.push(many);
        let mut met = Met::new();
        let (mut now, mut next) = (Stack::<u32, 16>::new(), Stack::<u32, 16>::new());
        for at in from..=self.topic.depth() {
            for number in now.iter() {
                let node = graph.nodes.at(number);
                match child_of(node.many) {
                    Child::Nothing => {}
                    child => {
                        if met.first(number) {
                            match child {
                                Child::Node(number) => {
                                    self.emit(graph.nodes.at(number).here);
                                    staying.push(number);
                                }
                                Child::Leaf(word) => self.emit(word),
                                Child::Nothing => {}
                            }
                        }
                    }
                }
                if at == self.topic.depth() {
                    self.emit(node.here);
                }
            }
            if at == self.topic.depth() {
                return;
            }
            for number in now.iter().chain(staying.iter()) {
                let node = graph.nodes.at(number);
                self.enter_below(self.literal(number, at), at + 1, &mut next);
                self.enter_below(node.one, at + 1, &mut next);
                if node.globs != NONE {
                    self.each_glob(node, number, at, |walk, word| {
                        walk.enter_below(word, at + 1, &mut next);
                    });
                }
            }
            core::mem::swap(&mut now, &mut next);
            next.clear();
        }
    }

    #[inline]
    fn enter_below(&mut self, child: Word, at: usize, next: &mut Stack<u32, 16>) {
        match child_of(child) {
            Child::Nothing => {}
            Child::Leaf(word) => {
                if at == self.topic.depth() {
                    self.emit(word);
                }
            }
            Child::Node(number) => next.push(number),
        }
    }
}

/// Which nodes were met: in a list while they are few, in a table when they are many.
struct Met {
    few: Stack<u32, 16>,
    /// A power of two of places, [`NONE`] where free.
    table: Vec<u32>,
    entered: usize,
}

impl Met {
    fn new() -> Self {
        Self { few: Stack::new(), table: Vec::new(), entered: 0 }
    }

    /// Whether the node was not met before.
    fn first(&mut self, number: u32) -> bool {
        if self.table.is_empty() {
            if self.few.iter().any(|met| met == number) {
                return false;
            }
            if self.few.len() < 16 {
                self.few.push(number);
                return true;
            }
        }
        if self.entered * 2 >= self.table.len() {
            self.grow();
        }
        let first = self.enter(number);
        self.entered += usize::from(first);
        first
    }

    fn enter(&mut self, number: u32) -> bool {
        let mask = self.table.len() - 1;
        let mut at = number.wrapping_mul(0x9E37_79B1).rotate_left(15) as usize & mask;
        while self.table[at] != NONE {
            if self.table[at] == number {
                return false;
            }
            at = (at + 1) & mask;
        }
        self.table[at] = number;
        true
    }

    #[cold]
    fn grow(&mut self) {
        let fresh = alloc::vec![NONE; (self.table.len() * 2).max(128)];
        let old = core::mem::replace(&mut self.table, fresh);
        if old.is_empty() {
            self.entered = self.few.len();
        }
        let few = core::mem::replace(&mut self.few, Stack::new());
        for number in old.into_iter().filter(|&number| number != NONE).chain(few.iter()) {
            self.enter(number);
        }
    }
}

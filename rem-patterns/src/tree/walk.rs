//! Matching: first the paths without `**`, then below each `**` the set of nodes that are alive.

use super::nodes::{Child, Graph, Node, ROOT, child_of, edge};
use super::slots::{BELOW, MORE, Word};
use super::small::{Met, Stack};
use super::symbols::NONE;
use crate::topic::rules::{MAX_SEGMENTS, Split};

/// One match under way.
struct Walk<'w, N, F> {
    graph: &'w Graph,
    topic: &'w Split<'w>,
    /// The number of each segment's text.
    symbols: &'w [u32],
    /// Nodes by `**`, each with how many segments lead there.
    many: Stack<(u32, u32), 8>,
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
        let symbols = &mut symbols[..topic.depth()];
        for (at, symbol) in symbols.iter_mut().enumerate() {
            *symbol = self.symbols.find(topic.segment(at));
        }
        let mut walk = Walk { graph: self, topic, symbols, many: Stack::new(), next, found };
        if topic.is_system() {
            // Only a literal leads to the system's own topics.
            walk.enter(walk.literal(ROOT, 0), 1);
        } else {
            walk.visit(root, ROOT, 0);
        }
        while let Some((number, at)) = walk.many.pop() {
            walk.below_many(number, at as usize);
        }
    }
}

impl<N: Fn(Word) -> Word, F: FnMut(Word)> Walk<'_, N, F> {
    /// A node that the first `at` segments lead to, and what lies below it. As deep a recursion as the topic.
    fn visit(&mut self, node: &Node, number: u32, at: usize) {
        self.emit(node.below);
        if at == self.symbols.len() {
            return self.emit(node.here);
        }
        self.enter(self.literal(number, at), at + 1);
        self.enter(node.one, at + 1);
        if node.many != 0 || node.globs != NONE {
            self.visit_rare(node, number, at);
        }
    }

    /// The children of a node that few nodes have.
    fn visit_rare(&mut self, node: &Node, number: u32, at: usize) {
        if let Child::Node(below) = child_of(node.many) {
            // At most MAX_SEGMENTS.
            self.many.push((below, u32::try_from(at).unwrap_or(u32::MAX)));
        }
        if node.globs != NONE {
            self.each_glob(node, number, at, |walk, word| walk.enter(word, at + 1));
        }
    }

    /// A child that the first `at` segments lead to.
    #[inline]
    fn enter(&mut self, child: Word, at: usize) {
        match child_of(child) {
            Child::Nothing => {}
            Child::Leaf(word) => {
                if word & BELOW != 0 || at == self.symbols.len() {
                    self.emit(word);
                }
            }
            Child::Node(number) => self.visit(self.graph.nodes.at(number), number, at),
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
        graph.globs.at(node.globs).matching(
            &graph.symbols,
            &graph.chars,
            self.topic.segment(at),
            |symbol| {
                each(self, graph.edges.get(edge(number, symbol)));
            },
        );
    }

    /// The slots of one list.
    #[inline]
    fn emit(&mut self, head: Word) {
        if head == 0 {
            return;
        }
        (self.found)(head);
        let mut word = if head & MORE == 0 { 0 } else { (self.next)(head) };
        while word != 0 {
            (self.found)(word);
            word = (self.next)(word);
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
        for at in from..=self.symbols.len() {
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
                if at == self.symbols.len() {
                    self.emit(node.here);
                }
            }
            if at == self.symbols.len() {
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
                if at == self.symbols.len() {
                    self.emit(word);
                }
            }
            Child::Node(number) => next.push(number),
        }
    }
}

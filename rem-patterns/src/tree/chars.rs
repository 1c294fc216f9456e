//! Globs of one segment as a trie of characters: the index of patterns once more, one level down.
//!
//! A segment is read once, with the set of nodes that are alive: `?` and classes are edges like any other, `*` a node that
//! stays. So a thousand globs cost what their common beginnings cost. Choices are written out; a glob with more ways than
//! [`WAYS`] is left to be tried alone.

use alloc::vec::Vec;

use super::slab::Slab;
use super::small::{Met, Stack};
use super::symbols::{NONE, Symbols};
use super::table::Table;
use crate::glob::{alternative_end, class, closing};
use crate::topic::rules::decode;

/// The most ways that the choices of one glob are written out in.
const WAYS: usize = 16;

/// The label of `?`.
const ONE: u32 = u32::MAX - 1;
/// The label of `*`.
const MANY: u32 = u32::MAX - 2;
/// Marks the label of a class; the other bits are the number of its text. Characters have fewer bits.
const CLASS: u32 = 1 << 31;
/// Marks that a node's end is the number of a list.
const LIST: u32 = 1 << 31;

/// The tries of all nodes that have globs.
#[derive(Clone)]
pub(super) struct Chars {
    nodes: Slab<Node>,
    /// From a node and a label to the child.
    edges: Table,
    /// The classes of the nodes that have some.
    classes: Slab<Vec<u32>>,
    /// The globs that end in one node, where there are several: choices can come to the same.
    lists: Slab<Vec<u32>>,
}

#[derive(Clone)]
struct Node {
    /// The glob that ends here, or the list of them.
    end: u32,
    /// The child by `?`.
    one: u32,
    /// The child by `*`.
    many: u32,
    classes: u32,
    children: u32,
    parent: u32,
    label: u32,
}

impl Default for Node {
    fn default() -> Self {
        Self {
            end: NONE,
            one: NONE,
            many: NONE,
            classes: NONE,
            children: 0,
            parent: NONE,
            label: NONE,
        }
    }
}

/// One way through a glob: its labels, but for classes, whose text has no number yet.
type Way = Vec<Step>;

#[derive(Clone, Copy)]
enum Step {
    Label(u32),
    /// A class, by its place in the glob.
    Class(usize, usize),
}

/// All ways through a glob, its choices written out; `None` if there are too many.
fn ways(glob: &[u8]) -> Option<Vec<Way>> {
    let mut ways = alloc::vec![Way::new()];
    let mut at = 0;
    while at < glob.len() {
        if glob[at] != b'{' {
            let end = step_end(glob, at);
            for way in &mut ways {
                push(way, glob, at);
            }
            at = end;
            continue;
        }
        let close = closing(glob, at);
        let mut longer = Vec::new();
        let mut start = at + 1;
        while start <= close {
            let end = alternative_end(glob, start);
            for way in &ways {
                let mut way = way.clone();
                let mut at = start;
                while at < end {
                    push(&mut way, glob, at);
                    at = step_end(glob, at);
                }
                longer.push(way);
            }
            if longer.len() > WAYS {
                return None;
            }
            start = end + 1;
        }
        ways = longer;
        at = close + 1;
    }
    Some(ways)
}

fn step_end(glob: &[u8], at: usize) -> usize {
    match glob[at] {
        b'[' => class(glob, at, 0).1,
        _ => decode(glob, at).1,
    }
}

fn push(way: &mut Way, glob: &[u8], at: usize) {
    match glob[at] {
        // Two in a row, by a choice, are one.
        b'*' if matches!(way.last(), Some(Step::Label(MANY))) => {}
        b'*' => way.push(Step::Label(MANY)),
        b'?' => way.push(Step::Label(ONE)),
        b'[' => way.push(Step::Class(at, step_end(glob, at))),
        _ => way.push(Step::Label(decode(glob, at).0)),
    }
}

impl Chars {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            nodes: Slab::new(),
            edges: Table::new(seed),
            classes: Slab::new(),
            lists: Slab::new(),
        }
    }

    pub(super) fn held(&self) -> usize {
        self.nodes.held() + self.classes.held() + self.lists.held()
    }

    pub(super) fn memory(&self) -> usize {
        let lists = self.classes.items().iter().chain(self.lists.items());
        let owned = lists.map(|list| list.capacity() * size_of::<u32>()).sum::<usize>();
        self.nodes.memory()
            + self.edges.memory()
            + self.classes.memory()
            + self.lists.memory()
            + owned
    }

    pub(super) fn shrink_to_fit(&mut self) {
        self.nodes.shrink_to_fit();
        self.edges.shrink_to_fit();
        self.classes.shrink_to_fit();
        self.lists.shrink_to_fit();
        let lists = self.classes.items_mut().iter_mut().chain(self.lists.items_mut());
        lists.for_each(Vec::shrink_to_fit);
    }

    /// Adds a glob to the trie that begins at `root`, which is made if it is [`NONE`]. `false` if it has too many ways.
    pub(super) fn add(
        &mut self,
        root: &mut u32,
        glob: u32,
        text: &[u8],
        symbols: &mut Symbols,
    ) -> bool {
        let Some(ways) = ways(text) else { return false };
        if *root == NONE {
            *root = self.nodes.take(Node::default());
        }
        for way in ways {
            let mut node = *root;
            for step in way {
                node = match step {
                    Step::Label(label) => self.child_or_new(node, label),
                    Step::Class(start, end) => {
                        let held = symbols.hold(&text[start..end]);
                        let before = self.nodes.len();
                        let child = self.child_or_new(node, CLASS | held);
                        if self.nodes.len() == before {
                            // The edge was there, and bears the text already.
                            symbols.release(held);
                        }
                        child
                    }
                };
            }
            self.add_end(node, glob);
        }
        true
    }

    /// Removes a glob that [`add`](Self::add) took in; `root` becomes [`NONE`] with the last.
    pub(super) fn remove(&mut self, root: &mut u32, glob: u32, text: &[u8], symbols: &mut Symbols) {
        for way in ways(text).unwrap_or_default() {
            let mut node = *root;
            for step in way {
                let label = match step {
                    Step::Label(label) => label,
                    Step::Class(start, end) => CLASS | symbols.find(&text[start..end]),
                };
                node = self.child(node, label);
                if node == NONE {
                    // A way that is another again, and went with it.
                    break;
                }
            }
            if node != NONE && self.remove_end(node, glob) && self.tidy(node, symbols) {
                *root = NONE;
                return;
            }
        }
    }

    fn child(&self, node: u32, label: u32) -> u32 {
        match label {
            ONE => self.nodes.at(node).one,
            MANY => self.nodes.at(node).many,
            label => self.literal(node, label),
        }
    }

    /// The child by a character or class. The table holds one more than the number, for it holds no zero.
    #[inline]
    fn literal(&self, node: u32, label: u32) -> u32 {
        #[expect(clippy::cast_possible_truncation, reason = "a node's number and one")]
        let held = self.edges.get(u64::from(node) << 32 | u64::from(label)) as u32;
        held.wrapping_sub(1)
    }

    fn child_or_new(&mut self, parent: u32, label: u32) -> u32 {
        let child = self.child(parent, label);
        if child != NONE {
            return child;
        }
        let child = self.nodes.take(Node { parent, label, ..Node::default() });
        let above = self.nodes.at_mut(parent);
        above.children += 1;
        match label {
            ONE => above.one = child,
            MANY => above.many = child,
            label => {
                if label & CLASS != 0 {
                    if above.classes == NONE {
                        above.classes = self.classes.take(Vec::new());
                    }
                    self.classes.at_mut(above.classes).push(label);
                }
                self.edges.set(u64::from(parent) << 32 | u64::from(label), u64::from(child) + 1);
            }
        }
        child
    }

    fn add_end(&mut self, node: u32, glob: u32) {
        let end = &mut self.nodes.at_mut(node).end;
        if *end == NONE {
            *end = glob;
        } else if *end != glob {
            if *end & LIST == 0 {
                *end = LIST | self.lists.take(alloc::vec![*end]);
            }
            let list = self.lists.at_mut(*end & !LIST);
            if !list.contains(&glob) {
                list.push(glob);
            }
        }
    }

    /// Takes the glob from those that end in the node; whether none is left.
    fn remove_end(&mut self, node: u32, glob: u32) -> bool {
        let end = &mut self.nodes.at_mut(node).end;
        if *end == glob {
            *end = NONE;
        } else if *end != NONE && *end & LIST != 0 {
            let number = *end & !LIST;
            let list = self.lists.at_mut(number);
            list.retain(|&there| there != glob);
            if let [last] = list[..] {
                *end = last;
                self.lists.give(number);
            }
        }
        *end == NONE
    }

    /// From a node that lost its end up to the root: what holds nothing goes. Whether the root went too.
    fn tidy(&mut self, mut number: u32, symbols: &mut Symbols) -> bool {
        loop {
            let node = self.nodes.at(number);
            let (parent, label) = (node.parent, node.label);
            if node.children > 0 || node.end != NONE {
                return false;
            }
            self.nodes.give(number);
            if parent == NONE {
                return true;
            }
            let above = self.nodes.at_mut(parent);
            above.children -= 1;
            match label {
                ONE => above.one = NONE,
                MANY => above.many = NONE,
                label => {
                    self.edges.remove(u64::from(parent) << 32 | u64::from(label));
                    if label & CLASS != 0 {
                        let list = self.classes.at_mut(above.classes);
                        list.retain(|&there| there != label);
                        if list.is_empty() {
                            self.classes.give(above.classes);
                            above.classes = NONE;
                        }
                        symbols.release(label & !CLASS);
                    }
                }
            }
            number = parent;
        }
    }

    /// Every glob of the trie that selects the segment; one with choices perhaps more than once.
    pub(super) fn matching(
        &self,
        root: u32,
        symbols: &Symbols,
        segment: &[u8],
        mut found: impl FnMut(u32),
    ) {
        if root == NONE {
            return;
        }
        let mut staying = Stack::<u32, 16>::new();
        let mut met = Met::new();
        let (mut now, mut next) = (Stack::<u32, 16>::new(), Stack::<u32, 16>::new());
        now.push(root);
        let mut at = 0;
        loop {
            for number in now.iter() {
                let many = self.nodes.at(number).many;
                if many != NONE && met.first(number) {
                    staying.push(many);
                }
            }
            if at == segment.len() {
                break;
            }
            let (character, after) = decode(segment, at);
            for number in now.iter().chain(staying.iter()) {
                let node = self.nodes.at(number);
                let literal = self.literal(number, character);
                if literal != NONE {
                    next.push(literal);
                }
                if node.one != NONE {
                    next.push(node.one);
                }
                if node.classes != NONE {
                    for &label in self.classes.at(node.classes) {
                        if class(symbols.text(label & !CLASS), 0, character).0 {
                            next.push(self.literal(number, label));
                        }
                    }
                }
            }
            core::mem::swap(&mut now, &mut next);
            next.clear();
            if now.is_empty() && staying.is_empty() {
                return;
            }
            at = after;
        }
        for number in now.iter().chain(staying.iter()) {
            match self.nodes.at(number).end {
                NONE => {}
                end if end & LIST == 0 => found(end),
                end => self.lists.at(end & !LIST).iter().for_each(|&glob| found(glob)),
            }
        }
    }
}

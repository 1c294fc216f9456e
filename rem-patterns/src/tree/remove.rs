//! Removing a pattern: its slots leave their places, and what nothing needs any more goes with them.

use super::nodes::{Child, Graph, ROOT, child_of};
use super::slots::{BELOW, Content, LEAF, MORE, Slots, Word, index_of};
use super::symbols::NONE;
use super::{PatternKey, PatternTree};

impl<V> PatternTree<V> {
    pub(super) fn remove_key(&mut self, key: PatternKey) -> Option<V> {
        self.slots.live(key)?.content.value()?;
        if let Content::One(_) = self.slots.at(key.index).content {
            self.graph.detach(&mut self.slots, key.index);
        }
        match self.slots.give(key.index) {
            Content::One(value) => Some(value),
            Content::Set(value, set) => {
                for &part in &set.parts {
                    self.graph.detach(&mut self.slots, part);
                    self.slots.give(part);
                }
                Some(value)
            }
            Content::Free | Content::Part(_) => None,
        }
    }
}

impl Graph {
    /// Takes a slot out of the list of its place.
    fn detach<V>(&mut self, slots: &mut Slots<V>, index: u32) {
        let slot = slots.at(index);
        let (next, before, parent, label, below) =
            (slot.next, slot.before, slot.parent, slot.label, slot.below);
        if next != 0 {
            slots.at_mut(index_of(next)).before = before;
        }
        let node =
            if parent == NONE { Child::Node(ROOT) } else { child_of(self.child(parent, label)) };
        let head = if before == NONE {
            next
        } else {
            slots.at_mut(before).next = next;
            match node {
                Child::Node(node) if below => self.nodes.at(node).below,
                Child::Node(node) => self.nodes.at(node).here,
                Child::Leaf(word) => word & !(LEAF | BELOW),
                Child::Nothing => 0,
            }
        };
        // Whether the head has followers is said in its word.
        let head = match head {
            0 => 0,
            head if slots.at(index_of(head)).next == 0 => head & !MORE,
            head => head | MORE,
        };
        self.set_head(node, parent, label, below, head);
    }

    fn set_head(&mut self, node: Child, parent: u32, label: u32, below: bool, head: Word) {
        match node {
            Child::Node(number) => {
                let node = self.nodes.at_mut(number);
                *(if below { &mut node.below } else { &mut node.here }) = head;
                self.tidy(number);
            }
            _ if head != 0 => {
                let kind = LEAF | if below { BELOW } else { 0 };
                self.set_child(parent, label, head | kind);
            }
            _ => {
                self.remove_child(parent, label);
                self.tidy(parent);
            }
        }
    }

    /// From a node that lost something up to the root: a node with nothing goes, one with but one list is a leaf.
    fn tidy(&mut self, mut number: u32) {
        loop {
            let node = self.nodes.at(number);
            let (parent, label) = (node.parent, node.label);
            let leaf = match (node.here, node.below) {
                _ if node.children > 0 => return,
                (0, 0) => 0,
                _ if number == ROOT => return,
                (here, 0) => here | LEAF,
                (0, below) => below | LEAF | BELOW,
                _ => return,
            };
            self.nodes.give(number);
            if number == ROOT {
                return;
            }
            if leaf != 0 {
                return self.set_child(parent, label, leaf);
            }
            self.remove_child(parent, label);
            number = parent;
        }
    }
}

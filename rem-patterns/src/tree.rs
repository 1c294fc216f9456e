//! [`PatternTree`]: an index from topics to the patterns that select them.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use crate::pattern::Pattern;
use crate::topic::rules::Split;

mod slab;
mod table;
mod symbols;
mod slots;
mod nodes;
mod globs;
mod chars;
mod small;
mod insert;
mod remove;
mod walk;

use slots::{Content, Slots};

/// An index of patterns: which of them select a topic, without asking each.
///
/// It shares by reference to match and by mutable reference to change; sharing between threads is for its owner to
/// arrange. A value is found once a topic, however many ways its pattern selects it, in no particular order.
///
/// ```
/// use rem_patterns::{Pattern, PatternTree};
///
/// let mut tree = PatternTree::new();
/// let orders = tree.insert(&Pattern::parse("order")?, "all of order");
/// tree.insert(&Pattern::parse("order.*.paid,order.42.**")?, "paid, or of 42");
///
/// let mut found = Vec::new();
/// tree.for_each_match("order.42.paid", |_, value| found.push(*value));
/// found.sort();
/// assert_eq!(found, ["all of order", "paid, or of 42"]);
///
/// assert_eq!(tree.remove(orders), Some("all of order"));
/// assert_eq!(tree.len(), 1);
/// # Ok::<(), rem_patterns::PatternError>(())
/// ```
///
/// # Structure and cost
/// A trie of segments. Every segment's text is a number (an interner that holds texts of up to 15 bytes in the table
/// itself), and one flat table leads from a node and a number to the child. A node that would hold nothing but its patterns
/// is no node, but a word in that table, so that most patterns cost one entry and one slot.
///
/// A match first follows the paths without `**`, then, from each `**` that it met, a set of states: the nodes that are alive
/// at one depth, each once. Its cost follows the topic's depth and the paths that select it, never the number of patterns
/// (only the processor's caches know that one), and no pattern makes it exponential: at most the number of nodes below some
/// `**`, times the depth. Globs inside a segment hang on their node: `text*` and `*text` in a table, the others in a trie of
/// characters that is walked once a segment; only a glob with choices of more than 16 ways is tried alone. The exclusions of
/// a set are looked at once something of it matched; each regular expression, once its literal prefix did.
///
/// Inserting and removing cost the depth of the pattern, amortised: the tables double, and once about a quarter of what is
/// held has gone, what is free is given back; of a small tree, at every removal. So a million patterns that came and went
/// leave as much as there was before; only, memory follows the highest slot in use, and a pattern that stays keeps the
/// place of those that came before it. A match allocates nothing while it is small: while at most 16 nodes below one `**`, or of
/// the globs of one segment, are alive at once, and the topic leads to at most 8 nodes by `**` and to at most 8 elements of sets.
/// About 75 bytes a pattern at a million, beside the value.
///
/// # Roads not taken
/// Measured at a million patterns by `cargo bench -p rem-benches --bench index`, in one run: a trie with `HashMap`s for
/// texts and edges and lists of values takes half as long again a match, for each look-up reads two cache lines and each
/// list one more. Stepping through the trie with an explicit stack in place of recursion, which is no deeper than the topic,
/// took a third longer at a hundred patterns. Testing the globs of a node one by one, or by a hash of their literal beginning,
/// took 5 to 190 µs for a thousand globs that begin with a sign, and the trie of characters under 1 µs. A cache of
/// topics is left to the owner of the tree, who knows which topics come again.
#[derive(Clone)]
pub struct PatternTree<V> {
    slots: Slots<V>,
    graph: nodes::Graph,
    /// Live values.
    len: usize,
    /// The most values since memory was last given back.
    peak: usize,
}

/// Names one value in the [`PatternTree`] that gave it.
///
/// The key of a value that was removed names none: another value in its place has another generation. There are 2²⁷ of those,
/// and every element of a pattern that is inserted takes one, so that a key should not be kept much longer than its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PatternKey {
    index: u32,
    generation: u32,
}

/// What a set, or a pattern with a regular expression, needs beside its value.
#[derive(Clone)]
struct SetParts {
    /// Asked once one of its elements was met: exclusions and regular expressions decide here.
    pattern: Pattern,
    /// The slots that stand in the trie, one for each element that is no exclusion.
    parts: Box<[u32]>,
}

/// A tree that holds no more than so many places gives memory back at every removal.
const SMALL: usize = 512;

impl<V> PatternTree<V> {
    /// An empty tree. It allocates with the first pattern.
    pub fn new() -> Self {
        Self { slots: Slots::new(), graph: nodes::Graph::new(), len: 0, peak: 0 }
    }

    /// Adds a value under a pattern, and gives the key to find and remove it. Equal patterns stand side by side.
    pub fn insert(&mut self, pattern: &Pattern, value: V) -> PatternKey {
        self.len += 1;
        self.peak = self.peak.max(self.len);
        self.insert_pattern(pattern, value)
    }

    /// Takes a value out, and with it all that only it needed; `None` if it was removed before.
    pub fn remove(&mut self, key: PatternKey) -> Option<V> {
        let value = self.remove_key(key)?;
        self.len -= 1;
        // Giving back costs what the tree holds: as much as has gone since pays for it, and of a small tree any.
        let held = self.slots.held() + self.graph.held();
        if self.peak - self.len >= if held <= SMALL { 1 } else { held / 8 } {
            self.shrink_to_fit();
        }
        Some(value)
    }

    /// The value of a key.
    pub fn get(&self, key: PatternKey) -> Option<&V> {
        self.slots.live(key)?.content.value()
    }

    /// The value of a key, to be changed.
    pub fn get_mut(&mut self, key: PatternKey) -> Option<&mut V> {
        self.slots.live_mut(key)?.content.value_mut()
    }

    /// How many values there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no value.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// All keys and values, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = (PatternKey, &V)> {
        self.slots.iter()
    }

    /// How many positions in patterns the tree tells apart; an empty tree has one, where every pattern begins.
    pub fn node_count(&self) -> usize {
        self.graph.positions()
    }

    /// The bytes that the tree holds, beside what its values and the patterns of sets own themselves.
    pub fn memory(&self) -> usize {
        self.slots.memory() + self.graph.memory()
    }

    /// Gives back what memory the patterns that are here do not need.
    ///
    /// [`remove`](Self::remove) does so by itself, at every call while the tree is small and later whenever a good part
    /// of it has gone. After this a tree is as large as one into which nothing else was ever inserted, save for places
    /// below the youngest pattern that have come free. Costs what the tree holds.
    pub fn shrink_to_fit(&mut self) {
        self.peak = self.len;
        self.slots.shrink_to_fit();
        self.graph.shrink_to_fit();
    }

    /// Calls `found` with every value whose pattern selects the topic, each once. A text that is no topic finds nothing.
    #[inline]
    pub fn for_each_match(&self, topic: &str, mut found: impl FnMut(PatternKey, &V)) {
        self.each_word(topic, |word| {
            if let Some(value) = self.slots.at(slots::index_of(word)).content.value() {
                found(slots::key_of(word), value);
            }
        });
    }

    /// The keys of all values whose pattern selects the topic, each once, into `keys`, which is emptied first.
    #[inline]
    pub fn matching(&self, topic: &str, keys: &mut Vec<PatternKey>) {
        keys.clear();
        self.each_word(topic, |word| keys.push(slots::key_of(word)));
    }

    /// Whether any pattern selects the topic.
    pub fn matches(&self, topic: &str) -> bool {
        let mut any = false;
        self.each_word(topic, |_| any = true);
        any
    }

    /// Every value that is found, as the word that stands for it.
    #[inline]
    fn each_word(&self, topic: &str, mut found: impl FnMut(u64)) {
        let Some(topic) = Split::new(topic) else { return };
        let mut pending = small::Stack::<u32, 8>::new();
        let next = |word| self.slots.at(slots::index_of(word)).next;
        self.graph.walk(&topic, next, |word| {
            if word & slots::PART == 0 {
                found(word);
            } else if let Content::Part(owner) = self.slots.at(slots::index_of(word)).content {
                pending.push(owner);
            }
        });
        if !pending.is_empty() {
            self.settle(&topic, &mut pending, found);
        }
    }

    /// Sets of which an element was met: each once, if the whole set selects the topic.
    #[cold]
    fn settle(
        &self,
        topic: &Split<'_>,
        pending: &mut small::Stack<u32, 8>,
        mut found: impl FnMut(u64),
    ) {
        let mut last = None;
        for &owner in pending.sorted() {
            if last == Some(owner) {
                continue;
            }
            last = Some(owner);
            let slot = self.slots.at(owner);
            let Content::Set(_, set) = &slot.content else { continue };
            let pattern = set.pattern.inner();
            // About an element without a regular expression the trie has decided.
            let selects = if pattern.regexes.is_empty() {
                !pattern.excludes(topic)
            } else {
                pattern.selects(topic)
            };
            if selects {
                found(slots::word_of(owner, slot.generation));
            }
        }
    }
}

impl<V> Default for PatternTree<V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<V> fmt::Debug for PatternTree<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PatternTree")
            .field("len", &self.len)
            .field("node_count", &self.node_count())
            .finish_non_exhaustive()
    }
}

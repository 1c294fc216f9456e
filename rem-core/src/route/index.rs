//! The index: every subscription by what it selects.

use std::collections::HashMap;
use std::sync::Arc;

use rem_patterns::{Pattern, PatternKey, PatternTree, Topic};

use super::Parts;
use crate::event::Event;
use crate::event::head::below;
use crate::subscription::Entry;

/// Two trees, for two kinds of selection.
///
/// A subscription by topic looks at the whole topic. A subscription by type looks at the topic below the scope, so that
/// it sees what any child bus publishes, and below the prefix of the bus it was made on, where that is longer.
#[derive(Default)]
pub(crate) struct Index {
    by_topic: PatternTree<Arc<Entry>>,
    by_type: PatternTree<Arc<Entry>>,
    /// How many subscriptions by type were made on each child bus: where to cut a topic.
    typed_on: HashMap<Topic, usize>,
    /// How many may select system topics.
    system: usize,
    len: usize,
}

/// Where a subscription stands in the index.
#[derive(Debug)]
pub(crate) struct Keys(Box<[PatternKey]>);

impl Index {
    pub(crate) fn insert(&mut self, entry: &Arc<Entry>) -> Keys {
        self.len += 1;
        self.system += usize::from(may_select_system(entry));
        if !entry.by_type {
            return Keys(Box::new([self.by_topic.insert(&entry.pattern, Arc::clone(entry))]));
        }
        if let Some(prefix) = &entry.prefix {
            *self.typed_on.entry(prefix.clone()).or_default() += 1;
        }
        Keys(Box::new([self.by_type.insert(&entry.pattern, Arc::clone(entry))]))
    }

    /// What was removed, to be dropped under no lock.
    pub(crate) fn remove(&mut self, entry: &Entry, keys: &Keys) -> Vec<Arc<Entry>> {
        let tree = if entry.by_type { &mut self.by_type } else { &mut self.by_topic };
        let removed: Vec<_> = keys.0.iter().filter_map(|key| tree.remove(*key)).collect();
        if removed.is_empty() {
            return removed;
        }
        self.len -= 1;
        self.system -= usize::from(may_select_system(entry));
        if let Some(prefix) = entry.prefix.as_ref().filter(|_| entry.by_type)
            && let Some(count) = self.typed_on.get_mut(prefix)
        {
            *count -= 1;
            if *count == 0 {
                self.typed_on.remove(prefix);
            }
        }
        removed
    }

    pub(crate) fn entries(&self) -> Vec<Arc<Entry>> {
        let all = self.by_topic.iter().chain(self.by_type.iter());
        all.map(|(_, entry)| Arc::clone(entry)).collect()
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn system_is_empty(&self) -> bool {
        self.system == 0
    }

    /// Who selects an event published under `topic` by the bus whose prefix is its first `scope` bytes.
    pub(crate) fn select(&self, topic: &str, scope: usize, parts: &Parts) -> Vec<Arc<Entry>> {
        let mut found = Vec::new();
        if !self.by_topic.is_empty() {
            self.by_topic.for_each_match(topic, |_, entry| {
                if lies_below(topic, entry.prefix()) {
                    found.push(Arc::clone(entry));
                }
            });
        }
        if self.by_type.is_empty() {
            return found;
        }
        // What was made on the publishing bus or above it looks below the scope …
        self.by_type.for_each_match(below(topic, scope), |_, entry| {
            if entry.prefix().len() <= scope && lies_below(topic, entry.prefix()) {
                found.push(Arc::clone(entry));
            }
        });
        // … and what was made on a child, below the child's prefix.
        for cut in self.cuts(topic, scope) {
            self.by_type.for_each_match(below(topic, cut), |_, entry| {
                if entry.prefix() == &topic[..cut] {
                    found.push(Arc::clone(entry));
                }
            });
        }
        // A nested type is seen within its whole as under the topic that it would have alone.
        for (part, alone) in parts.iter() {
            self.by_type.for_each_match(alone, |_, entry| {
                let wanted = entry.wanted.is_some_and(|wanted| wanted.type_id == part);
                if wanted && lies_below(topic, entry.prefix()) {
                    found.push(Arc::clone(entry));
                }
            });
        }
        found
    }

    /// Who selects a system event about the bus with prefix `concern`: subscriptions of that bus and of those above.
    pub(crate) fn select_system(&self, topic: &str, concern: &str) -> Vec<Arc<Entry>> {
        let mut found = Vec::new();
        for tree in [&self.by_topic, &self.by_type] {
            tree.for_each_match(topic, |_, entry| {
                if entry.prefix() == concern || lies_below(concern, entry.prefix()) {
                    found.push(Arc::clone(entry));
                }
            });
        }
        found
    }

    /// The prefixes within `topic`, longer than `scope`, of child buses with subscriptions by type, by their lengths.
    fn cuts(&self, topic: &str, scope: usize) -> impl Iterator<Item = usize> {
        let dots = topic.bytes().enumerate().filter(|(_, byte)| *byte == b'.').map(|(at, _)| at);
        let any = !self.typed_on.is_empty();
        dots.filter(move |&at| any && at > scope && self.typed_on.contains_key(&topic[..at]))
    }
}

/// Whether one subscription selects an event, by the same rules as [`Index::select`].
pub(crate) fn selects(entry: &Entry, event: &Event) -> bool {
    let (topic, prefix) = (event.topic().as_str(), entry.prefix());
    if selects_topic(entry, topic, event.scope()) {
        return true;
    }
    if !entry.by_type {
        return false;
    }
    let parts = Parts::of(&event.data);
    let mut parts =
        parts.iter().filter(|(part, _)| entry.wanted.is_some_and(|wanted| wanted.type_id == *part));
    lies_below(topic, prefix) && parts.any(|(_, alone)| entry.pattern.matches(alone))
}

/// The same of an event with no type in another, as one of raw data.
pub(crate) fn selects_topic(entry: &Entry, topic: &str, scope: usize) -> bool {
    let prefix = entry.prefix();
    let cut = if entry.by_type { scope.max(prefix.len()) } else { 0 };
    lies_below(topic, prefix) && entry.pattern.matches(below(topic, cut))
}

/// `true` if `topic` has segments below `prefix`, which may be empty.
pub(crate) fn lies_below(topic: &str, prefix: &str) -> bool {
    prefix.is_empty()
        || topic.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('.') && rest.len() > 1)
}

/// Only a pattern with a literal `$` can; a rough answer is good enough, for it only spares work.
fn may_select_system(entry: &Entry) -> bool {
    pattern_text(&entry.pattern).contains('$')
}

fn pattern_text(pattern: &Pattern) -> &str {
    pattern.as_str()
}

impl std::fmt::Debug for Index {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Index").field("subscriptions", &self.len).finish_non_exhaustive()
    }
}

//! The topics of which events are kept, in memory: by name for patterns, by number for the indexes.

use std::collections::{BTreeMap, HashMap};
use std::ops::{Bound, ControlFlow};
use std::sync::{Arc, PoisonError, RwLock};

use crate::store::{Topic, TopicId};

/// How many are looked at before the lock is given up.
const PAGE: usize = 256;

#[derive(Debug, Default)]
pub(super) struct Topics {
    by_name: BTreeMap<Arc<str>, Topic>,
    by_id: HashMap<TopicId, Arc<str>>,
}

impl Topics {
    pub(super) fn len(&self) -> usize {
        self.by_name.len().min(self.by_id.len())
    }

    pub(super) fn named(&self, name: &str) -> Option<&Topic> {
        self.by_name.get(name)
    }

    pub(super) fn with(&self, id: TopicId) -> Option<&Topic> {
        self.by_name.get(self.by_id.get(&id)?)
    }

    /// Puts a topic, or what is new of one. Of one without events nothing is kept.
    pub(super) fn put(&mut self, topic: Topic) {
        if topic.events == 0 {
            self.by_name.remove(&topic.name);
            self.by_id.remove(&topic.id);
        } else {
            self.by_id.insert(topic.id, Arc::clone(&topic.name));
            self.by_name.insert(Arc::clone(&topic.name), topic);
        }
    }
}

/// Gives each topic that begins with `prefix`. The lock is not held while `visit` runs.
pub(super) fn each(
    topics: &RwLock<Topics>,
    prefix: &str,
    visit: &mut dyn FnMut(&Topic) -> ControlFlow<()>,
) {
    let mut from = Bound::Included(Arc::from(prefix));
    loop {
        let page: Vec<Topic> = {
            let topics = topics.read().unwrap_or_else(PoisonError::into_inner);
            let rest = topics.by_name.range::<Arc<str>, _>((from.as_ref(), Bound::Unbounded));
            let below = rest.take_while(|(name, _)| name.starts_with(prefix));
            below.take(PAGE).map(|(_, topic)| topic.clone()).collect()
        };
        for topic in &page {
            if visit(topic).is_break() {
                return;
            }
        }
        match page.last() {
            Some(last) if page.len() == PAGE => from = Bound::Excluded(Arc::clone(&last.name)),
            _ => return,
        }
    }
}

//! [`Topics`]: the topics that have been published to by name, a bounded number of them.
//!
//! A set-associative cache, as in a processor: the hash of a text names a set of four places, and the text is in one of
//! them or it is not known. So the number of topics kept is bounded, whatever is published; finding one takes no lock;
//! and a topic that lost its place to another is found again at the cost of asking the index.

use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::{Arc, OnceLock};

use foldhash::fast::FixedState;
use rem_patterns::{Topic, TopicError};

use super::{Known, Parts, parts};
use crate::event::Payload;
use crate::sync::Slot;
use crate::sync::atomic::{AtomicU64, Ordering};

const WAYS: usize = 4;

/// Of more than four million topics at once none is likely to be published again before it loses its place.
const MOST_SETS: usize = 1 << 20;

pub(super) struct Topics {
    /// Each made when it is first needed: a bus that publishes by type alone needs none.
    sets: Box<[OnceLock<Box<Set>>]>,
    /// Turns with every newcomer that finds its set full, to choose whose place it takes.
    turn: AtomicU64,
}

#[derive(Default)]
struct Set {
    /// The hash of each place's text, 0 for an empty place: a look at it spares a load of the wrong topic.
    hashes: [AtomicU64; WAYS],
    topics: [Slot<Known>; WAYS],
}

impl Topics {
    /// Room for at least `capacity` topics.
    pub(super) fn new(capacity: usize) -> Self {
        let sets = capacity.div_ceil(WAYS).clamp(1, MOST_SETS).next_power_of_two();
        // Loom does not see that one thread makes a set before another uses it, which the standard library does prove.
        let set = || if cfg!(rem_loom) { OnceLock::from(Box::default()) } else { OnceLock::new() };
        Self { sets: (0..sets).map(|_| set()).collect(), turn: AtomicU64::new(0) }
    }

    /// The topic of that text. `Err` if it is none.
    ///
    /// Values with parts have topics of their own, apart from those of the same text without.
    pub(super) fn find(
        &self,
        text: &str,
        scope: u8,
        data: Option<&dyn Payload>,
    ) -> Result<Arc<Known>, TopicError> {
        let whole = data.and_then(parts::whole);
        let hash = hash(text, scope);
        // The set's index is taken from the low bits, which is why the number of sets is a power of two.
        let at = usize::try_from(hash).unwrap_or(usize::MAX) & (self.sets.len() - 1);
        let set = self.sets[at].get_or_init(Box::default);
        for (tag, place) in set.hashes.iter().zip(&set.topics) {
            if tag.load(Ordering::Relaxed) != hash {
                continue;
            }
            // The tag is a hint; what counts is the text.
            if let Some(known) = place.load().as_ref()
                && known.is(text, scope, whole)
            {
                return Ok(Arc::clone(known));
            }
        }
        let parts = data.filter(|_| whole.is_some()).map(Parts::of).unwrap_or_default();
        let known = Arc::new(Known::new(Topic::parse(text)?, scope, parts));
        let empty = set.hashes.iter().position(|tag| tag.load(Ordering::Relaxed) == 0);
        let place = empty.unwrap_or_else(|| {
            let turn = self.turn.fetch_add(1, Ordering::Relaxed);
            usize::try_from(turn).unwrap_or_default() % WAYS
        });
        set.topics[place].store(Some(Arc::clone(&known)));
        set.hashes[place].store(hash, Ordering::Relaxed);
        Ok(known)
    }

    /// All that are kept.
    pub(super) fn all(&self) -> Vec<Arc<Known>> {
        let places = self.sets.iter().filter_map(OnceLock::get).flat_map(|set| &set.topics);
        places.filter_map(|place| place.load().as_ref().map(Arc::clone)).collect()
    }
}

/// Never 0. The state is fixed, so that counts of instructions can be compared from run to run; whoever chooses topics
/// to collide gains that those topics are looked up in the index, which every topic's first publish does as well.
fn hash(text: &str, scope: u8) -> u64 {
    let mut hasher = FixedState::default().build_hasher();
    text.hash(&mut hasher);
    scope.hash(&mut hasher);
    hasher.finish() | 1 << 63
}

impl std::fmt::Debug for Topics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Topics")
            .field("capacity", &(self.sets.len() * WAYS))
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_is_found_again() {
        let topics = Topics::new(64);
        let first = topics.find("a.b", 0, None).unwrap();
        assert!(Arc::ptr_eq(&first, &topics.find("a.b", 0, None).unwrap()));
        assert!(
            !Arc::ptr_eq(&first, &topics.find("a.b", 1, None).unwrap()),
            "another scope, another route"
        );
        assert!(topics.find("a.*", 0, None).is_err());
    }

    #[test]
    fn there_is_room_for_four_at_least_and_four_million_at_most() {
        for (asked, room) in [(0, 4), (4, 4), (5, 8), (16_384, 16_384), (usize::MAX, 4_194_304)] {
            assert_eq!(Topics::new(asked).sets.len() * WAYS, room);
        }
    }

    #[test]
    fn a_million_topics_keep_a_bounded_number() {
        let topics = Topics::new(1_000);
        let first = Arc::downgrade(&topics.find("t.first", 0, None).unwrap());
        for at in 0..1_000_000 {
            assert_eq!(
                topics.find(&format!("t.{at}"), 0, None).unwrap().topic.as_str(),
                format!("t.{at}")
            );
        }
        let kept = topics.sets.iter().filter_map(OnceLock::get).flat_map(|set| &set.topics);
        let kept = kept.filter(|place| place.load().is_some());
        assert_eq!(kept.count(), 1_024);
        assert!(first.upgrade().is_none(), "a topic that lost its place is freed");
        assert_eq!(topics.find("t.first", 0, None).unwrap().topic.as_str(), "t.first");
    }
}

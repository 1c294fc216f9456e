//! [`Interests`]: what a bus is subscribed to, lent to what carries events between processes.

use std::any::Any;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, OnceLock, Weak};

use rem_patterns::{Pattern, Topic};

use crate::bus::{Bus, State};
use crate::clock::Timestamp;
use crate::subscription::SubscriptionId;
use crate::sync::{Mutex, keep_room, lock};

/// Told that subscriptions have come or gone, once for several perhaps. Called under no lock, by whoever changed them, and so
/// it must not wait.
pub trait Bell: Send + Sync {
    /// Something has changed, and can be seen by who looks now.
    fn ring(&self);
}

/// Who wants to know of the subscriptions of a root bus and all below it.
#[derive(Default)]
pub(crate) struct Watchers {
    /// They are not kept.
    bells: Mutex<Vec<Weak<dyn Bell>>>,
    /// Subscriptions that carry events elsewhere, and so are nobody's interest.
    apart: Mutex<BTreeSet<SubscriptionId>>,
    /// What all that is lent shares.
    shared: OnceLock<Arc<dyn Any + Send + Sync>>,
}

impl Watchers {
    /// Tells all. With nobody there it costs a lock, and it is called where subscriptions change, never where events pass.
    pub(crate) fn ring(&self) {
        let bells: Vec<Arc<dyn Bell>> = {
            let bells = lock(&self.bells);
            if bells.is_empty() {
                return;
            }
            bells.iter().filter_map(Weak::upgrade).collect()
        };
        for bell in bells {
            bell.ring();
        }
    }

    fn add(&self, bell: Weak<dyn Bell>) {
        let mut bells = lock(&self.bells);
        if bells.len() == bells.capacity() {
            bells.retain(|bell| bell.strong_count() > 0);
            keep_room(&mut bells);
        }
        bells.push(bell);
    }
}

impl fmt::Debug for Watchers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watchers").field("bells", &lock(&self.bells).len()).finish_non_exhaustive()
    }
}

/// What one subscription selects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interest {
    /// From the root; below any scope, and below the prefix, if it is by type.
    pub pattern: Pattern,
    /// Of the bus it was made on.
    pub prefix: Option<Topic>,
    /// It selects below any scope.
    pub by_type: bool,
}

/// What a root bus and all below it are subscribed to.
#[derive(Debug, Clone)]
pub struct Interests(Weak<State>);

/// What was found [wanted](Interests::wants) last: the next is mostly of the same topic, and then nobody is looked for. It holds as
/// long as no subscription comes or goes.
#[derive(Debug, Default)]
pub struct LastWanted(Mutex<Option<Wanted>>);

#[derive(Debug)]
struct Wanted {
    topic: Box<str>,
    scope: usize,
    generation: u64,
}

impl Interests {
    /// Of the bus and of whatever else has subscriptions that may select what is published on it. It does not keep the bus.
    pub fn of(bus: &Bus) -> Self {
        Self(Arc::downgrade(bus.state_arc()))
    }

    /// Rings when subscriptions have come or gone, as long as the bell is kept.
    pub fn watch(&self, bell: &Arc<dyn Bell>) {
        if let Some(bus) = self.0.upgrade() {
            bus.core.router.watchers.add(Arc::downgrade(bell));
        }
    }

    /// Of every subscription that there is but that one and those set apart, in no particular order.
    pub fn all(&self, but: SubscriptionId) -> Vec<Interest> {
        let Some(bus) = self.0.upgrade() else { return Vec::new() };
        let entries = bus.core.entries();
        let apart = lock(&bus.core.router.watchers.apart).clone();
        let counts = |id| id != but && !apart.contains(&id);
        let kept = entries.iter().filter(|entry| entry.is_active() && counts(entry.id));
        let interest = |entry: &Arc<crate::subscription::Entry>| Interest {
            pattern: entry.pattern.clone(),
            prefix: entry.prefix.clone(),
            by_type: entry.by_type,
        };
        kept.map(interest).collect()
    }

    /// Whether some subscription, but for that one and those set apart, would have an event of that topic, of which so many bytes
    /// are the scope, if its data has no type yet. Filters are not asked.
    pub fn wants(&self, topic: &str, scope: usize, but: SubscriptionId, last: &LastWanted) -> bool {
        let Some(bus) = self.0.upgrade() else { return false };
        // Read before it is looked: what changes meanwhile makes the answer old.
        let generation = bus.core.router.generation();
        let is_last = |last: &Wanted| {
            last.generation == generation && last.scope == scope && *last.topic == *topic
        };
        if lock(&last.0).as_ref().is_some_and(is_last) {
            return true;
        }
        let found = bus.core.router.hearers_of(topic, scope);
        let counts = |id| id != but && !lock(&bus.core.router.watchers.apart).contains(&id);
        let durable = || {
            let mut entries = bus.core.names.entries().into_iter();
            entries.any(|entry| {
                entry.is_active()
                    && crate::route::selects_topic(&entry, topic, scope)
                    && counts(entry.id)
            })
        };
        if found.iter().any(|entry| entry.is_active() && counts(entry.id)) {
            *lock(&last.0) = Some(Wanted { topic: topic.into(), scope, generation });
            return true;
        }
        durable() // which is in no route, and so of no generation
    }

    /// Whether what is published is kept in a history that outlives the process.
    pub fn is_kept(&self) -> bool {
        self.0.upgrade().is_some_and(|bus| bus.core.durable.is_some())
    }

    /// Sets a subscription apart: that it is there is nobody's interest. Until [`forget`](Self::forget).
    pub fn set_apart(&self, subscription: SubscriptionId) {
        if let Some(bus) = self.0.upgrade() {
            lock(&bus.core.router.watchers.apart).insert(subscription);
            bus.core.router.touch(); // what was found wanted may not be
            bus.core.router.watchers.ring();
        }
    }

    /// Knows no more of a subscription that was set apart, for it is over.
    pub fn forget(&self, subscription: SubscriptionId) {
        if let Some(bus) = self.0.upgrade() {
            lock(&bus.core.router.watchers.apart).remove(&subscription);
        }
    }

    /// What all that is lent by one root bus shares: made by the first who asks. `None` if the bus is gone, or somebody
    /// shares something of another type.
    pub fn shared<T: Any + Send + Sync>(&self, make: impl FnOnce() -> T) -> Option<Arc<T>> {
        let bus = self.0.upgrade()?;
        let shared = bus.core.router.watchers.shared.get_or_init(|| Arc::new(make()));
        Arc::downcast(Arc::clone(shared)).ok()
    }

    /// The time by the bus's clock; `None` if the bus is gone.
    pub fn now(&self) -> Option<Timestamp> {
        Some(self.0.upgrade()?.core.clock.now())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::event::Event;

    #[derive(Default)]
    struct Rings(AtomicUsize);

    impl Bell for Rings {
        fn ring(&self) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn who_watches_is_told_of_what_comes_and_goes_and_sees_it() {
        let bus = Bus::new();
        let (interests, rings) = (Interests::of(&bus), Arc::new(Rings::default()));
        let own = bus.subscribe("**", |_: &Event| ()).unwrap().id();
        let bell: Arc<dyn Bell> = rings.clone();
        interests.watch(&bell);
        let told = || rings.0.swap(0, Ordering::Relaxed) > 0;
        let sub = bus.subscribe("order.*", |_: &Event| ()).unwrap();
        assert!(told());
        assert_eq!(interests.all(own)[0].pattern.as_str(), "order.*");
        let last = LastWanted::default();
        let wants = |topic| interests.wants(topic, 0, own, &last);
        for _ in 0..2 {
            assert!(wants("order.paid") && !wants("user.paid") && wants("order.sent"));
        }
        drop(sub);
        assert!(told() && !wants("order.sent"));
        assert_eq!(interests.all(own), []);
        drop(bell);
        drop(rings);
        let _sub = bus.subscribe("order.*", |_: &Event| ()).unwrap(); // nobody is kept, and nothing fails
    }

    #[test]
    fn a_subscription_that_is_set_apart_is_nobodys_interest() {
        let bus = Bus::new();
        let interests = Interests::of(&bus);
        let own = bus.subscribe("a", |_: &Event| ()).unwrap().id();
        let sub = bus.subscribe("**", |_: &Event| ()).unwrap();
        let last = LastWanted::default();
        assert!(interests.wants("a", 0, own, &last));
        interests.set_apart(sub.id());
        assert!(interests.all(own).is_empty() && !interests.wants("a", 0, own, &last));
        interests.forget(sub.id());
        assert_eq!(interests.all(own).len(), 1);
    }
}

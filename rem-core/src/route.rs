//! Step 3: who wants the event.
//!
//! A topic that has been published to is [`Known`]: it keeps its resolved [`Route`] behind an atomic pointer, with the
//! generation of the subscriptions it was resolved from. Publishing loads the two and compares; only after a change of
//! subscriptions or middleware does the next publish ask the index again. So a publish takes no lock and hashes no
//! text as long as nothing changes; after a change each topic in use asks the index once, which costs what its depth
//! and its matches cost, not what there is in all, and waits for nobody who changes it meanwhile.

mod index;
mod late;
mod live;
mod parts;
mod seats;
mod tally;
mod topics;
mod twin;
mod types;

use std::any::TypeId;
use std::cmp::Reverse;
use std::fmt;
use std::sync::{Arc, OnceLock};

use rem_patterns::Topic;

use crate::bus::State;
use crate::deliver::quietly;
use crate::draft::Draft;
use crate::error::{Failure, PublishErrorKind, Refusal};
use crate::event::Payload;
use crate::interest::Watchers;
use crate::middleware::Bound;
use crate::probe::{Measure, Probes};
use crate::subscription::Entry;
use crate::sync::atomic::{AtomicU64, Ordering};
use crate::sync::{Guard, Mutex, Snapshot, lock};

use index::Index;
pub(crate) use index::{Keys, lies_below, selects, selects_topic};
pub(crate) use late::{came_since, is_stale, newcomers, newcomers_of};
pub(crate) use live::UnderWay;
use live::{Live, Marks};
use parts::Parts;
pub(crate) use seats::{Ahead, Held, Seats, reserve};
pub(crate) use tally::{Tallies, Tally};
use topics::Topics;
use twin::Twin;
pub(crate) use types::{TypeTable, Types};

/// Where an event of one topic and scope goes.
#[derive(Debug)]
pub(crate) struct Route {
    generation: u64,
    pub(crate) topic: Topic,
    pub(crate) scope: u8,
    /// Recorders first, then those with queues; each kind by priority, then by age.
    pub(crate) entries: Box<[Arc<Entry>]>,
    /// How many have queues, with the recorders before them.
    pub(crate) queues: usize,
    /// Some queue has seats to be taken before the event has a number.
    has_seats: bool,
    /// It takes more than what nearly every event needs: seats, its turn among all, to be kept for good, or to be measured.
    pub(crate) with_care: bool,
    /// Who is told how long its handlers take.
    pub(crate) measure: Option<Measure>,
    /// Of the publishing bus and its parents up to the root, in the order in which it sees the draft.
    pub(crate) middleware: Box<[Arc<Bound>]>,
    /// How many events went it; none goes a route that is stale from the start.
    tally: Option<Arc<Tally>>,
    /// The last field: who waits is told when all the others are dropped.
    marks: Marks,
}

impl Route {
    /// The route of every topic that nobody has asked for. One for all: most topics that are new are published to at once, and
    /// have another then.
    fn unknown() -> Arc<Self> {
        static UNKNOWN: OnceLock<Arc<Route>> = OnceLock::new();
        let make = || Arc::new(Self::stale(Topic::from_static("$rem.unknown"), 0));
        // What loom watches belongs to one of its runs.
        if cfg!(any(rem_loom, rem_shuttle)) {
            make()
        } else {
            Arc::clone(UNKNOWN.get_or_init(make))
        }
    }

    /// The route of a topic that leads nowhere: older than any, so that the next publish resolves it.
    fn stale(topic: Topic, scope: u8) -> Self {
        let (entries, middleware, marks) = (Box::default(), Box::default(), Marks::default());
        Self {
            generation: 0,
            topic,
            scope,
            entries,
            queues: 0,
            has_seats: false,
            with_care: false,
            measure: None,
            middleware,
            tally: None,
            marks,
        }
    }

    /// Counts an event that goes it.
    #[inline]
    pub(crate) fn count(&self) {
        if let Some(tally) = &self.tally {
            tally.add();
        }
    }

    /// Whether nothing becomes of an event that goes it: nobody has to be waited for.
    fn leads_nowhere(&self, bus: &State) -> bool {
        self.entries.is_empty() && self.middleware.is_empty() && bus.core.history.is_none()
    }
}

/// A topic with its route.
pub(crate) struct Known {
    topic: Topic,
    scope: u8,
    parts: Parts,
    /// The generation in which nobody was there: known without a look at the route.
    nobody: AtomicU64,
    route: Snapshot<Route>,
    tallies: Mutex<Tallies>,
}

impl Known {
    fn new(topic: Topic, scope: u8, parts: Parts) -> Self {
        let route = Snapshot::new(Route::unknown());
        Self { topic, scope, parts, nobody: AtomicU64::new(0), route, tallies: Mutex::default() }
    }

    pub(crate) fn topic(&self) -> &Topic {
        &self.topic
    }

    /// How many events were recorded under it.
    pub(crate) fn published(&self) -> u64 {
        lock(&self.tallies).total()
    }

    fn is(&self, text: &str, scope: u8, whole: Option<TypeId>) -> bool {
        self.scope == scope && self.topic.as_str() == text && self.parts.whole() == whole
    }

    fn replace(&self, route: Arc<Route>) {
        // With the old route a handler may go, which is user code.
        quietly(self.route.swap(route));
    }

    /// Lets go of all that the route holds.
    pub(crate) fn forget_route(&self) {
        self.replace(Route::unknown());
    }

    /// The topic's route with nobody there.
    fn nowhere(&self) -> Route {
        Route::stale(self.topic.clone(), self.scope)
    }
}

impl fmt::Debug for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Known").field(&**self.route.load()).finish()
    }
}

/// All subscriptions of a root bus, and the topics that have been published to.
#[derive(Debug)]
pub(crate) struct Router {
    /// Counts changes of subscriptions and middleware.
    generation: AtomicU64,
    index: Twin<Index>,
    topics: Topics,
    live: Live,
    /// Those who are told when subscriptions come and go.
    pub(crate) watchers: Arc<Watchers>,
    /// Those who are told how long handlers take.
    pub(crate) probes: Arc<Probes>,
}

impl Router {
    pub(crate) fn new(topics: usize) -> Self {
        Self {
            generation: AtomicU64::new(1),
            index: Twin::new([Index::default(), Index::default()]),
            topics: Topics::new(topics),
            live: Live::new(),
            watchers: Arc::default(),
            probes: Arc::default(),
        }
    }

    /// Adds a subscription: every publish that begins after this sees it.
    pub(crate) fn add(&self, entry: &Arc<Entry>) -> Keys {
        // Both copies have seen the same changes, so they give it the same places.
        let [keys, _] = self.index.write(|index| index.insert(entry));
        self.touch();
        self.watchers.ring();
        keys
    }

    /// Removes a subscription.
    pub(crate) fn remove(&self, entry: &Entry, keys: &Keys) {
        let removed = self.index.write(|index| index.remove(entry, keys));
        self.touch();
        drop(removed); // under no lock
        self.watchers.ring();
    }

    /// Makes every route stale: something beside the subscriptions has changed.
    pub(crate) fn touch(&self) {
        self.generation.fetch_add(1, Ordering::Release);
    }

    /// Grows with each change of the subscriptions.
    pub(crate) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// How many subscriptions there are.
    pub(crate) fn subscriptions(&self) -> usize {
        self.index.read().len()
    }

    /// The topic of that text, from the cache or made. `data`: the value whose own topic it is, if it is one's.
    pub(crate) fn known(
        &self,
        text: &str,
        scope: u8,
        data: Option<&dyn Payload>,
    ) -> Result<Arc<Known>, Refusal> {
        if text.starts_with('$') {
            return Err(PublishErrorKind::SystemTopic.into());
        }
        Ok(self.topics.find(text, scope, data).map_err(PublishErrorKind::Topic)?)
    }

    /// The route of a topic on a bus; `None` if nobody is there: no subscription, no middleware, no history.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "that nobody is there is two loads")]
    pub(crate) fn route(&self, known: &Arc<Known>, bus: &State) -> Option<Guard<Arc<Route>>> {
        let generation = self.generation.load(Ordering::Acquire);
        // So that whoever believes another publish sees what that has seen: that the bus is closed, of which the reader that
        // went then changed no generation.
        if known.nobody.load(Ordering::Acquire) == generation {
            return None;
        }
        self.listeners(known, bus, generation)
    }

    /// The route of a topic of which it is not known that it leads nowhere.
    #[inline(never)]
    fn listeners(
        &self,
        known: &Arc<Known>,
        bus: &State,
        generation: u64,
    ) -> Option<Guard<Arc<Route>>> {
        let route = known.route.load();
        if route.generation == generation {
            return Some(route);
        }
        drop(route);
        let fresh = self.resolve(known, bus);
        if fresh.leads_nowhere(bus) {
            if !bus.is_closed() {
                known.nobody.store(fresh.generation, Ordering::Release);
            }
            return None;
        }
        Some(Guard::from_inner(fresh))
    }

    /// Asks the index where the events of a topic go.
    ///
    /// An entry of the route may end meanwhile. It is told of the route before anybody uses it, so that it can make the
    /// topic forget it when it ends; and should it have ended before the route is put in place, that it is no longer
    /// active is seen here. So is that somebody waits until the route is gone.
    fn resolve(&self, known: &Arc<Known>, bus: &State) -> Arc<Route> {
        let fresh = Arc::new(self.ask(known, bus));
        if !fresh.leads_nowhere(bus) {
            self.live.note(known, &fresh);
            lock(&known.tallies).note(&fresh);
        }
        for entry in &fresh.entries {
            entry.join(known, &fresh);
        }
        // Looked at after the generation was read: of a bus that is closed by then another may have the prefix, with middleware of
        // its own, and is not to go by this route.
        if bus.is_closed() {
            return fresh;
        }
        known.replace(Arc::clone(&fresh));
        if !fresh.marks.is_empty() || !fresh.entries.iter().all(|entry| entry.is_active()) {
            known.forget_route();
        }
        fresh
    }

    fn ask(&self, known: &Known, bus: &State) -> Route {
        let (topic, scope) = (known.topic.clone(), known.scope);
        // Read before what it counts: a change meanwhile makes the route stale, never wrong.
        let generation = self.generation.load(Ordering::Acquire);
        let entries = in_order(self.index.read().select(&topic, usize::from(scope), &known.parts));
        let middleware =
            bus.middleware().into_iter().filter(|bound| bound.selects(&topic)).collect();
        let queues = entries.partition_point(|entry| entry.stands_first());
        let has_seats = entries[..queues]
            .iter()
            .filter_map(|entry| entry.queue())
            .any(|queue| queue.has_seats());
        let measure = self.probes.all();
        let with_care =
            has_seats || measure.is_some() || bus.core.line.is_some() || bus.core.durable.is_some();
        Route {
            generation,
            topic,
            scope,
            entries,
            queues,
            has_seats,
            with_care,
            measure,
            middleware,
            tally: Some(Arc::default()),
            marks: Marks::default(),
        }
    }

    /// The publishes under way below a prefix: all that have found their route. Those that find it from now on see what
    /// was written before.
    pub(crate) fn under_way(&self, prefix: &str) -> UnderWay {
        self.live.under_way(prefix)
    }

    /// Who would have an event of that topic now.
    pub(crate) fn hearers(&self, known: &Known) -> Box<[Arc<Entry>]> {
        in_order(self.index.read().select(&known.topic, usize::from(known.scope), &known.parts))
    }

    /// The same of a topic that nobody has published to perhaps, of data without a type.
    pub(crate) fn hearers_of(&self, topic: &str, scope: usize) -> Vec<Arc<Entry>> {
        self.index.read().select(topic, scope, &Parts::default())
    }

    /// The topics that were published to by name or by a template, and are kept.
    pub(crate) fn known_by_text(&self) -> Vec<Arc<Known>> {
        self.topics.all()
    }

    /// Every subscription, in no particular order.
    pub(crate) fn entries(&self) -> Vec<Arc<Entry>> {
        self.index.read().entries()
    }

    /// `true` if nobody listens to system events: a look that spares making them.
    pub(crate) fn no_system_subscriptions(&self) -> bool {
        self.index.read().system_is_empty()
    }

    /// Who wants a system event about the bus with prefix `concern`.
    pub(crate) fn system(&self, topic: &str, concern: &str) -> Box<[Arc<Entry>]> {
        in_order(self.index.read().select_system(topic, concern))
    }
}

/// Recorders, then queues, then inline handlers, each by priority, highest first, then by age; each once, however many of its
/// topics selected the event.
fn in_order(mut entries: Vec<Arc<Entry>>) -> Box<[Arc<Entry>]> {
    let kind = |entry: &Entry| (!entry.stands_first(), entry.queue().is_some());
    entries.sort_unstable_by_key(|entry| (kind(entry), Reverse(entry.priority), entry.id));
    entries.dedup_by(|a, b| a.id == b.id);
    entries.into()
}

/// The route of a draft whose topic middleware has changed; `None` for nearly all, which go where they were to go.
#[inline]
pub(crate) fn moved(bus: &State, draft: &Draft) -> Result<Option<Guard<Arc<Route>>>, Box<Failure>> {
    if draft.has_moved() { find_again(bus, draft).map(Some) } else { Ok(None) }
}

#[cold]
fn find_again(bus: &State, draft: &Draft) -> Result<Guard<Arc<Route>>, Box<Failure>> {
    let router = &bus.core.router;
    match router.known(draft.topic(), draft.head().scope, draft.own_topic_of()) {
        Ok(known) => {
            let nowhere = || Guard::from_inner(Arc::new(known.nowhere()));
            Ok(router.route(&known, bus).unwrap_or_else(nowhere))
        }
        Err(kind) => Err(Failure::new(kind, draft.topic())),
    }
}

//! What stands behind the handles: [`Core`], one for a root bus and all below it, and [`State`], one for each bus.

use std::collections::HashMap;
use std::fmt;
use std::panic::Location;
use std::sync::{Arc, Weak};

use rem_patterns::{IntoPattern, Pattern, PatternError, Topic};

use super::ends::{End, Ends};
use super::ready::Arrivals;
use crate::clock::Clock;
use crate::deliver::Line;
use crate::durable::Names;
use crate::error::SubscribeError;
use crate::event::{Ids, Source};
use crate::handlers::States;
use crate::history::{DurableHistory, History};
use crate::middleware::Bound;
use crate::publish::Beside;
use crate::queue::{Channel, Waits};
use crate::route::{Router, Types, lies_below};
use crate::subscription::{Delivery, Entry, Mortals, Subscription, SubscriptionId};
use crate::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use crate::sync::{Mutex, Snapshot, lock};
use crate::task::Spawners;
use crate::timers::Timers;
use crate::topology::MiddlewareReport;

/// What a root bus and all buses below it share.
#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) router: Router,
    pub(crate) history: Option<Arc<dyn History>>,
    /// The same, if it outlives the process.
    pub(crate) durable: Option<Arc<dyn DurableHistory>>,
    /// Who tells what it has committed, for receipts.
    pub(crate) kept: Option<Arc<Beside>>,
    /// The last number given out.
    pub(crate) sequence: AtomicU64,
    pub(crate) clock: Clock,
    pub(crate) ids: Ids,
    pub(crate) limits: Limits,
    /// Where events wait for their turn under `Ordering::Total`.
    pub(crate) line: Option<Line>,
    /// Publishers that wait for room in a queue.
    pub(crate) waits: Waits,
    /// What declared handlers share.
    pub(crate) states: Arc<States>,
    /// Those who wait for subscriptions.
    pub(crate) arrivals: Arrivals,
    /// Subscriptions that end by what others do.
    pub(crate) mortals: Mortals,
    /// Durable subscriptions, by their names.
    pub(crate) names: Arc<Names>,
    /// Who runs tasks.
    pub(crate) spawners: Spawners,
    /// Who waits for a time.
    pub(crate) timers: Arc<Timers>,
    /// Who else is told of the end.
    ends: Ends,
    subscriptions: AtomicU64,
    /// The child buses that are open, by prefix.
    pub(super) children: Mutex<HashMap<Topic, Weak<State>>>,
}

/// What must not grow without bound.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// How long a chain of events that cause one another may be.
    pub(crate) causal_depth: usize,
    /// How many events may wait in one thread, or in the line of all, for the handlers of the current one.
    pub(crate) deferred: usize,
}

impl Core {
    pub(super) fn new(
        router: Router,
        history: Option<Arc<dyn History>>,
        clock: Clock,
        ids: Ids,
        limits: Limits,
        line: Option<Line>,
        states: States,
    ) -> Self {
        let durable = history.as_ref().and_then(|history| Arc::clone(history).durable());
        let before = history.as_ref().map_or(0, |history| history.first().saturating_sub(1));
        let names = Arc::new(Names::new(&router.watchers));
        Self {
            timers: Timers::new(&clock),
            spawners: Spawners::default(),
            router,
            kept: durable.as_ref().map(|history| Arc::new(Beside::Kept(history.commits()))),
            durable,
            history,
            sequence: AtomicU64::new(before),
            clock,
            ids,
            limits,
            line,
            waits: Waits::default(),
            states: Arc::new(states),
            arrivals: Arrivals::default(),
            mortals: Mortals::default(),
            ends: Ends::default(),
            names,
            subscriptions: AtomicU64::new(0),
            children: Mutex::default(),
        }
    }

    /// Has tasks run by others than its own threads.
    pub(super) fn spawn_by(mut self, spawners: Spawners) -> Self {
        self.spawners = spawners;
        self
    }

    /// Ends the streams of the bus with that prefix and of all below it.
    pub(super) fn finish_queues(&self, prefix: &str) {
        for entry in self.entries() {
            let below = entry.prefix() == prefix || lies_below(entry.prefix(), prefix);
            if let Some(queue) = entry.queue().filter(|_| below) {
                queue.finish();
            }
        }
        self.ends.tell(prefix);
    }

    /// The subscriptions that there are.
    pub(crate) fn entries(&self) -> Vec<Arc<Entry>> {
        let mut entries = self.router.entries();
        entries.append(&mut self.names.entries());
        entries
    }

    /// The last number that was given out, 0 before the first.
    pub(crate) fn last_sequence(&self) -> u64 {
        self.sequence.load(Ordering::Relaxed)
    }

    /// The child buses that are open.
    pub(crate) fn open_children(&self) -> Vec<Arc<State>> {
        let mut open: Vec<_> = lock(&self.children).values().filter_map(Weak::upgrade).collect();
        open.sort_by(|a, b| a.prefix.cmp(&b.prefix));
        open
    }

    pub(crate) fn next_subscription(&self) -> SubscriptionId {
        SubscriptionId(self.subscriptions.fetch_add(1, Ordering::Relaxed) + 1)
    }
}

/// With the last handle to a bus its streams end: nothing can be published any more.
impl Drop for Core {
    fn drop(&mut self) {
        self.finish_queues("");
    }
}

/// One bus.
pub(crate) struct State {
    pub(crate) core: Arc<Core>,
    /// `None` for the root.
    prefix: Option<Topic>,
    parent: Option<Arc<State>>,
    source: Option<Source>,
    middleware: Snapshot<Vec<Arc<Bound>>>,
    /// Held while middleware is added.
    adding: Mutex<()>,
    closed: AtomicBool,
    /// Its streams have been ended, or are just now.
    finished: AtomicBool,
    pub(crate) types: Types,
}

impl State {
    pub(super) fn root(core: Core, source: Option<Source>) -> Self {
        Self::new(Arc::new(core), None, None, source)
    }

    pub(super) fn child(parent: &Arc<Self>, prefix: Topic) -> Self {
        let source = parent.source.clone();
        Self::new(Arc::clone(&parent.core), Some(prefix), Some(Arc::clone(parent)), source)
    }

    fn new(
        core: Arc<Core>,
        prefix: Option<Topic>,
        parent: Option<Arc<Self>>,
        source: Option<Source>,
    ) -> Self {
        Self {
            core,
            prefix,
            parent,
            source,
            middleware: Snapshot::new(Arc::default()),
            adding: Mutex::new(()),
            closed: AtomicBool::new(false),
            finished: AtomicBool::new(false),
            types: Types::new(),
        }
    }

    pub(crate) fn parent(&self) -> Option<&Arc<Self>> {
        self.parent.as_ref()
    }

    pub(crate) fn prefix_topic(&self) -> Option<&Topic> {
        self.prefix.as_ref()
    }

    /// Empty for the root.
    pub(crate) fn prefix(&self) -> &str {
        self.prefix.as_deref().unwrap_or_default()
    }

    /// How many bytes of a topic published here are the prefix.
    pub(crate) fn scope(&self) -> u8 {
        // A topic, and so a prefix, has at most 255 bytes.
        u8::try_from(self.prefix().len()).unwrap_or(u8::MAX)
    }

    /// Who publishes here unless the publisher says otherwise.
    pub(crate) fn source(&self) -> Option<&Source> {
        self.source.as_ref()
    }

    /// A pattern of this bus, from the root.
    pub(crate) fn absolute(&self, pattern: Pattern) -> Result<Pattern, PatternError> {
        match &self.prefix {
            Some(prefix) => pattern.under(prefix),
            None => Ok(pattern),
        }
    }

    /// Subscribes by type; `None` selects nothing.
    pub(crate) fn by_type(
        &self,
        pattern: Option<Pattern>,
        delivery: Delivery,
        place: &'static Location<'static>,
    ) -> Subscription {
        let over = pattern.is_none() || self.is_closed();
        let pattern = pattern.unwrap_or_else(nothing);
        let entry = Arc::new(delivery.entry(self, pattern, true, Vec::new(), 0, place));
        if over { Subscription::ended(&entry) } else { Subscription::new(&self.core, entry) }
    }

    pub(super) fn add_middleware(&self, bound: Bound) -> Result<(), SubscribeError> {
        if self.is_closed() {
            return Err(SubscribeError::Closed);
        }
        {
            let _adding = lock(&self.adding);
            let mut all = Vec::clone(&self.middleware.load());
            all.push(Arc::new(bound));
            self.middleware.store(Arc::new(all));
        }
        self.core.router.touch();
        Ok(())
    }

    /// The middleware of this bus alone, told.
    pub(crate) fn own_middleware(&self) -> Vec<MiddlewareReport> {
        self.middleware.load().iter().map(|bound| MiddlewareReport::of(bound)).collect()
    }

    /// The middleware of this bus, then of each above it, in the order in which a draft meets it.
    pub(crate) fn middleware(&self) -> Vec<Arc<Bound>> {
        let mut all = Vec::new();
        let mut bus = Some(self);
        while let Some(at) = bus {
            all.extend(at.middleware.load().iter().map(Arc::clone));
            bus = at.parent.as_deref();
        }
        all
    }

    /// Refuses what is new, here and on all buses below. A child that is being opened meanwhile sees the one or is seen by
    /// the other. A bus that is closed already has none below it: what is there by now is of who opened its prefix again.
    pub(super) fn refuse(&self) {
        // Declared before the lock, to be dropped after it: they may be last handles, and hold the user's data.
        let mut open = Vec::new();
        let children = lock(&self.core.children);
        if !self.closed.swap(true, Ordering::AcqRel) {
            open.extend(children.values().filter_map(Weak::upgrade));
            for child in open.iter().filter(|child| lies_below(child.prefix(), self.prefix())) {
                child.closed.store(true, Ordering::Release);
            }
        }
        drop(children);
        self.core.arrivals.arrived();
    }

    /// Ends the streams of this bus and of all below it, once. One that comes into the index meanwhile is found there, or finds
    /// that it has to end itself: see [`is_finished`](Self::is_finished).
    pub(super) fn finish_queues(&self) {
        if self.finished.swap(true, Ordering::AcqRel) {
            return;
        }
        let open = self.core.open_children();
        for child in open.iter().filter(|child| lies_below(child.prefix(), self.prefix())) {
            child.finished.swap(true, Ordering::AcqRel);
        }
        self.core.finish_queues(self.prefix());
    }

    /// Whether its streams have been ended, for who stands in the index. Read as it is written: of this and
    /// [`finish_queues`](Self::finish_queues), one comes first, and the other sees what was done before it.
    pub(crate) fn is_finished(&self) -> bool {
        self.finished.fetch_or(false, Ordering::AcqRel)
    }

    /// Ends a queue that has come into the index now, if the bus has ended those that it found there.
    pub(crate) fn finish_late(&self, queue: &Channel) {
        if self.is_finished() {
            queue.finish();
        }
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// Tells `end` when the bus is closed and nothing more is delivered of it; at once if it is closed.
    pub(crate) fn tell_end(&self, end: &Arc<dyn End>) {
        self.core.ends.add(self.prefix(), Arc::downgrade(end));
        // First the one, then the look, and whoever closes the other way round: one of them sees the other.
        if self.is_closed() {
            end.end();
        }
    }
}

/// The pattern of a subscription that selects nothing.
fn nothing() -> Pattern {
    (&Topic::from_static("$rem.nothing"))
        .into_pattern()
        .unwrap_or_else(|_| unreachable!("a topic is a pattern"))
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State")
            .field("prefix", &self.prefix)
            .field("source", &self.source)
            .field("middleware", &**self.middleware.load())
            .field("closed", &self.is_closed())
            .field("types", &self.types)
            .finish_non_exhaustive()
    }
}

//! [`BusBuilder`]: a root bus in the making.

use std::fmt;
use std::sync::Arc;

use super::state::Limits;
use super::{Bus, Core, Ordering, State};
use crate::clock::{BusClock, Clock};
use crate::deliver::Line;
use crate::event::{Ids, Source};
use crate::handlers::States;
use crate::history::History;
use crate::route::Router;
use crate::task::{Spawner, Spawners};

/// A root bus in the making: see [`Bus::builder`].
///
/// ```
/// use rem_core::{Bus, Ring};
///
/// let bus = Bus::builder().history(Ring::events(10_000)).source("orders").build();
/// ```
#[must_use = "no bus is made until `build`"]
pub struct BusBuilder {
    history: Option<Arc<dyn History>>,
    source: Option<Source>,
    clock: Clock,
    ids: Ids,
    limits: Limits,
    ordering: Ordering,
    topics: usize,
    states: States,
    spawner: Option<Box<dyn Spawner>>,
}

impl Default for BusBuilder {
    fn default() -> Self {
        Self {
            history: None,
            source: None,
            clock: Clock::default(),
            ids: Ids::default(),
            limits: Limits { causal_depth: 64, deferred: 65_536 },
            ordering: Ordering::default(),
            topics: 16_384,
            states: States::default(),
            spawner: None,
        }
    }
}

impl BusBuilder {
    /// Keeps past events. Without it nothing is kept.
    pub fn history(mut self, history: impl History) -> Self {
        self.history = Some(Arc::new(history));
        self
    }

    /// Who publishes on this bus and those below it, unless the publisher says otherwise.
    pub fn source(mut self, source: impl Into<Source>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// How many events may cause one another in a row, 64 unless told. The next is refused, with the chain in the error.
    ///
    /// It counts through tasks and futures that are [carried](crate::carry), so that what causes itself comes to an end. What
    /// is to go on for ever, as a task that sends itself the next step, publishes it from a future that it spawns and does not
    /// carry, and so begins anew.
    pub fn causal_depth(mut self, events: usize) -> Self {
        self.limits.causal_depth = events.max(1);
        self
    }

    /// How many events may wait in one thread while the handlers of the current one run, 65,536 unless told. The next
    /// is refused. Under [`Ordering::Total`] so many may in all threads together.
    pub fn deferred(mut self, events: usize) -> Self {
        self.limits.deferred = events.max(1);
        self
    }

    /// In which order its subscribers, and those of the buses below it, see events: [`Ordering::PerPublisher`] unless told,
    /// which costs nothing. [`Ordering::Total`] is one order for all, and has its price.
    ///
    /// ```
    /// use rem_core::{Bus, Ordering};
    ///
    /// let bus = Bus::builder().ordering(Ordering::Total).build();
    /// ```
    pub fn ordering(mut self, ordering: Ordering) -> Self {
        self.ordering = ordering;
        self
    }

    /// How many topics published by name or by template are kept with their subscriptions, 16,384 unless told, 4,194,304
    /// at most. One that is not kept is looked up again when it is published.
    pub fn topics(mut self, topics: usize) -> Self {
        self.topics = topics;
        self
    }

    /// Shares a value with declared handlers, which take it as `State<S>`, found by its type; the last of each type counts.
    ///
    /// The bus keeps it, so let it hold no handle of the bus.
    pub fn state<S: Send + Sync + 'static>(mut self, value: S) -> Self {
        self.states.put(value);
        self
    }

    /// Who runs the async handlers of tasks: a runtime, as a closure or, with the feature `tokio`, its `Handle`. Without one
    /// the bus starts up to four threads of its own with its first task, which end with the last of its tasks when the bus is
    /// gone.
    ///
    /// ```
    /// use rem_core::{Bus, TaskFuture};
    ///
    /// # fn spawn(_: TaskFuture) {}
    /// let bus = Bus::builder().spawner(|task: TaskFuture| spawn(task)).build();
    /// ```
    pub fn spawner(mut self, spawner: impl Spawner) -> Self {
        self.spawner = Some(Box::new(spawner));
        self
    }

    pub(crate) fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    pub(crate) fn ids(mut self, ids: Ids) -> Self {
        self.ids = ids;
        self
    }

    /// The bus.
    pub fn build(self) -> Bus {
        let Self { history, source, clock, ids, limits, ordering, topics, states, spawner } = self;
        if let Some(history) = &history {
            history.clock(&BusClock(clock.clone()));
        }
        let line = match ordering {
            Ordering::PerPublisher => None,
            Ordering::Total => Some(Line::default()),
        };
        let core = Core::new(Router::new(topics), history, clock, ids, limits, line, states)
            .spawn_by(Spawners::new(spawner));
        Bus(Arc::new(State::root(core, source)))
    }
}

impl fmt::Debug for BusBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BusBuilder")
            .field("history", &self.history)
            .field("source", &self.source)
            .field("limits", &self.limits)
            .field("ordering", &self.ordering)
            .field("topics", &self.topics)
            .field("states", &self.states)
            .field("spawner", &self.spawner.is_some())
            .finish_non_exhaustive()
    }
}

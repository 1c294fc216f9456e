//! [`PartitionerBuilder`]: what a partitioner is told before it is attached.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use rem_core::__private::Alarms;
use rem_core::{Bus, Event, ManualClock, Source};

use super::{EventDrivenPartitioner, Handle};
use crate::attempt::Attempt;
use crate::created::{LocalTask, TaskCreated};
use crate::error::AttachError;
use crate::flow::Flow;
use crate::functions::{Arguments, Functions};
use crate::sync::Mutex;
use crate::unit::UnitName;
use crate::units::{Limits, Units};
use crate::watch::Watch;
use crate::work::Failure;
use crate::workers::Workers;

/// A partitioner in the making: see [`EventDrivenPartitioner::builder`].
#[must_use = "it takes no unit before it is attached"]
pub struct PartitionerBuilder {
    bus: Bus,
    workers: Workers,
    functions: Functions,
    limits: Limits,
    hold: Duration,
    source: Option<Source>,
    clock: Option<ManualClock>,
}

impl PartitionerBuilder {
    pub(super) fn new(bus: &Bus, workers: &Workers) -> Self {
        Self {
            bus: bus.clone(),
            workers: workers.clone(),
            functions: Functions::default(),
            limits: Limits { open: 65_536, held: 1_024, remembered: 10_000 },
            hold: Duration::from_secs(60),
            source: None,
            clock: None,
        }
    }

    /// A function that units call by that name: see [`UnitBuilder::call`](crate::UnitBuilder::call). Its arguments are read once
    /// for a unit, in the thread that publishes it; it is called once for each attempt. A unit with arguments that cannot be
    /// read as an `A` is refused.
    pub fn register<A, T, F>(mut self, name: impl Into<UnitName>, function: F) -> Self
    where
        A: Arguments,
        T: Send + Sync + 'static,
        F: Fn(&A, &Attempt) -> Result<T, Failure> + Send + Sync + 'static,
    {
        self.functions.add(name.into().0, function);
        self
    }

    /// The same with an async function.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use rem_core::Bus;
    /// use rem_partition::{EventDrivenPartitioner, Workers};
    ///
    /// let workers = Workers::rayon(1)?;
    /// let partitioner = EventDrivenPartitioner::builder(&Bus::new(), &workers)
    ///     .register_async("length", |text: Arc<String>, _| async move { Ok(text.len()) })
    ///     .attach()?;
    /// # drop(partitioner);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn register_async<A, T, F, R>(mut self, name: impl Into<UnitName>, function: F) -> Self
    where
        A: Arguments,
        T: Send + Sync + 'static,
        F: Fn(Arc<A>, Attempt) -> R + Send + Sync + 'static,
        R: Future<Output = Result<T, Failure>> + Send + 'static,
    {
        self.functions.add_async(name.into().0, function);
        self
    }

    /// How long a unit waits for what is unknown, by the clock of the bus; 60 s unless told. Then it is refused, and what
    /// waits for it is skipped.
    pub fn hold_for(mut self, time: Duration) -> Self {
        self.hold = time;
        self
    }

    /// How many units may wait for what is unknown, by themselves; 1,024 unless told. One more is refused.
    pub fn hold_at_most(mut self, units: usize) -> Self {
        self.limits.held = units;
        self
    }

    /// How many units may be open, that is to say, have come and not ended; 65,536 unless told. One more is refused.
    pub fn open_at_most(mut self, units: usize) -> Self {
        self.limits.open = units;
        self
    }

    /// How many units that have ended are remembered, with their outputs; 10,000 unless told. The first to end is let go first.
    ///
    /// What waits for one that is remembered begins at once or is skipped, as that one ended. What waits for one that was let go
    /// is refused as such, as long as its name is known: eight times as many names are, and 1,024 more. A name may be used again
    /// when its unit was let go.
    pub fn remember(mut self, units: usize) -> Self {
        self.limits.remembered = units;
        self
    }

    /// The [source](rem_core::Event::source) of the events that it publishes.
    pub fn source(mut self, source: impl Into<Source>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Keeps time by the clock of a test, and not by that of the bus.
    pub fn clock(mut self, clock: &ManualClock) -> Self {
        self.clock = Some(clock.clone());
        self
    }

    /// Subscribes to `task.created` and `task.created.local`, on the bus and on all below it.
    ///
    /// Two partitioners on one bus both run each unit: give each a child bus.
    ///
    /// # Errors
    /// If two functions have one name; if the bus is closed.
    pub fn attach(self) -> Result<EventDrivenPartitioner, AttachError> {
        let Self { bus, workers, functions, limits, hold, source, clock } = self;
        functions.check()?;
        if bus.is_closed() {
            return Err(AttachError::closed());
        }
        let alarms = clock.as_ref().map_or_else(|| Alarms::of(&bus), Alarms::by);
        let (units, watch) = (Units::new(limits), Watch::new(&bus, source));
        let flow = Arc::new(Flow::new(units, watch, functions, hold, workers, alarms));
        // Not the partitioner itself, which would be kept by the bus that it keeps.
        let called = Arc::downgrade(&flow);
        let local = Arc::downgrade(&flow);
        let subscriptions = vec![
            bus.on(move |event: &Event<TaskCreated>| {
                if let Some(flow) = called.upgrade() {
                    flow.created(event);
                }
            }),
            bus.on(move |event: &Event<LocalTask>| {
                if let Some(flow) = local.upgrade() {
                    flow.created_here(event);
                }
            }),
        ];
        let subscriptions = Mutex::new(subscriptions);
        Ok(EventDrivenPartitioner(Arc::new(Handle { flow, bus, subscriptions })))
    }
}

impl fmt::Debug for PartitionerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PartitionerBuilder")
            .field("bus", &self.bus)
            .field("workers", &self.workers)
            .field("functions", &self.functions)
            .field("limits", &self.limits)
            .field("hold", &self.hold)
            .finish_non_exhaustive()
    }
}

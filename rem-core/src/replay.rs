//! Replay: the past once more, to a handler or to another bus, at the speed it had or at any other.

mod control;
mod error;
mod pace;
mod report;
mod run;
mod source;
mod target;

use std::fmt;

use rem_patterns::IntoPattern;

use crate::bus::{Bus, BusBuilder};
use crate::event::{Event, Shape};
use crate::history::{Query, QueryError};
use crate::subscription::Outcome;

use control::Control;
use pace::Pace;

pub use control::ReplayHandle;
pub use error::{ReplayError, ReplayErrorKind};
pub use report::{Progress, ReplayReport};
pub use run::Replaying;
pub use target::{Target, ToBus, ToHandler};

/// The events that a query asks for, about to be replayed: see [`Query::replay`] and [`Bus::replay`].
///
/// They are given one by one, oldest first, [to a handler](Self::to_handler) or [to another bus](Self::to), in the thread that
/// calls [`run`](Self::run) or where the future of [`run_async`](Self::run_async) is polled. What is published after it
/// has begun is not replayed. It reads the history page by page, so a long one holds as little as a short one.
///
/// ```
/// use rem_core::{Bus, Event, Ring};
///
/// let bus = Bus::builder().history(Ring::events(10_000)).build();
/// let report = bus.replay("order.**")?.to_handler(|event: &Event| println!("{event}")).run()?;
/// assert_eq!(report.replayed, 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Time
/// It goes as fast as it can, unless [`speed`](Self::speed) says that the gaps between events follow their timestamps, by
/// the clock of the bus whose history is read. A time that goes backwards is not waited for. While the replay is paused, its
/// time stands still.
#[must_use = "nothing is replayed before it is `run`"]
pub struct Replay<D = ()> {
    query: Query,
    speed: f64,
    on_failure: OnFailure,
    progress: Option<run::Watcher>,
    control: Control,
    target: D,
}

/// What a replay does when an event could not be handed over, or the handler failed at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnFailure {
    /// It ends there, with an error that has the report of what was done.
    #[default]
    Stop,
    /// It counts the failure and goes on.
    GoOn,
}

impl Query {
    /// The events that it asks for, to be given once more to a handler or to another bus.
    ///
    /// ```
    /// use rem_core::{Bus, Event, Ring};
    ///
    /// let bus = Bus::builder().history(Ring::events(10_000)).build();
    /// let replay = bus.query("order.**")?.source("shop").last(100).replay().speed(10.0);
    /// replay.to_handler(|event: &Event| println!("{event}")).run()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn replay(&self) -> Replay {
        Replay {
            control: Control::of(self),
            query: self.clone(),
            speed: f64::INFINITY,
            on_failure: OnFailure::Stop,
            progress: None,
            target: (),
        }
    }
}

impl Bus {
    /// All that the history has of a pattern's topics, below the bus's prefix, to be given once more: `query(pattern)?.replay()`.
    ///
    /// # Errors
    /// As for [`query`](Self::query).
    pub fn replay(&self, pattern: impl IntoPattern) -> Result<Replay, QueryError> {
        Ok(self.query(pattern)?.replay())
    }

    /// A fresh root bus in the making, on which to try what happened here with other handlers: with this one's clock and
    /// limits, and without its subscriptions, middleware and history. Nothing that happens there has an effect here.
    ///
    /// ```
    /// use rem_core::{Bus, Event, Ring};
    ///
    /// let bus = Bus::builder().history(Ring::events(10_000)).build();
    /// let sandbox = bus.sandbox().build();
    /// let _sub = sandbox.subscribe("order.**", |event: &Event| println!("{event}"))?;
    /// bus.replay("**")?.to(&sandbox).run()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn sandbox(&self) -> BusBuilder {
        let core = &self.state().core;
        Self::builder()
            .clock(core.clock.clone())
            .causal_depth(core.limits.causal_depth)
            .deferred(core.limits.deferred)
    }
}

impl Replay {
    /// Calls a handler with each event that can be seen as `T`; others are skipped. What it publishes is caused by the event,
    /// as in a subscription.
    pub fn to_handler<T, F, R>(self, handle: F) -> Replay<ToHandler<T, F>>
    where
        T: Shape + ?Sized,
        F: FnMut(&Event<T>) -> R,
        R: Outcome,
    {
        self.with(ToHandler::new(handle))
    }

    /// Publishes each event on another bus, below its prefix. It keeps its id, topic, scope, time, source, metadata, cause and
    /// story; its number is that bus's own.
    ///
    /// The data goes as it would leave the process: written as JSON, and decoded once for each type that listens. Of a type
    /// that never leaves the process (`#[event(local)]`) it cannot be written, which is a failure.
    ///
    /// The bus must not be that of the history, nor above or below it: what it replays would be appended to what it reads,
    /// under numbers of its own and ids that are there already. To have handlers of that bus called with its past, let them
    /// begin there: [`SubscriptionBuilder::from`](crate::SubscriptionBuilder::from); to try others, take a
    /// [sandbox](Bus::sandbox).
    pub fn to(self, bus: &Bus) -> Replay<ToBus> {
        self.with(ToBus::new(bus))
    }

    fn with<D>(self, target: D) -> Replay<D> {
        let Self { query, speed, on_failure, progress, control, target: () } = self;
        Replay { query, speed, on_failure, progress, control, target }
    }
}

impl<D> Replay<D> {
    /// How fast: 1.0 is as it was, 10.0 ten times as fast, 0.5 half as fast; `f64::INFINITY`, which it is unless told, waits
    /// for nothing.
    pub fn speed(mut self, times: f64) -> Self {
        self.speed = times;
        self
    }

    /// What to do with an event that fails: [`OnFailure::Stop`] unless told.
    pub fn on_failure(mut self, then: OnFailure) -> Self {
        self.on_failure = then;
        self
    }

    /// Calls a closure whenever so many numbers more of the history are read, and at the end. A panic of it ends there.
    ///
    /// ```
    /// use rem_core::{Bus, Event, Ring};
    ///
    /// let bus = Bus::builder().history(Ring::events(10_000)).build();
    /// let replay = bus.replay("**")?.on_progress(1_000, |progress| eprintln!("{progress}"));
    /// replay.to_handler(|_: &Event| ()).run()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn on_progress(mut self, every: u64, call: impl FnMut(&Progress) + Send + 'static) -> Self {
        self.progress = Some(run::Watcher::new(every, Box::new(call)));
        self
    }

    /// A handle by which another thread, or the handler, pauses the replay, lets it go on and stops it.
    pub fn handle(&self) -> ReplayHandle {
        self.control.handle()
    }
}

impl<D: Target> Replay<D> {
    /// Replays, in this thread, and returns when all is read or it was stopped.
    ///
    /// # Errors
    /// A speed that is none; the bus of the history as the target; a call from within a handler, which would have to wait for
    /// what it holds up; a target that is closed; and, unless told to go on, an event that failed. The error has the report
    /// of what was done until then.
    pub fn run(self) -> Result<ReplayReport, ReplayError> {
        run::here(self)
    }

    /// The same as a future, for any runtime. It hands over some events each time it is polled, and lets others run. Dropped,
    /// it replays no more.
    ///
    /// # Errors
    /// As for [`run`](Self::run), but that it may be awaited in the async handler of a task.
    pub fn run_async(self) -> Replaying<D> {
        Replaying::new(self)
    }
}

impl<D> fmt::Debug for Replay<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replay")
            .field("query", &self.query)
            .field("speed", &self.speed)
            .field("on_failure", &self.on_failure)
            .finish_non_exhaustive()
    }
}

//! [`Runner`], [`Run`]: how a plan is run, and its run.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use rem_core::__private::Alarms;
use rem_core::{Bus, ManualClock, Source};

use crate::error::{RunError, RunErrorKind};
use crate::plan::{Frozen, Plan};
use crate::report::{Counts, Report, Status, status};
use crate::running::{Running, Watched};
use crate::watch::Watch;
use crate::workers::Workers;

/// How a plan is to be run.
///
/// ```
/// use rem_core::{Bus, Event};
/// use rem_partition::{Plan, TaskEvent, Unit, Workers};
///
/// let mut units = Plan::builder();
/// units.add(Unit::new("load").run(|_| Ok(())));
/// let plan = units.build()?;
///
/// let bus = Bus::new();
/// let _log = bus.on(|event: &Event<TaskEvent>| println!("{}: {}", event.topic(), event.data.unit()));
/// plan.runner(&Workers::rayon(2)?).watch(&bus).run()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
#[must_use = "nothing runs until it is told to"]
pub struct Runner {
    plan: Arc<Frozen>,
    workers: Workers,
    bus: Option<Bus>,
    source: Option<Source>,
    clock: Option<ManualClock>,
}

impl Runner {
    pub(crate) fn new(plan: &Plan, workers: &Workers) -> Self {
        let plan = Arc::clone(&plan.0);
        Self { plan, workers: workers.clone(), bus: None, source: None, clock: None }
    }

    /// Publishes what becomes of the units on that bus, as [`TaskEvent`](crate::TaskEvent), and keeps time by its clock.
    ///
    /// Events are published by the threads of the workers, by whoever cancels, and by the timer of a time limit, each before what
    /// it causes: a unit that waits begins when the completion of the other has been published. What nobody listens to costs
    /// next to nothing; a bus that makes publishers wait makes units wait. Each unit takes some 50 bytes more, and, if it tells
    /// no progress, two publishes.
    pub fn watch(mut self, bus: &Bus) -> Self {
        self.bus = Some(bus.clone());
        self
    }

    /// The [source](rem_core::Event::source) of those events, by which runs that share a bus are told apart.
    pub fn source(mut self, source: impl Into<Source>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Keeps time limits, and the times between attempts, by the clock of a test; otherwise by that of the bus that watches, or
    /// the system's.
    pub fn clock(mut self, clock: &ManualClock) -> Self {
        self.clock = Some(clock.clone());
        self
    }

    /// Begins, and does not wait.
    pub fn start(self) -> Run {
        let Self { plan, workers, bus, source, clock } = self;
        let alarms = match (&clock, &bus) {
            (Some(clock), _) => Some(Alarms::by(clock)),
            (None, Some(bus)) => Some(Alarms::of(bus)),
            (None, None) => None,
        };
        let watched = bus.map(|bus| Watched::new(Watch::new(&bus, source), plan.work.len()));
        let run = Arc::new(Running::new(&plan, &workers, alarms, watched));
        run.start();
        Run { run: Some(run) }
    }

    /// Begins, and waits for the end in this thread.
    ///
    /// # Errors
    /// If not all units completed; if this thread is one of those workers, of a pool of rayon. Of other runtimes that is not
    /// known: do not call this in a thread that they need.
    pub fn run(self) -> Result<Report, RunError> {
        if self.workers.is_here() {
            return Err(RunError::new(RunErrorKind::WouldDeadlock, None));
        }
        self.start().wait()
    }
}

impl fmt::Debug for Runner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runner")
            .field("units", &self.plan.work.len())
            .field("workers", &self.workers)
            .field("watched", &self.bus.is_some())
            .finish_non_exhaustive()
    }
}

/// A plan that is being run. As a future it waits for the end, as [`wait`](Self::wait) does.
///
/// Dropping it cancels what has not come to an end; [`detach`](Self::detach) lets it go on.
#[must_use = "dropping it cancels the run"]
pub struct Run {
    /// `None` when its end was told, or it goes on by itself.
    run: Option<Arc<Running>>,
}

impl Run {
    /// Waits for the end in this thread.
    ///
    /// # Errors
    /// If not all units completed; if this thread is one of its workers, of a pool of rayon, which might wait for itself: then it
    /// is cancelled. Of other runtimes that is not known, as for [`Runner::run`]. If the future has told the end already.
    pub fn wait(mut self) -> Result<Report, RunError> {
        let Some(run) = self.run.as_ref() else {
            return Err(RunError::new(RunErrorKind::AlreadyTold, None));
        };
        if run.workers().is_here() && !run.is_over(None) {
            return Err(RunError::new(RunErrorKind::WouldDeadlock, None));
        }
        run.wait();
        let run = Arc::clone(run);
        self.run = None;
        told(run)
    }

    /// Whether all units have come to an end.
    pub fn is_over(&self) -> bool {
        self.run.as_ref().is_none_or(|run| run.is_over(None))
    }

    /// How many units have come to which end so far. Each number is read by itself, so they need not be of one moment. All are 0
    /// when the end was told by the future.
    pub fn counts(&self) -> Counts {
        self.run.as_ref().map(|run| run.counts()).unwrap_or_default()
    }

    /// Where a unit is now; `None` if there is none of that name, or the end was told by the future.
    pub fn status(&self, unit: &str) -> Option<Status> {
        self.run.as_ref().and_then(|run| status(run, unit))
    }

    /// Cancels a unit and all that wait for it, by themselves or by others: whether there is one that had not come to an end.
    ///
    /// One that runs is cancelled at once: its future is dropped where it waits; work that does not wait sees it by
    /// [`Attempt::is_stopped`](crate::Attempt::is_stopped), and what it still gives is thrown away.
    pub fn cancel(&self, unit: &str) -> bool {
        let run = self.run.as_ref();
        run.is_some_and(|run| run.plan.number(unit).is_some_and(|unit| run.cancel(unit)))
    }

    /// Cancels all units that have not come to an end.
    pub fn cancel_all(&self) {
        if let Some(run) = &self.run {
            run.cancel_all();
        }
    }

    /// Lets it go on by itself.
    pub fn detach(mut self) {
        self.run = None;
    }
}

/// What it came to.
fn told(run: Arc<Running>) -> Result<Report, RunError> {
    let report = Report::new(run);
    let counts = report.counts();
    if counts.failed > 0 {
        return Err(RunError::new(RunErrorKind::Failed, Some(report)));
    }
    if counts.cancelled > 0 {
        return Err(RunError::new(RunErrorKind::Cancelled, Some(report)));
    }
    Ok(report)
}

impl Future for Run {
    type Output = Result<Report, RunError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(run) = self.run.clone() else { return Poll::Pending };
        if !run.is_over(Some(cx.waker())) {
            return Poll::Pending;
        }
        self.run = None;
        Poll::Ready(told(run))
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        self.cancel_all();
    }
}

impl fmt::Debug for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run").field("counts", &self.counts()).finish_non_exhaustive()
    }
}

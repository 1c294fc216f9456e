//! [`EventDrivenPartitioner`]: units that come as events, while others run.

mod builder;
mod picture;
mod report;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use rem_core::__private::block_until;
use rem_core::{Bus, Subscription};

use crate::attempt::typed;
use crate::error::{
    OutputError, OutputErrorKind, Refusal, UnitError, UnsettledError, UnsettledErrorKind,
};
use crate::flow::{Flow, Settling};
use crate::report::Status;
use crate::state::State;
use crate::sync::{Mutex, lock};
use crate::unit::UnitRef;
use crate::units::Set;
use crate::workers::Workers;

pub use builder::PartitionerBuilder;
pub use report::{PartitionerReport, PartitionerStats};

/// Takes units from a bus, as events `task.created`, while others run, and tells the bus what becomes of each, as
/// [`TaskEvent`](crate::TaskEvent). A handle; its clones are the same. When the last is dropped, all that has not ended is
/// cancelled: [`close`](Self::close) it.
///
/// A unit comes as [`TaskCreated`](crate::TaskCreated), which names a registered function, or within the process as
/// [`LocalTask`](crate::LocalTask), with a closure. It begins when all that it waits for has completed and a worker is free; of
/// several that are ready that of the highest [priority](crate::UnitBuilder::priority) begins first, then the one that came
/// first; so one of a low priority waits for as long as others come. What it waits for may come after it: until then it is
/// *held*, which is told as `task.held`; if it is held for too long it is *refused*, as `task.refused`. A unit with which
/// something is wrong is refused at once: see [`RefusalKind`](crate::RefusalKind).
///
/// A failure, a panic or a passed time limit skips all units behind the one that failed, also those that come later. Of units
/// that have ended so many are [remembered](PartitionerBuilder::remember), with their outputs; the rest is let go, and what
/// waits for one of those is refused.
///
/// By [resources](crate::UnitBuilder::reads) units wait for those that came before them and have not ended. One that was cancelled
/// or came to its time limit has ended, also when its work, which does not wait and cannot be stopped, still runs: work that
/// writes should look at [`Attempt::is_stopped`](crate::Attempt::is_stopped).
///
/// ```
/// use std::time::Duration;
///
/// use rem_core::Bus;
/// use rem_partition::{EventDrivenPartitioner, Unit, Workers};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize)]
/// struct Count {
///     text: String,
/// }
///
/// let bus = Bus::new();
/// let partitioner = EventDrivenPartitioner::builder(&bus, &Workers::rayon(2)?)
///     .register("count", |args: &Count, _| Ok(args.text.len()))
///     .register("add", |names: &Vec<String>, attempt| {
///         names.iter().try_fold(0, |sum, name| Ok(sum + *attempt.output_of::<usize>(name)?))
///     })
///     .attach()?;
///
/// let parts = ["one", "three"];
/// bus.publish(Unit::new("sum").after_all(parts).call("add", &parts)?)?; // what it waits for comes later
/// for part in parts {
///     bus.publish(Unit::new(part).call("count", &Count { text: part.to_owned() })?)?;
/// }
/// partitioner.settled_within(Duration::from_secs(5))?;
/// assert_eq!(*partitioner.output_of::<usize>("sum")?, 8);
/// assert!(partitioner.close(Duration::from_secs(5)).is_complete());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Cost
/// A unit that comes, begins or ends takes one lock, which all share, for the time of a look-up for each unit that it waits for
/// by itself or that waits for it. Only for one that was waited for before it came all that stands behind it is looked at, for
/// a cycle. It is taken in the thread that publishes it, where its arguments are read too.
#[derive(Clone)]
pub struct EventDrivenPartitioner(Arc<Handle>);

struct Handle {
    flow: Arc<Flow>,
    bus: Bus,
    subscriptions: Mutex<Vec<Subscription>>,
}

impl EventDrivenPartitioner {
    /// A partitioner in the making, of what is published on that bus and below it.
    pub fn builder(bus: &Bus, workers: &Workers) -> PartitionerBuilder {
        PartitionerBuilder::new(bus, workers)
    }

    /// The bus that it is attached to.
    pub fn bus(&self) -> &Bus {
        &self.0.bus
    }

    /// Where a unit is, or how it ended; `None` if there is none of that name, or it is not remembered.
    pub fn status(&self, unit: &str) -> Option<Status> {
        self.0.flow.units.step(|units| {
            let (known, _) = units.find(unit)?;
            let because = || known.because().cloned();
            Some(match known.state() {
                State::Waiting => match units.unknown(known.number) {
                    [] => Status::Waiting,
                    unknown => Status::Held { waits_for: unknown.to_vec() },
                },
                State::Ready => Status::Waiting,
                State::Running => Status::Running,
                State::Paused => Status::Paused,
                State::Completed => Status::Completed,
                State::Failed => Status::Failed,
                State::Skipped => Status::Skipped { because: because().unwrap_or_default() },
                State::Cancelled => Status::Cancelled { because: because() },
                State::Refused => Status::Refused,
            })
        })
    }

    /// What a unit gave, shared and not copied.
    ///
    /// # Errors
    /// If there is none of that name, it has not completed, it is not remembered, or its output is of another type.
    pub fn output<T: Send + Sync + 'static>(
        &self,
        unit: &UnitRef<T>,
    ) -> Result<Arc<T>, OutputError> {
        self.output_of(unit.name())
    }

    /// The same by its name.
    ///
    /// # Errors
    /// As for [`output`](Self::output).
    pub fn output_of<T: Send + Sync + 'static>(&self, unit: &str) -> Result<Arc<T>, OutputError> {
        let output = self.0.flow.units.step(|units| match units.find(unit) {
            Some((known, _)) if known.state() == State::Completed => Ok(known.output().cloned()),
            Some(_) => Err(OutputErrorKind::NotCompleted),
            None if units.is_gone(unit) => Err(OutputErrorKind::LetGo),
            None => Err(OutputErrorKind::Unknown),
        });
        typed(output.map_err(|kind| OutputError::new(kind, unit))?, unit)
    }

    /// How many units there are, at one moment.
    pub fn stats(&self) -> PartitionerStats {
        PartitionerStats::of(&self.0.flow)
    }

    /// The errors of the units that failed last, up to 100, in the order in which they did.
    pub fn failures(&self) -> Vec<UnitError> {
        self.0.flow.log.failures()
    }

    /// Why units were refused last, up to 100, in that order.
    pub fn refusals(&self) -> Vec<Refusal> {
        self.0.flow.log.refusals()
    }

    /// Cancels a unit and all that wait for it, by themselves or by others, also those that come later: whether there is one
    /// that had not ended. One that runs is cancelled as by [`Run::cancel`](crate::Run::cancel).
    pub fn cancel(&self, unit: &str) -> bool {
        let flow = &self.0.flow;
        let number = flow.units.step(|units| units.find(unit).map(|(known, _)| known.number));
        number.is_some_and(|number| flow.cancel(number))
    }

    /// Cancels all units that came before this call and have not ended. Others may come.
    pub fn cancel_all(&self) {
        self.0.flow.cancel_all();
    }

    /// Ready when there is a moment in which no unit is open: all that came have ended, and that was told. A unit that is held
    /// is open, until what it waits for has come or its time is over.
    pub fn settled(&self) -> Settled {
        Settled(Settling::new(&self.0.flow))
    }

    /// The same in this thread, at most so long.
    ///
    /// # Errors
    /// When the limit comes first, with the names of units that have not ended; at once in a thread of the workers' pool of rayon,
    /// which might wait for itself (of other runtimes that is not known).
    pub fn settled_within(&self, limit: Duration) -> Result<(), UnsettledError> {
        let is_here = self.0.flow.workers().is_here();
        let kind =
            if is_here { UnsettledErrorKind::WouldDeadlock } else { UnsettledErrorKind::Late };
        self.0.wait(limit).ok_or_else(|| self.unsettled(kind))
    }

    fn unsettled(&self, kind: UnsettledErrorKind) -> UnsettledError {
        self.0.flow.units.step(|units| {
            let (mut oldest, mut from) = (Vec::new(), 0);
            while oldest.len() < UnsettledError::SHOWN
                && let Some(number) = units.next_open(from)
            {
                oldest.extend(units.name(number));
                from = number + 1;
            }
            UnsettledError::new(kind, units.numbers().open, oldest)
        })
    }

    /// Comes to an end: nothing more is taken; what is held is refused, for what it waits for cannot come any more; what has
    /// come is run. At the limit the rest is cancelled, and the report says how much that is. The bus goes on.
    ///
    /// In a thread of the workers' pool of rayon, which might wait for itself, it does not wait, as if the limit had come.
    pub fn close(&self, limit: Duration) -> PartitionerReport {
        self.0.take_no_more();
        let _ = self.0.wait(limit);
        let cancelled = self.0.flow.cancel_all();
        PartitionerReport::of(&self.0.flow, cancelled)
    }

    /// The same in async code, with no limit: put a timeout of yours around it. Dropped before it is ready, it goes on with what
    /// has come, and takes no more.
    pub async fn close_async(&self) -> PartitionerReport {
        self.0.take_no_more();
        Settling::new(&self.0.flow).await;
        PartitionerReport::of(&self.0.flow, 0)
    }
}

impl Handle {
    /// Waits until no unit is open; `None` if the limit came first.
    fn wait(&self, limit: Duration) -> Option<()> {
        let limit = if self.flow.workers().is_here() { Duration::ZERO } else { limit };
        block_until(Settling::new(&self.flow), Instant::now().checked_add(limit))
    }

    fn take_no_more(&self) {
        let subscriptions = std::mem::take(&mut *lock(&self.subscriptions));
        subscriptions.into_iter().for_each(Subscription::end);
        // A handler that is under way is refused what it brings.
        self.flow.units.step(Set::close);
        let mut from = 0;
        while let Some(number) = self.flow.units.step(|units| units.next_open(from)) {
            self.flow.give_up(number, "which had not come when the partitioner was closed");
            from = number + 1;
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.take_no_more();
        self.flow.cancel_all();
    }
}

impl fmt::Debug for EventDrivenPartitioner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventDrivenPartitioner")
            .field("bus", &self.0.bus)
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}

/// Ready when no unit is open: see [`EventDrivenPartitioner::settled`].
#[must_use = "it waits for nothing until it is polled"]
pub struct Settled(Settling);

impl Future for Settled {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.0).poll(cx)
    }
}

impl fmt::Debug for Settled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settled").finish_non_exhaustive()
    }
}

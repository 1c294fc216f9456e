//! [`Projector`]: the handle of a projection that is kept up to date.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rem_core::{Follow, Timestamp};

use crate::builder::ProjectorBuilder;
use crate::fold::quietly;
use crate::policy::Skipped;
use crate::shared::{Order, Shared, lock};
use crate::view::View;
use crate::{Projection, ProjectionError, WaitError};

/// How long it is waited at once for a number that nobody may ring for: that of an event that is not selected.
const MOMENT: Duration = Duration::from_millis(1);
/// How often others are let run first, for an event that is about to be written.
const YIELDS: u32 = 32;

/// A projection that follows a bus: it catches up from the history, goes on with what is published, and keeps its position. A
/// handle; its clones are the same. With the last of them it ends.
///
/// Events are folded in the order of their numbers, whoever published them, so that the state at a number is one and the
/// same whenever it is asked for. A thread of its own folds, and so does whoever waits in
/// [`wait_for`](Self::wait_for), if that thread is not at it. Publishers do not wait for it; it reads the history, and
/// has no queue that could overflow.
///
/// Readers see whole states: those behind a page of events, and always the newest when all is read. They take no lock and
/// wait for nobody, and nobody waits for them.
pub struct Projector<P: Projection>(Arc<Inner<P>>);

pub(crate) struct Inner<P: Projection> {
    pub(crate) shared: Arc<Shared<P>>,
    /// From which those that read the past are made.
    pub(crate) past: Mutex<Follow<P::Event>>,
    life: Mutex<Option<JoinHandle<()>>>,
}

/// What a projector is doing.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Status {
    /// It reads the past.
    CatchingUp,
    /// All is folded that is published.
    Live,
    /// It stands still, and readers see the last state.
    Failed(Arc<ProjectionError>),
    /// The bus is closed or gone, and all is folded.
    Ended,
    /// It was told to stop.
    Stopped,
}

/// Where a projector stands, for people and tools to look at.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Report {
    /// Its name.
    pub name: Box<str>,
    /// What it is doing.
    pub status: Status,
    /// All up to this number is in the state.
    pub position: u64,
    /// The last number that was given out.
    pub last: u64,
    /// The latest time of the events in the state.
    pub time: Timestamp,
    /// Events that it went on without, by number.
    pub skipped: Arc<BTreeMap<u64, Skipped>>,
    /// How many events the history had let go, where it may miss some.
    pub missed: u64,
    /// What was wrong with its snapshots, the last time, as text.
    pub trouble: Option<Box<str>>,
}

impl<P: Projection> Projector<P> {
    /// A projector in the making, of that name: snapshots are kept under it, and `state.changed.<name>` tells of it.
    pub fn builder(name: impl Into<Box<str>>) -> ProjectorBuilder<P> {
        ProjectorBuilder::new(name.into())
    }

    pub(crate) fn new(
        shared: Arc<Shared<P>>,
        past: Follow<P::Event>,
        life: JoinHandle<()>,
    ) -> Self {
        Self(Arc::new(Inner { shared, past: Mutex::new(past), life: Mutex::new(Some(life)) }))
    }

    pub(crate) fn inner(&self) -> &Inner<P> {
        &self.0
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.0.shared.name
    }

    /// The state as it is now, whole. It costs some nanoseconds, takes no lock and waits for nobody.
    #[inline]
    pub fn state(&self) -> View<P> {
        View::new(self.0.shared.view.load())
    }

    /// All up to this number is in the state that readers see.
    pub fn position(&self) -> u64 {
        self.0.shared.view.load().sequence
    }

    /// The last number that was given out, whoever has it.
    pub(crate) fn last(&self) -> u64 {
        lock(&self.0.past).last()
    }

    /// What it is doing.
    pub fn status(&self) -> Status {
        self.0.shared.status()
    }

    /// Where it stands.
    pub fn report(&self) -> Report {
        let shared = &self.0.shared;
        Report {
            name: shared.name.clone(),
            status: shared.status(),
            position: self.position(),
            last: self.last(),
            time: shared.time(),
            skipped: shared.skipped(),
            missed: shared.missed.load(Ordering::Relaxed),
            trouble: lock(&shared.trouble).as_ref().map(|trouble| trouble.to_string().into()),
        }
    }

    /// Waits until all up to that number is in the state, and returns it: so one reads one's own write, by
    /// [`Receipt::sequence`](rem_core::Receipt::sequence).
    ///
    /// If the projector's thread is not at it, the waiting thread folds itself, and waits out the pauses of
    /// [`OnFailure`](crate::OnFailure). The limit ends both; it is looked at behind each page of at most 256 events, and may be
    /// passed by what those, and a copy of the state, take.
    ///
    /// # Errors
    /// If the limit comes first, the projector stands still or has ended.
    pub fn wait_for(&self, sequence: u64, limit: Duration) -> Result<View<P>, WaitError> {
        let begun = Instant::now();
        let until = begun.checked_add(limit);
        let shared = &self.0.shared;
        let mut looks = 0;
        loop {
            let view = self.state();
            if view.sequence() >= sequence {
                return Ok(view);
            }
            let at = view.sequence();
            drop(view);
            let over = || WaitError::Over { name: shared.name.clone(), wanted: sequence, at };
            match shared.status() {
                Status::Failed(error) => return Err(WaitError::Failed(error)),
                Status::Ended | Status::Stopped => return Err(over()),
                Status::CatchingUp | Status::Live => {}
            }
            let left =
                until.map_or(MOMENT, |until| until.saturating_duration_since(Instant::now()));
            if left.is_zero() {
                let name = shared.name.clone();
                return Err(WaitError::TimedOut { name, limit, wanted: sequence, at });
            }
            let moment = Instant::now().checked_add(left.min(MOMENT));
            if let Some((mut worker, orders)) = shared.take(moment) {
                let status = worker.run(shared, orders, sequence, until);
                if matches!(status, Status::Ended) {
                    quietly(worker);
                    shared.end(status);
                    shared.stop();
                } else {
                    shared.put(worker, status);
                }
                if self.position() < sequence {
                    looks += 1;
                    if looks < YIELDS {
                        thread::yield_now();
                    } else {
                        shared.wait_a_moment(left.min(MOMENT));
                    }
                }
            }
        }
    }

    /// Tries again where it stands still.
    pub fn resume(&self) {
        self.0.shared.order(Order::Resume);
    }

    /// Ends it, and waits until its thread is over; what it held of its store is let go with the last handle. Readers keep the
    /// last state.
    pub fn stop(&self) {
        self.0.shared.stop();
        let life = lock(&self.0.life).take();
        if let Some(life) = life.filter(|life| life.thread().id() != thread::current().id()) {
            let _ = life.join(); // its panics are caught in it
        }
    }
}

impl<P: Projection> Clone for Projector<P> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<P: Projection> Drop for Inner<P> {
    fn drop(&mut self) {
        self.shared.stop();
    }
}

impl<P: Projection> fmt::Debug for Projector<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Projector")
            .field("name", &self.name())
            .field("position", &self.position())
            .field("status", &self.status())
            .finish_non_exhaustive()
    }
}

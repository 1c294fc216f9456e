//! [`Prepared`]: a task that has all it needs, and no event yet.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use super::call::Attempt;
use super::crew::{Crew, From, Past};
use super::staff::Staff;
use super::worker::{At, work};
use super::{Desk, TaskFuture};
use crate::bus::State;
use crate::durable::{Reading, Turns};
use crate::error::SubscribeError;
use crate::subscription::{CatchUp, Entry, Outcome, Subscription};
use crate::sync::{Mutex, lock};

/// A task that has all it needs, and no event yet: of several that are made together, all begin or none.
///
/// Its workers are [spawned](Self::spawn) first, which may fail; they find nothing to do until it [begins](Self::begin),
/// which cannot. Dropped before, it ends.
pub(crate) struct Prepared {
    bus: Arc<State>,
    entry: Arc<Entry>,
    desk: Arc<Desk>,
    /// Makes the worker of that number, with the type of the handler forgotten.
    worker: Box<dyn Fn(u32) -> TaskFuture>,
    /// What it reads, and where its workers look for that.
    ahead: Option<(Ahead, From)>,
    /// It has no calls to make.
    is_over: bool,
    has_begun: bool,
}

/// What a task reads, and not from its queue.
pub(super) enum Ahead {
    Past(Box<CatchUp>),
    History(Box<Reading>),
}

impl Prepared {
    pub(super) fn new<H, F>(
        bus: Arc<State>,
        entry: Arc<Entry>,
        staff: Staff,
        handler: H,
        calls: Option<u64>,
        ahead: Option<Ahead>,
    ) -> Self
    where
        H: Fn(&Attempt<'_>) -> Option<F> + Send + Sync + 'static,
        F: Future<Output: Outcome> + Send + 'static,
    {
        let desk = Arc::clone(&staff.desk);
        // To the workers it is as if another read it.
        let from = match &ahead {
            None => From::Queue,
            Some(Ahead::Past(_)) => From::Past(Arc::new(Mutex::new(Past::Read))),
            Some(Ahead::History(_)) => From::History(Arc::new(Turns::new())),
        };
        let ahead = ahead.map(|ahead| (ahead, from.clone()));
        let crew = Arc::new(Crew::new(staff, handler, calls, from));
        let worker = move |number| -> TaskFuture { Box::pin(work::<H, F>(At::new(&crew, number))) };
        let is_over = calls == Some(0);
        Self { bus, entry, desk, worker: Box::new(worker), ahead, is_over, has_begun: false }
    }

    /// Gives its workers to the bus's spawner.
    pub(crate) fn spawn(&self) -> Result<(), SubscribeError> {
        let spawners = &self.bus.core.spawners;
        (0..self.desk.concurrency).try_for_each(|number| spawners.spawn((self.worker)(number)))
    }

    /// Lets events reach it: those of the past first, if it is to read them.
    pub(crate) fn begin(mut self) -> Subscription {
        self.has_begun = true;
        let (core, entry) = (&self.bus.core, Arc::clone(&self.entry));
        let guard = match self.ahead {
            None => Subscription::new(core, entry),
            Some(_) => Subscription::outside(core, entry),
        };
        if self.is_over {
            self.entry.end();
        }
        self.bus.finish_late(&self.desk.channel);
        if let Some(progress) = self.entry.progress() {
            progress.begin();
        }
        self.read_ahead();
        guard
    }

    /// Lets the workers have what they read, which they let go if the task has ended.
    fn read_ahead(&mut self) {
        match self.ahead.take() {
            Some((Ahead::Past(past), From::Past(shared))) => *lock(&shared) = Past::Here(past),
            Some((Ahead::History(reading), From::History(turns))) => turns.begin(reading),
            _ => return,
        }
        self.desk.channel.wake_readers();
    }
}

impl Drop for Prepared {
    fn drop(&mut self) {
        if !self.has_begun {
            self.entry.end();
            self.read_ahead();
        }
    }
}

impl fmt::Debug for Prepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prepared")
            .field("entry", &self.entry)
            .field("desk", &self.desk)
            .finish_non_exhaustive()
    }
}

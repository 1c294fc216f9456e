//! [`Shared`]: what a projector's handles, its thread and whoever waits share.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use rem_core::__private::Alarms;
use rem_core::{Nudge, Timestamp};

use crate::fold::quietly;
use crate::policy::Skipped;
use crate::rebuild::Switch;
use crate::slot::Slot;
use crate::snapshots::Snapshots;
use crate::view::Stand;
use crate::waiters::Waiters;
use crate::worker::Worker;
use crate::{OnFailure, Projection, SnapshotError, Status};

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) struct Shared<P: Projection> {
    pub(crate) name: Box<str>,
    /// Of what the state was folded.
    pub(crate) initial: ArcSwap<P>,
    pub(crate) policy: OnFailure,
    /// What readers see.
    pub(crate) view: ArcSwap<Stand<P>>,
    pub(crate) nudge: Nudge,
    /// Who waits for a number in async code.
    pub(crate) waiters: Waiters,
    /// By which they know that it takes too long: the system's clock, for it is no event that they wait for.
    pub(crate) alarms: Alarms,
    /// Who folds, unless somebody has it at work: the projector's thread, or whoever waits.
    slot: Slot<Box<Worker<P>>, Order<P>, Status>,
    pub(crate) stopped: AtomicBool,
    pub(crate) snapshots: Snapshots<P>,
    pub(crate) tags: Mutex<HashMap<Box<str>, Arc<Stand<P>>>>,
    /// Events that it went on without, by number.
    pub(crate) skipped: Mutex<Arc<BTreeMap<u64, Skipped>>>,
    pub(crate) missed: AtomicU64,
    pub(crate) rebuilding: AtomicBool,
    pub(crate) trouble: Mutex<Option<SnapshotError>>,
}

/// The worker, and what it was asked for.
pub(crate) type Taken<P> = (Box<Worker<P>>, Vec<Order<P>>);

/// What the worker is asked for, by who has not got it.
pub(crate) enum Order<P> {
    Resume,
    /// Go on with another state, which was folded anew.
    Switch(Box<Switch<P>>),
}

impl<P: Projection> Shared<P> {
    pub(crate) fn new(
        name: Box<str>,
        initial: P,
        policy: OnFailure,
        start: Stand<P>,
        nudge: Nudge,
        snapshots: Snapshots<P>,
        trouble: Option<SnapshotError>,
    ) -> Self {
        Self {
            name,
            initial: ArcSwap::from_pointee(initial),
            policy,
            view: ArcSwap::from_pointee(start),
            nudge,
            waiters: Waiters::default(),
            alarms: Alarms::system(),
            slot: Slot::new(Status::CatchingUp),
            stopped: AtomicBool::new(false),
            snapshots,
            tags: Mutex::default(),
            skipped: Mutex::default(),
            missed: AtomicU64::new(0),
            rebuilding: AtomicBool::new(false),
            trouble: Mutex::new(trouble),
        }
    }

    pub(crate) fn status(&self) -> Status {
        self.slot.status()
    }

    pub(crate) fn skipped(&self) -> Arc<BTreeMap<u64, Skipped>> {
        Arc::clone(&lock(&self.skipped))
    }

    pub(crate) fn order(&self, order: Order<P>) {
        let resumes = matches!(order, Order::Resume);
        // To go on twice is to go on.
        let same = |last: &Order<P>| resumes && matches!(last, Order::Resume);
        quietly(self.slot.order(order, same));
        self.nudge.now();
    }

    /// Takes the worker, with what it was asked for; waits for it at most so long, and not when it has ended.
    pub(crate) fn take(&self, until: Option<Instant>) -> Option<Taken<P>> {
        self.slot.take(until)
    }

    /// Gives the worker back. Orders that came meanwhile are the thread's.
    pub(crate) fn put(&self, worker: Box<Worker<P>>, status: Status) {
        let is_failed = matches!(status, Status::Failed(_));
        match self.slot.put(worker, status) {
            Ok(has_orders) => {
                if is_failed {
                    self.waiters.wake_all();
                }
                if has_orders {
                    self.nudge.now();
                }
            }
            Err(worker) => quietly(worker), // it was told to stop meanwhile
        }
    }

    /// The end of the worker: nothing will move any more.
    pub(crate) fn end(&self, status: Status) {
        self.slot.end(status);
        self.waiters.wake_all();
    }

    /// Waits until something has moved, a moment at most.
    pub(crate) fn wait_a_moment(&self, limit: Duration) {
        self.slot.wait_a_moment(limit, || false);
    }

    /// The same, and not at all when it is to stop.
    pub(crate) fn pause(&self, limit: Duration) {
        self.slot.wait_a_moment(limit, || self.stopped.load(Ordering::Acquire));
    }

    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::Release);
        self.nudge.now();
        self.slot.wake();
    }

    #[cfg(all(test, not(rem_loom)))]
    pub(crate) fn has_orders(&self) -> bool {
        self.slot.has_orders()
    }

    /// The latest time of what is in the state.
    pub(crate) fn time(&self) -> Timestamp {
        self.view.load().time
    }
}

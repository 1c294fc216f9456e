//! [`Shared`]: what a projector's handles, its thread and whoever waits share.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use rem_core::__private::Alarms;
use rem_core::{Nudge, Timestamp};

use crate::policy::Skipped;
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
    /// Who folds, unless somebody has it at work: the projector's thread, or whoever waits. No lock is held meanwhile.
    slot: Mutex<Slot<P>>,
    /// It is back, or there is a new view.
    moved: Condvar,
    pub(crate) stopped: AtomicBool,
    pub(crate) snapshots: Snapshots<P>,
    pub(crate) tags: Mutex<HashMap<Box<str>, Arc<Stand<P>>>>,
    /// Events that it went on without, by number.
    pub(crate) skipped: Mutex<Arc<BTreeMap<u64, Skipped>>>,
    pub(crate) missed: AtomicU64,
    pub(crate) rebuilding: AtomicBool,
    pub(crate) trouble: Mutex<Option<SnapshotError>>,
}

struct Slot<P: Projection> {
    worker: Option<Box<Worker<P>>>,
    status: Status,
    orders: Vec<Order<P>>,
}

/// The worker, and what it was asked for.
pub(crate) type Taken<P> = (Box<Worker<P>>, Vec<Order<P>>);

/// What the worker is asked for, by who has not got it.
pub(crate) enum Order<P> {
    Resume,
    /// Go on with this state, which was folded anew of that; say so when readers see it.
    Switch(Stand<P>, Arc<P>, Arc<AtomicBool>),
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
        let slot = Slot { worker: None, status: Status::CatchingUp, orders: Vec::new() };
        Self {
            name,
            initial: ArcSwap::from_pointee(initial),
            policy,
            view: ArcSwap::from_pointee(start),
            nudge,
            waiters: Waiters::default(),
            alarms: Alarms::system(),
            slot: Mutex::new(slot),
            moved: Condvar::new(),
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
        lock(&self.slot).status.clone()
    }

    pub(crate) fn skipped(&self) -> Arc<BTreeMap<u64, Skipped>> {
        Arc::clone(&lock(&self.skipped))
    }

    pub(crate) fn order(&self, order: Order<P>) {
        lock(&self.slot).orders.push(order);
        self.nudge.now();
    }

    /// Takes the worker, with what it was asked for; waits for it at most so long.
    pub(crate) fn take(&self, until: Option<Instant>) -> Option<Taken<P>> {
        let mut slot = lock(&self.slot);
        loop {
            if let Some(worker) = slot.worker.take() {
                return Some((worker, std::mem::take(&mut slot.orders)));
            }
            slot = match until {
                None => self.moved.wait(slot).unwrap_or_else(PoisonError::into_inner),
                Some(until) => {
                    let left = until.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return None;
                    }
                    self.moved.wait_timeout(slot, left).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }

    /// Gives the worker back. Orders that came meanwhile are the thread's.
    pub(crate) fn put(&self, worker: Box<Worker<P>>, status: Status) {
        let mut slot = lock(&self.slot);
        slot.worker = Some(worker);
        let is_failed = matches!(status, Status::Failed(_));
        slot.status = status;
        let has_orders = !slot.orders.is_empty();
        drop(slot);
        self.moved.notify_all();
        if is_failed {
            self.waiters.wake_all();
        }
        if has_orders {
            self.nudge.now();
        }
    }

    /// The end of the worker: nothing will move any more.
    pub(crate) fn end(&self, status: Status) {
        lock(&self.slot).status = status;
        self.moved.notify_all();
        self.waiters.wake_all();
    }

    /// Waits until something has moved, a moment at most.
    pub(crate) fn wait_a_moment(&self, limit: Duration) {
        let slot = lock(&self.slot);
        drop(self.moved.wait_timeout(slot, limit).unwrap_or_else(PoisonError::into_inner));
    }

    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::Release);
        self.nudge.now();
        self.moved.notify_all();
    }

    /// The latest time of what is in the state.
    pub(crate) fn time(&self) -> Timestamp {
        self.view.load().time
    }
}

//! [`Probe`]: told how long handlers take, as long as somebody looks; and what of a history is lent to who looks.
//!
//! With nobody looking the way of an event is what it would be without all this: a route knows whether its handlings are
//! measured, and who goes it without care never asks.

use std::fmt;
use std::ops::RangeInclusive;
use std::panic::Location;
use std::sync::{Arc, Weak};
use std::time::Duration;

use rem_patterns::{IntoPattern, Pattern};

use crate::bus::{Bus, Core};
use crate::clock::Timestamp;
use crate::error::SubscribeError;
use crate::event::Event;
use crate::history::Follow;
use crate::subscription::{About, Called, SubscriptionId};
use crate::sync::atomic::{AtomicBool, Ordering};
use crate::sync::{self, Mutex, lock};

/// Told of the calls of handlers. It is asked and told in the threads that call them, under no lock, and so it must not wait.
pub trait Probe: Send + Sync {
    /// Whether the next call is to be measured: two looks at a clock and one call of [`handled`](Self::handled).
    fn wants(&self) -> bool;

    /// A call is over that was wanted.
    fn handled(&self, handled: &Handled<'_>);
}

/// A call of a handler that is over.
#[derive(Debug, Clone, Copy)]
pub struct Handled<'a> {
    /// With which event.
    pub event: &'a Event,
    /// Whose handler.
    pub subscription: SubscriptionId,
    /// Which call of it with that event, 1 for the first.
    pub attempt: u32,
    /// From its beginning to its end; what an async handler waits for is in it.
    pub took: Duration,
    /// What it failed with, and whether that was a panic.
    pub error: Option<(&'a str, bool)>,
}

/// Who is told of the handlings of a root bus and all below it.
#[derive(Default)]
pub(crate) struct Probes {
    /// Whether there is anybody: all that a task looks at.
    is_on: AtomicBool,
    all: Mutex<Option<Measure>>,
}

/// Who is told, as routes hold it.
#[derive(Clone)]
pub(crate) struct Measure(Arc<[Arc<dyn Probe>]>);

impl Probes {
    /// Whether there is anybody.
    #[inline]
    pub(crate) fn is_on(&self) -> bool {
        self.is_on.load(Ordering::Relaxed)
    }

    /// Who there is.
    pub(crate) fn all(&self) -> Option<Measure> {
        lock(&self.all).clone()
    }

    fn change(&self, change: impl FnOnce(&mut Vec<Arc<dyn Probe>>)) {
        let mut all = lock(&self.all);
        let mut probes = all.as_ref().map_or_else(Vec::new, |all| all.0.to_vec());
        change(&mut probes);
        self.is_on.store(!probes.is_empty(), Ordering::Relaxed);
        let is_any = !probes.is_empty();
        let before = std::mem::replace(&mut *all, is_any.then(|| Measure(probes.into())));
        drop(all);
        drop(before); // under no lock
    }
}

impl Measure {
    /// Whether the next call is to be measured.
    pub(crate) fn wants(&self) -> bool {
        self.0.iter().any(|probe| probe.wants())
    }

    pub(crate) fn tell(&self, handled: &Handled<'_>) {
        self.0.iter().for_each(|probe| probe.handled(handled));
    }

    /// Calls a handler, and tells how long that took if there is somebody who wants to know.
    pub(crate) fn of(
        measure: Option<&Self>,
        event: &Event,
        about: &About,
        call: impl FnOnce() -> Result<Called, Box<str>>,
    ) -> Result<Called, Box<str>> {
        let Some(measure) = measure.filter(|measure| measure.wants()) else { return call() };
        let begun = sync::now();
        let said = call();
        let took = sync::now().saturating_duration_since(begun);
        let error = match &said {
            Ok(Called::Done) => None,
            Ok(Called::Failed(error)) => Some((&***error, false)),
            Err(panic) => Some((&**panic, true)),
            // Nobody was called.
            Ok(Called::Mismatched | Called::Passed | Called::Later | Called::Had) => return said,
        };
        measure.tell(&Handled { event, subscription: about.id, attempt: 1, took, error });
        said
    }
}

impl fmt::Debug for Probes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Probes").field("on", &self.is_on()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Measure").field(&self.0.len()).finish()
    }
}

/// Has a probe told of handlings, until it is dropped. It does not keep the bus.
pub struct Probing {
    core: Weak<Core>,
    probe: Arc<dyn Probe>,
}

impl Probing {
    /// Of the bus, its parents and all below them: of every handler that is called from now on.
    pub fn begin(bus: &Bus, probe: Arc<dyn Probe>) -> Self {
        let core = &bus.state().core;
        core.router.probes.change(|probes| probes.push(Arc::clone(&probe)));
        core.router.touch();
        Self { core: Arc::downgrade(core), probe }
    }
}

impl Drop for Probing {
    fn drop(&mut self) {
        let Some(core) = self.core.upgrade() else { return };
        core.router.probes.change(|probes| {
            probes.retain(|probe| !Arc::ptr_eq(probe, &self.probe));
        });
        core.router.touch();
    }
}

impl fmt::Debug for Probing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Probing").finish_non_exhaustive()
    }
}

/// The numbers that can be read of a bus's history, which is that of its root: `None` without one, and if nothing was recorded.
/// The range is empty, and its end the last number, if all was let go.
pub fn readable(bus: &Bus) -> Option<RangeInclusive<u64>> {
    bus.state().core.history.as_ref()?.readable()
}

/// The history, to be read forwards behind a number by who looks from time to time: no publisher knows of it.
///
/// # Errors
/// A pattern that is none or cannot lie below the bus's prefix, a closed bus, and one without history.
#[track_caller]
pub fn past(bus: &Bus, pattern: impl IntoPattern, after: u64) -> Result<Follow, SubscribeError> {
    Follow::unheard(bus, pattern, after, Location::caller())
}

/// What the history has let go of these numbers, as far as the pattern, from the root, may have selected it.
pub fn lost(bus: &Bus, gap: RangeInclusive<u64>, by: &Pattern) -> Option<RangeInclusive<u64>> {
    bus.state().core.history.as_ref()?.lost(gap, by)
}

/// The last number that was given out, whichever bus below the root it was for.
pub fn last(bus: &Bus) -> u64 {
    bus.state().core.last_sequence()
}

/// The time by the bus's clock.
pub fn now(bus: &Bus) -> Timestamp {
    bus.state().core.clock.now()
}

/// A subscription by its number, as it is displayed.
pub fn number(subscription: SubscriptionId) -> u64 {
    subscription.0
}

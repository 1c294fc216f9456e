//! [`Rebuild`]: the state folded anew beside the live one.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use rem_core::Followed;

use crate::fold::{fold, isolate, quietly};
use crate::policy::Skipped;
use crate::shared::{Order, Shared, lock};
use crate::view::Stand;
use crate::{FoldError, Projection, Projector, RebuildError};

/// How many events are read at once.
const PAGE: usize = 256;

/// A rebuild under way: see [`Projector::rebuild`]. Dropping it lets it go on.
#[must_use = "it says whether the rebuild came to its end"]
pub struct Rebuild<P: Projection> {
    shared: Arc<Shared<P>>,
    its: Arc<Its>,
}

/// What a rebuild and whoever waits for it share.
#[derive(Default)]
pub(crate) struct Its {
    read: AtomicU64,
    of: AtomicU64,
    is_cancelled: AtomicBool,
    /// Readers see the new state.
    pub(crate) is_done: AtomicBool,
    failed: OnceLock<RebuildError>,
    is_over: AtomicBool,
}

impl Its {
    /// Readers will not see the new state.
    pub(crate) fn fail(&self, error: RebuildError) {
        let _ = self.failed.set(error);
    }
}

/// A state that was folded anew, for whoever folds to go on with.
pub(crate) struct Switch<P> {
    /// `None` when it is gone on with.
    pub(crate) stand: Option<Stand<P>>,
    /// Where it stood.
    pub(crate) from: u64,
    /// Of what it was folded.
    pub(crate) initial: Arc<P>,
    /// Events that it went on without, by number.
    pub(crate) skipped: BTreeMap<u64, Skipped>,
    pub(crate) its: Arc<Its>,
}

/// How far a rebuild is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// Up to which number it has read.
    pub read: u64,
    /// Up to which number there is something to read, now.
    pub of: u64,
    /// Readers see the new state.
    pub done: bool,
}

impl<P: Projection> Projector<P> {
    /// Folds all of the history anew, from `initial`, beside the live state, which goes on meanwhile; when the new one has come
    /// as far as that, readers see it instead. Snapshots are forgotten then, for they are of the old one. If it cannot come so far,
    /// all stays as it was.
    ///
    /// Skipped events are tried again, each once, and skipped again if the policy says so. A projector that stands still goes on
    /// from the new state. Tags keep the states that they were given to.
    ///
    /// # Errors
    /// While another is under way, and where the history does not go back to the beginning.
    pub fn rebuild(&self, initial: P) -> Result<Rebuild<P>, RebuildError> {
        let shared = Arc::clone(&self.inner().shared);
        let mut follow = lock(&self.inner().past).again(0);
        if let Some(gone) = follow.missing() {
            let (from, to) = gone.into_inner();
            return Err(RebuildError::BeforeHistory { name: shared.name.clone(), from, to });
        }
        if shared.rebuilding.swap(true, Ordering::AcqRel) {
            return Err(RebuildError::UnderWay { name: shared.name.clone() });
        }
        let its = Arc::new(Its::default());
        let rebuild = Rebuild { shared: Arc::clone(&shared), its: Arc::clone(&its) };
        let run = move || {
            let initial = Arc::new(initial);
            let result = run::<P>(&shared, &its, &mut follow, &initial);
            let result = result.and_then(|(stand, skipped)| {
                let (from, stand) = (stand.sequence, Some(stand));
                let switch = Switch { stand, from, initial, skipped, its: Arc::clone(&its) };
                shared.order(Order::Switch(Box::new(switch)));
                while !its.is_done.load(Ordering::Acquire) && its.failed.get().is_none() {
                    if shared.stopped.load(Ordering::Acquire) || follow.is_over() {
                        return Err(RebuildError::Cancelled { name: shared.name.clone() });
                    }
                    shared.wait_a_moment(Duration::from_millis(5));
                }
                Ok(())
            });
            if let Err(error) = result {
                its.fail(error);
            }
            shared.rebuilding.store(false, Ordering::Release);
            its.is_over.store(true, Ordering::Release);
            shared.nudge.now();
        };
        let spawned = thread::Builder::new().name("rem-rebuild".into()).spawn(run);
        if let Err(error) = spawned {
            rebuild.shared.rebuilding.store(false, Ordering::Release);
            return Err(RebuildError::Thread(error));
        }
        Ok(rebuild)
    }
}

/// Reads and folds until it is as far as the live one.
fn run<P: Projection>(
    shared: &Shared<P>,
    its: &Its,
    follow: &mut rem_core::Follow<P::Event>,
    initial: &P,
) -> Result<(Stand<P>, BTreeMap<u64, Skipped>), RebuildError> {
    let mut skipped = BTreeMap::new();
    let skip = |skipped: &mut BTreeMap<_, _>, error: FoldError| {
        if !shared.policy.skips() || skipped.len() >= crate::policy::SKIPS {
            return Err(RebuildError::Fold(error));
        }
        let (time, sequence) = (error.time(), error.sequence());
        skipped.insert(sequence, Skipped { error, time, attempts: 1 });
        Ok(())
    };
    let mut events = Vec::new();
    let cancelled = || RebuildError::Cancelled { name: shared.name.clone() };
    let wrong = |said| RebuildError::State { name: shared.name.clone(), said };
    let mut stand = Stand::new(isolate(|| initial.clone()).map_err(wrong)?);
    loop {
        if its.is_cancelled.load(Ordering::Acquire) || shared.stopped.load(Ordering::Acquire) {
            return Err(cancelled());
        }
        its.of.store(follow.last(), Ordering::Relaxed);
        let followed = follow.read(u64::MAX, PAGE, &mut events);
        let mut rest = &events[..];
        // An `apply` that panics may leave its event half done: it is folded into a copy if such events are skipped.
        while !rest.is_empty() {
            let before = shared.policy.skips().then(|| isolate(|| stand.clone()));
            let Err(error) = fold(&mut stand, rest, &skipped) else { break };
            let Some(Ok(before)) = before else { return Err(RebuildError::Fold(error)) };
            stand = before;
            skip(&mut skipped, error)?;
            rest = &events[..];
        }
        events.drain(..).for_each(quietly);
        stand.sequence = follow.position();
        its.read.store(stand.sequence, Ordering::Relaxed);
        match followed {
            Followed::Idle if stand.sequence >= shared.view.load().sequence => break,
            Followed::Ended => return Err(cancelled()),
            Followed::Lost(lost) => {
                let (name, from, to) = (shared.name.clone(), lost.from(), lost.to());
                return Err(RebuildError::BeforeHistory { name, from, to });
            }
            Followed::Unreadable(event) => skip(&mut skipped, FoldError::unreadable(&event))?,
            _ => {}
        }
    }
    Ok((stand, skipped))
}

impl<P: Projection> Rebuild<P> {
    /// How far it is.
    pub fn progress(&self) -> Progress {
        let its = &self.its;
        let read = its.read.load(Ordering::Relaxed);
        Progress {
            read,
            of: its.of.load(Ordering::Relaxed).max(read),
            done: its.is_done.load(Ordering::Acquire),
        }
    }

    /// Ends it; the live state stays. One that is switching already comes to its end.
    pub fn cancel(&self) {
        self.its.is_cancelled.store(true, Ordering::Release);
    }

    /// Waits until readers see the new state.
    ///
    /// # Errors
    /// If an event cannot be applied, the history has let go of some, it was cancelled, or the limit comes first.
    pub fn wait(&self, limit: Duration) -> Result<(), RebuildError> {
        let until = Instant::now().checked_add(limit);
        loop {
            if self.its.is_over.load(Ordering::Acquire) {
                return self.its.failed.get().map_or(Ok(()), |error| Err(error.again()));
            }
            if until.is_some_and(|until| Instant::now() >= until) {
                return Err(RebuildError::TimedOut { name: self.shared.name.clone(), limit });
            }
            self.shared.wait_a_moment(Duration::from_millis(2));
        }
    }
}

impl<P: Projection> fmt::Debug for Rebuild<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rebuild").field("progress", &self.progress()).finish_non_exhaustive()
    }
}

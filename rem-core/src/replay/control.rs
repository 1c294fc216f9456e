//! [`ReplayHandle`]: a replay paused, let go on and stopped from elsewhere; and the time of a replay, which stands still
//! while it is paused.

use std::fmt;
use std::mem;
use std::sync::Arc;
use std::task::Waker;

use crate::clock::Clock;
use crate::deliver::{quietly, wake};
use crate::history::Query;
use crate::sync::{Mutex, lock};
use crate::timers::{Sleep, Timers};

/// What a replay is told by its handles.
pub(super) struct Control(Arc<Shared>);

struct Shared {
    timers: Arc<Timers>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    handles: usize,
    stopped: bool,
    over: bool,
    /// Since when, by the timers, it is paused.
    paused: Option<u64>,
    /// For how long it was before.
    stood: u64,
    /// Who runs it, if it waits.
    waker: Option<Waker>,
}

/// What a replay has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Word {
    GoOn,
    Wait,
    Stop,
}

impl State {
    /// The replay's own time.
    fn time(&self, now: u64) -> u64 {
        self.paused.unwrap_or(now).saturating_sub(self.stood)
    }

    fn resume(&mut self, now: u64) {
        if let Some(since) = self.paused.take() {
            self.stood += now.saturating_sub(since);
        }
    }
}

impl Control {
    /// By the clock of the bus that a query asks.
    pub(super) fn of(query: &Query) -> Self {
        let core = query.parts().2.upgrade();
        let timers =
            core.map_or_else(|| Timers::new(&Clock::default()), |core| Arc::clone(&core.timers));
        Self(Arc::new(Shared { timers, state: Mutex::default() }))
    }

    pub(super) fn handle(&self) -> ReplayHandle {
        lock(&self.0.state).handles += 1;
        ReplayHandle(Arc::clone(&self.0))
    }

    pub(super) fn word(&self) -> Word {
        let state = lock(&self.0.state);
        match (state.stopped, state.paused) {
            (true, _) => Word::Stop,
            (false, Some(_)) => Word::Wait,
            (false, None) => Word::GoOn,
        }
    }

    /// Has the waker woken by the next word, if the last is still that one.
    pub(super) fn listen(&self, last: Word, waker: &Waker) -> bool {
        let waker = waker.clone(); // user code: under no lock
        let old = lock(&self.0.state).waker.replace(waker);
        quietly(old);
        self.word() == last
    }

    /// The replay's own time, in nanoseconds.
    pub(super) fn time(&self) -> u64 {
        let now = self.0.timers.now();
        lock(&self.0.state).time(now)
    }

    pub(super) fn sleep(&self, nanos: u64) -> Sleep {
        self.0.timers.sleep(std::time::Duration::from_nanos(nanos))
    }
}

/// No more is replayed.
impl Drop for Control {
    fn drop(&mut self) {
        let mut state = lock(&self.0.state);
        state.over = true;
        let waker = state.waker.take();
        drop(state);
        quietly(waker);
    }
}

/// Pauses a replay, lets it go on, and stops it: see [`Replay::handle`](super::Replay::handle). Its clones do the same.
///
/// When the last of them goes while the replay is paused it goes on, for nobody else could let it.
pub struct ReplayHandle(Arc<Shared>);

impl ReplayHandle {
    /// Lets no further event be handed over. One that is being handed over is finished; the time of the replay stands still.
    pub fn pause(&self) {
        let now = self.0.timers.now();
        self.change(|state| {
            state.paused.get_or_insert(now);
        });
    }

    /// Lets it go on where it was paused, with what was left of the gap between two events.
    pub fn resume(&self) {
        let now = self.0.timers.now();
        self.change(|state| state.resume(now));
    }

    /// Ends it; what is being handed over is finished. Its report says so and has the last number that was read.
    pub fn stop(&self) {
        self.change(|state| state.stopped = true);
    }

    /// Whether it is paused.
    pub fn is_paused(&self) -> bool {
        lock(&self.0.state).paused.is_some()
    }

    /// Whether it has come to its end, by whatever way.
    pub fn is_over(&self) -> bool {
        lock(&self.0.state).over
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = lock(&self.0.state);
        change(&mut state);
        let waker = state.waker.take();
        drop(state);
        if let Some(waker) = waker {
            wake(waker); // user code: under no lock
        }
    }
}

impl Clone for ReplayHandle {
    fn clone(&self) -> Self {
        lock(&self.0.state).handles += 1;
        Self(Arc::clone(&self.0))
    }
}

impl Drop for ReplayHandle {
    fn drop(&mut self) {
        let now = self.0.timers.now();
        let mut waker = None;
        let mut state = lock(&self.0.state);
        state.handles -= 1;
        if state.handles == 0 && state.paused.is_some() {
            state.resume(now);
            waker = mem::take(&mut state.waker);
        }
        drop(state);
        if let Some(waker) = waker {
            wake(waker);
        }
    }
}

impl fmt::Debug for ReplayHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = lock(&self.0.state);
        f.debug_struct("ReplayHandle")
            .field("paused", &state.paused.is_some())
            .field("stopped", &state.stopped)
            .field("over", &state.over)
            .finish_non_exhaustive()
    }
}

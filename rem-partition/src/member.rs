//! [`Known`], [`Member`]: a unit of a partitioner: what is kept of it when it has ended, and what only until then.

use std::fmt;
use std::mem;
use std::sync::{Arc, OnceLock};

use rem_core::__private::isolate;

use crate::error::{OutputError, OutputErrorKind};
use crate::state::State;
use crate::sync::atomic::{AtomicU8, Ordering};
use crate::sync::{Mutex, lock};
use crate::unit::Terms;
use crate::watch::{Cause, Told};
use crate::work::{Output, Work};

/// What is known of a unit, also when it has ended.
pub(crate) struct Known {
    /// By which it is found: in the order of arrival.
    pub(crate) number: u64,
    pub(crate) name: Arc<str>,
    /// What it names to wait for.
    pub(crate) after: Box<[Arc<str>]>,
    /// Changed under the lock of the units, read by anyone.
    state: AtomicU8,
    /// Whose end it shares, written before the state.
    because: OnceLock<Arc<str>>,
    output: OnceLock<Output>,
    told: Mutex<Told>,
}

impl Known {
    pub(crate) fn new(number: u64, name: Arc<str>, after: Box<[Arc<str>]>, cause: Cause) -> Self {
        Self {
            number,
            name,
            after,
            state: AtomicU8::new(State::Waiting as u8),
            because: OnceLock::new(),
            output: OnceLock::new(),
            told: Mutex::new(Told::by(cause)),
        }
    }

    pub(crate) fn state(&self) -> State {
        State::of(self.state.load(Ordering::Acquire))
    }

    /// By who holds the lock of the units.
    pub(crate) fn set(&self, state: State) {
        self.state.store(state as u8, Ordering::Release);
    }

    /// It shares the end of that one.
    pub(crate) fn share(&self, because: &Arc<str>, end: State) {
        let _ = self.because.set(Arc::clone(because));
        self.set(end);
    }

    pub(crate) fn because(&self) -> Option<&Arc<str>> {
        self.because.get()
    }

    /// Whose end it is that all behind it share: its own, or that which it shares.
    pub(crate) fn root(&self) -> &Arc<str> {
        self.because().unwrap_or(&self.name)
    }

    pub(crate) fn give(&self, output: Output) {
        let _ = self.output.set(output);
    }

    pub(crate) fn output(&self) -> Option<&Output> {
        self.output.get()
    }

    pub(crate) fn told(&self) -> Told {
        *lock(&self.told)
    }

    pub(crate) fn tell(&self, told: Told) {
        *lock(&self.told) = told;
    }
}

/// What it gave is the user's: should that panic as it goes, nobody else is harmed.
impl Drop for Known {
    fn drop(&mut self) {
        if let Some(output) = self.output.take() {
            let _ = isolate(|| drop(output));
        }
    }
}

/// A unit that has not ended.
pub(crate) struct Member {
    pub(crate) known: Arc<Known>,
    pub(crate) work: Work,
    pub(crate) terms: Option<Box<Terms>>,
    pub(crate) priority: i32,
    /// What it waits for by itself. Nobody who holds this lock takes another.
    before: Mutex<Vec<Arc<Known>>>,
    pub(crate) percent: AtomicU8,
}

impl Member {
    pub(crate) fn new(
        known: Arc<Known>,
        work: Work,
        terms: Option<Box<Terms>>,
        priority: i32,
    ) -> Self {
        let percent = AtomicU8::new(u8::MAX);
        Self { known, work, terms, priority, before: Mutex::default(), percent }
    }

    pub(crate) fn number(&self) -> u64 {
        self.known.number
    }

    /// It waits for that one too.
    pub(crate) fn wait_for(&self, known: Arc<Known>) {
        lock(&self.before).push(known);
    }

    /// It begins: what it waits for is sorted, to be found.
    pub(crate) fn sort(&self) {
        lock(&self.before).sort_unstable_by(|one, other| one.name.cmp(&other.name));
    }

    /// It has ended: what it waited for need not be kept for it.
    pub(crate) fn let_go(&self) {
        let before = mem::take(&mut *lock(&self.before));
        drop(before);
    }

    /// The output of one that it waited for.
    pub(crate) fn output(&self, of: &str) -> Result<Option<Output>, OutputError> {
        let before = lock(&self.before);
        let place = before.binary_search_by(|known| (*known.name).cmp(of));
        let known = place.ok().and_then(|place| before.get(place));
        known
            .map(|known| known.output().cloned())
            .ok_or_else(|| OutputError::new(OutputErrorKind::NotADependency, of))
    }
}

/// Its work is the user's, as an output is.
impl Drop for Member {
    fn drop(&mut self) {
        let work = mem::replace(&mut self.work, Work::none());
        let _ = isolate(|| drop(work));
    }
}

impl fmt::Debug for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Known")
            .field("number", &self.number)
            .field("name", &self.name)
            .field("state", &self.state())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Member")
            .field("known", &self.known)
            .field("priority", &self.priority)
            .finish_non_exhaustive()
    }
}

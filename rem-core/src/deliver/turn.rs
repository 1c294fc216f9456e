//! Turns: in one thread, one event is delivered at a time; what its handlers publish waits.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::sync::Arc;

use crate::bus::Core;
use crate::event::Event;
use crate::publish::{self, Link};
use crate::route::Route;
use crate::subscription::Entry;
use crate::sync::thread_local;

thread_local! {
    static TAKEN: Cell<bool> = const { Cell::new(false) };
    /// How many tasks are in the queue: a look at it is cheaper than one at the queue, which has to be dropped.
    static WAITING: Cell<usize> = const { Cell::new(0) };
    static QUEUE: RefCell<VecDeque<Task>> = const { RefCell::new(VecDeque::new()) };
}

/// What a thread comes to when the handlers of the current event have returned.
pub(super) enum Task {
    Event(Waiting),
    /// A line of which it has the turn: that of a bus with one order for all.
    Line(Arc<Core>),
}

/// An event whose inline handlers wait for the current one's to return.
pub(super) struct Waiting {
    pub(super) core: Arc<Core>,
    pub(super) event: Arc<Event>,
    pub(super) entries: Box<[Arc<Entry>]>,
    /// Held so that who waits for what is under way waits for this too. A system event has none.
    pub(super) route: Option<Arc<Route>>,
    pub(super) above: Option<Arc<Link>>,
}

impl Waiting {
    pub(super) fn new(
        core: &Arc<Core>,
        event: Arc<Event>,
        entries: Box<[Arc<Entry>]>,
        route: Option<&Arc<Route>>,
    ) -> Self {
        entries.iter().for_each(|entry| entry.count_deferred());
        let (core, route) = (Arc::clone(core), route.map(Arc::clone));
        Self { core, event, entries, route, above: publish::link() }
    }
}

/// The right to deliver in this thread, which one publish on its stack has.
pub(super) struct Turn(());

impl Turn {
    /// `None` if this thread is delivering already.
    pub(super) fn take() -> Option<Self> {
        // Made only if it is free, for its `Drop` gives it up.
        (!TAKEN.with(|taken| taken.replace(true))).then(|| Self(()))
    }

    /// Whether this thread is delivering.
    pub(super) fn is_taken() -> bool {
        TAKEN.with(Cell::get)
    }

    /// Gives what waits its turn, in the order published, until nothing does.
    pub(super) fn finish(self, mut run: impl FnMut(Task)) {
        while waiting() > 0
            && let Ok(Some(next)) = QUEUE.try_with(|queue| queue.borrow_mut().pop_front())
        {
            WAITING.with(|waiting| waiting.set(waiting.get() - 1));
            run(next);
        }
        drop(self);
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        TAKEN.with(|taken| taken.set(false));
    }
}

/// How many events wait in this thread, and lines.
pub(crate) fn waiting() -> usize {
    WAITING.with(Cell::get)
}

/// Lets a task wait for its turn. Gives it back in a thread that ends and has lost its queue.
pub(super) fn wait(task: Task) -> Option<Task> {
    let mut task = Some(task);
    // Ignored: what was not queued is still here.
    let _ = QUEUE.try_with(|queue| queue.borrow_mut().extend(task.take()));
    if task.is_none() {
        WAITING.with(|waiting| waiting.set(waiting.get() + 1));
    }
    task
}

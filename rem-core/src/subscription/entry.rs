//! [`Entry`]: a subscription as the bus holds it.

use std::fmt;
use std::mem;
use std::ops::Deref;
use std::sync::{Arc, OnceLock, Weak};

use super::gate::{Gate, Turn};
use super::term::Term;
use super::{About, Outcome};
use crate::bus::Core;
use crate::deliver::{each_quietly, quietly};
use crate::durable::Progress;
use crate::event::{Event, Seen};
use crate::publish::Level;
use crate::queue::Channel;
use crate::route::{Keys, Known, Route, Tallies};
use crate::sync::atomic::{AtomicBool, Ordering};
use crate::sync::{Latch, Mutex, Watch, keep_room, latch, lock};
use crate::task::Desk;
use crate::topology::SubscriptionStats;

/// A subscription with its handler, held by the index and by every route it is in, and by nothing else for longer than a
/// publish: when they have let it go, the handler is dropped.
pub(crate) struct Entry {
    /// Whether a call has more to look at than the handler: filters, whose turn it is, or that it has ended. One look for
    /// all of them, since nearly always there is none.
    careful: AtomicBool,
    /// Nothing, for one with a queue.
    call: Call,
    about: Arc<About>,
    queue: Option<Arc<Channel>>,
    /// It has events before inline handlers are called: one with a queue, or a recorder.
    stands_first: bool,
    /// Of a task.
    task: Option<Arc<Desk>>,
    filters: Vec<Filter>,
    fits: fn(&Seen<'_>) -> bool,
    /// Of a subscription that reads the past first; one word for all others, which every call looks at.
    gate: Option<Box<Gate>>,
    /// Of a subscription that ends by itself.
    term: Option<Box<Term>>,
    /// Of a durable one, which is in no index and no route.
    progress: Option<Arc<Progress>>,
    held: Mutex<Held>,
    /// Of one that does not stand first: how many events its routes have counted.
    tallies: Mutex<Tallies>,
    /// The last field: who waits for the last call is told when the handler is dropped.
    gone: OnceLock<Latch>,
}

/// Who holds an entry, so that it can be ended by whoever has it.
enum Held {
    By {
        /// Its place in the index, when it has one.
        index: Option<(Weak<Core>, Keys)>,
        /// The routes that it is in, known to it before anybody uses them. So ending a subscription costs what it is in,
        /// not what there is, and calling its handler costs no look at who else does.
        routes: Vec<(Weak<Known>, Weak<Route>)>,
    },
    /// It has ended.
    Nobody,
}

/// The user's part of a subscription.
pub(crate) struct Handler {
    pub(crate) filters: Vec<Filter>,
    /// Whether the data is, holds or lies within the type asked for.
    pub(crate) fits: fn(&Seen<'_>) -> bool,
    pub(crate) to: To,
}

/// How events get to the user.
pub(crate) enum To {
    /// A call in the thread that publishes.
    Inline(Call),
    /// The same before any queue has the event, so that what others make of it comes later. Nothing that blocks, and nothing
    /// that publishes: it is called outside of the thread's turn.
    First(Call),
    /// A queue that somebody reads.
    Queue(Arc<Channel>),
    /// A queue that workers read.
    Task(Arc<Desk>),
}

pub(crate) type Filter = Box<dyn Fn(&Event) -> bool + Send + Sync>;
/// The last says whether the event is read from the past.
pub(crate) type Call = Box<dyn Fn(&Seen<'_>, &Arc<About>) -> Called + Send + Sync>;

/// What came of one call. Two words, which are returned in registers.
pub(crate) enum Called {
    Done,
    Failed(Box<Box<str>>),
    /// The event's data is not, does not hold and does not lie within the type asked for.
    Mismatched,
    /// A filter said no, or the subscription has ended.
    Passed,
    /// The subscription still reads the past, and will come to it.
    Later,
    /// The subscription had it when it read the past.
    Had,
}

impl Called {
    /// What a handler said.
    #[inline]
    pub(crate) fn of(outcome: impl Outcome) -> Self {
        match outcome.outcome() {
            Ok(()) => Self::Done,
            Err(error) => Self::Failed(Box::new(error)),
        }
    }
}

impl From<Option<Result<(), Box<str>>>> for Called {
    /// What a handler said; `None` if it was not asked, for the data is not what it wants.
    fn from(outcome: Option<Result<(), Box<str>>>) -> Self {
        match outcome {
            Some(Ok(())) => Self::Done,
            Some(Err(error)) => Self::Failed(Box::new(error)),
            None => Self::Mismatched,
        }
    }
}

/// What a subscription says of an event that it need not handle yet.
pub(crate) enum Asked {
    Wants,
    /// See [`Called::Passed`].
    Passes,
    /// See [`Called::Mismatched`].
    Mismatched,
    /// See [`Called::Later`].
    Later,
    /// The subscription had it when it read the past.
    Had,
}

impl Entry {
    pub(crate) fn new(about: About, handler: Handler) -> Self {
        let Handler { filters, fits, to } = handler;
        let stands_first = !matches!(to, To::Inline(_));
        let (call, queue, task): (Call, _, _) = match to {
            To::Inline(call) | To::First(call) => (call, None, None),
            To::Queue(channel) => (nothing(), Some(channel), None),
            To::Task(desk) => (nothing(), Some(Arc::clone(&desk.channel)), Some(desk)),
        };
        Self {
            careful: AtomicBool::new(!filters.is_empty()),
            call,
            about: Arc::new(about),
            queue,
            stands_first,
            task,
            filters,
            fits,
            gate: None,
            term: None,
            progress: None,
            held: Mutex::new(Held::By { index: None, routes: Vec::new() }),
            tallies: Mutex::default(),
            gone: OnceLock::new(),
        }
    }

    /// Has the past read to it before it is live.
    pub(crate) fn read_past_first(&mut self) {
        self.gate = Some(Box::new(Gate::new()));
        self.careful = AtomicBool::new(true);
    }

    /// Has its position kept.
    pub(crate) fn keeps_position(&mut self, progress: &Arc<Progress>) {
        self.progress = Some(Arc::clone(progress));
    }

    /// How far it is, of a durable one.
    pub(crate) fn progress(&self) -> Option<&Arc<Progress>> {
        self.progress.as_ref()
    }

    /// Lets it end by itself.
    pub(super) fn last(&mut self, term: Option<Box<Term>>) {
        if term.is_some() {
            self.term = term;
            self.careful = AtomicBool::new(true);
        }
    }

    #[inline]
    pub(super) fn term(&self) -> Option<&Term> {
        self.term.as_deref()
    }

    pub(crate) fn about(&self) -> &Arc<About> {
        &self.about
    }

    /// Asks whether the event is wanted. User code: it may panic.
    #[inline]
    pub(crate) fn ask(&self, event: &Seen<'_>) -> Asked {
        if self.careful.load(Ordering::Acquire) {
            self.ask_with_care(event)
        } else if self.fits(event) {
            Asked::Wants
        } else {
            Asked::Mismatched
        }
    }

    #[cold]
    fn ask_with_care(&self, event: &Seen<'_>) -> Asked {
        if self.is_over() {
            return Asked::Passes;
        }
        match self.turn(event) {
            Turn::Live if !self.accepts(event) => Asked::Passes,
            Turn::Live if self.fits(event) => Asked::Wants,
            Turn::Live => Asked::Mismatched,
            Turn::Later => Asked::Later,
            Turn::Past => Asked::Had,
        }
    }

    /// Whose turn an event is: that of who publishes it, or of who reads the past.
    #[inline]
    pub(crate) fn turn(&self, event: &Event) -> Turn {
        match &self.gate {
            None => Turn::Live,
            // A system event has no number and no past.
            Some(gate) => event.sequence().map_or(Turn::Live, |sequence| gate.ask(sequence)),
        }
    }

    /// Goes live after that number, unless there is more to be read: up to the number in the error.
    pub(crate) fn open(&self, read: u64) -> Result<(), u64> {
        self.gate.as_ref().map_or(Ok(()), |gate| gate.open(read))
    }

    /// Notes the number of the past that it comes to next.
    pub(super) fn reads_next(&self, next: u64) {
        if let Some(gate) = &self.gate {
            gate.reads(next);
        }
    }

    /// That number, while it reads the past.
    pub(crate) fn reads(&self) -> Option<u64> {
        self.gate.as_ref()?.reading()
    }

    /// Whether it reads the past, or has.
    pub(crate) fn catches_up(&self) -> bool {
        self.gate.is_some()
    }

    /// Calls the handler with an event of the past, of which the filters were asked. User code: it may panic.
    pub(crate) fn replay(&self, event: &Arc<Event>) -> Called {
        if self.is_active() {
            self.call_within_term(&Seen::replayed(event))
        } else {
            Called::Passed
        }
    }

    /// Asks the filters, unless they were `asked`, then calls the handler. User code: it may panic.
    #[inline]
    pub(crate) fn call(&self, event: &Seen<'_>, asked: bool) -> Called {
        if self.careful.load(Ordering::Acquire) {
            return self.call_with_care(event, asked);
        }
        self.call_now(event)
    }

    #[cold]
    fn call_with_care(&self, event: &Seen<'_>, asked: bool) -> Called {
        if !self.is_active() {
            return Called::Passed;
        }
        if !asked {
            match self.turn(event) {
                Turn::Live if self.accepts(event) => {}
                Turn::Live => return Called::Passed,
                Turn::Later => return Called::Later,
                Turn::Past => return Called::Had,
            }
        }
        self.call_within_term(event)
    }

    #[inline]
    pub(super) fn call_now(&self, event: &Seen<'_>) -> Called {
        (self.call)(event, &self.about)
    }

    /// The queue, if it has one.
    pub(crate) fn queue(&self) -> Option<&Arc<Channel>> {
        self.queue.as_ref()
    }

    /// Whether it has events before inline handlers are called.
    #[inline]
    pub(crate) fn stands_first(&self) -> bool {
        self.stands_first
    }

    /// What its workers share, if it is a task.
    pub(crate) fn task(&self) -> Option<&Arc<Desk>> {
        self.task.as_ref()
    }

    /// Whether the event's data is, holds or lies within the type asked for. User code: it may panic.
    #[inline]
    pub(crate) fn fits(&self, event: &Seen<'_>) -> bool {
        // Nearly always it is of that very type, or any will do: known without a call.
        self.wanted.is_none_or(|wanted| event.is_of(wanted.type_id)) || (self.fits)(event)
    }

    /// Whether events are looked at as the type that is asked for, and in no other form: filters see the data as it is kept,
    /// and a task's event is sent on as it is when it fails.
    pub(super) fn is_typed(&self) -> bool {
        self.wanted.is_some() && self.filters.is_empty() && self.task.is_none()
    }

    /// Asks the filters. User code: it may panic.
    pub(crate) fn accepts(&self, event: &Event) -> bool {
        self.filters.iter().all(|filter| filter(event))
    }

    /// Notes where it stands in the index. If it has ended meanwhile, it leaves again.
    pub(crate) fn stands(self: &Arc<Self>, core: &Arc<Core>, keys: Keys) {
        if let Held::By { index, .. } = &mut *lock(&self.held) {
            *index = Some((Arc::downgrade(core), keys));
        } else {
            core.router.remove(self, &keys);
            return;
        }
        core.arrivals.arrived();
    }

    /// Notes a route that holds it, before anybody uses that; unless it has ended.
    pub(crate) fn join(&self, known: &Arc<Known>, route: &Arc<Route>) {
        let mut held = lock(&self.held);
        let Held::By { routes, .. } = &mut *held else { return };
        // Routes that were replaced are forgotten before the list has to grow, so it is at most twice what it must be.
        if routes.len() == routes.capacity() {
            routes.retain(|(_, route)| route.strong_count() > 0);
            keep_room(routes);
        }
        routes.push((Arc::downgrade(known), Arc::downgrade(route)));
        drop(held);
        if !self.stands_first {
            lock(&self.tallies).note(route);
        }
    }

    /// What became of its events so far.
    pub(crate) fn stats(&self) -> SubscriptionStats {
        let stats = self.about.stats(lock(&self.tallies).total());
        match (&self.task, &self.queue) {
            (Some(desk), Some(queue)) => desk.stats(stats, queue.stats()),
            (_, Some(queue)) => stats.with_queue(queue.stats()),
            (_, None) => stats,
        }
    }

    /// Ends it: no new call starts. The index and the routes that hold it let go of it; when the calls under way have
    /// returned the handler is dropped. What is in its queue can still be read, but by no task.
    pub(crate) fn end(&self) {
        self.about.end();
        self.careful.store(true, Ordering::Release);
        if let Some(desk) = &self.task {
            desk.stop();
        }
        let held = mem::replace(&mut *lock(&self.held), Held::Nobody);
        let Held::By { index, routes } = held else { return };
        if let Some((core, keys)) = index
            && let Some(core) = core.upgrade()
        {
            core.router.remove(self, &keys);
        }
        for (known, route) in routes {
            if route.strong_count() > 0
                && let Some(known) = known.upgrade()
            {
                known.forget_route();
            }
        }
        if let Some(channel) = self.queue.as_ref().filter(|_| self.task.is_none()) {
            channel.finish();
        }
    }

    /// Tells when nobody holds it any more: no call of it is under way, none can come, and its handler is dropped. To be
    /// asked once.
    pub(super) fn watch(&self) -> Watch {
        let (latch, watch) = latch();
        drop(self.gone.set(latch)); // asked again it would be gone at once, which nobody does
        watch
    }
}

/// What a handler holds is the user's. It may panic as it is dropped, in the thread that happens to be last; and it may
/// wait for others that go with the same route, which are held until this one is gone.
impl Drop for Entry {
    fn drop(&mut self) {
        let _level = Level::of_user_code();
        each_quietly(mem::take(&mut self.filters));
        quietly(mem::replace(&mut self.call, nothing()));
    }
}

/// Allocates nothing.
fn nothing() -> Call {
    Box::new(|_, _| Called::Passed)
}

impl Deref for Entry {
    type Target = About;

    fn deref(&self) -> &About {
        &self.about
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.about, f)
    }
}

//! What causes what: the event that a thread is handling, and how deep publishing is nested.

use std::cell::Cell;
use std::sync::Arc;

use rem_patterns::Topic;

use crate::error::{PublishErrorKind, Refusal};
use crate::event::{Event, Head};
use crate::route::Route;
use crate::sync::{scoped_thread_local, thread_local};

// The event whose inline handlers run in this thread, lent to it: no count of owners changes.
scoped_thread_local!(static HANDLED: Arc<Event>);
// What that event was published within, if it had to wait for its turn.
scoped_thread_local!(static ABOVE: Arc<Link>);
// The route that it goes, if it is delivered in the turn of a line.
scoped_thread_local!(static ROUTE: Arc<Route>);

thread_local! {
    /// How many publishes are on this thread's stack: middleware, filters and `Display` may publish too.
    static LEVEL: Cell<usize> = const { Cell::new(0) };
}

/// One event of a causal chain.
#[derive(Debug)]
pub(crate) struct Link {
    topic: Topic,
    above: Option<Arc<Link>>,
    /// Held so that who waits for the event waits for its effects too, which may outlive its publish. `None` where its
    /// publisher waits for them itself.
    _route: Option<Arc<Route>>,
}

/// Whether an event is being handled in this thread, which then causes what is published.
#[inline]
pub(super) fn is_within() -> bool {
    HANDLED.is_set()
}

/// The event that is being handled in this thread.
pub(crate) fn handled() -> Option<Arc<Event>> {
    is_within().then(|| HANDLED.with(Arc::clone))
}

/// Puts what causes an event of this thread, if something does, into its head.
#[inline]
pub(super) fn put(head: &mut Head) {
    if is_within() {
        HANDLED.with(|event| {
            head.causation = Some(event.id());
            head.correlation = Some(event.correlation());
            head.depth = event.head.depth.saturating_add(1);
        });
    }
}

/// Refuses an event that is published now under `topic` if the chain of what causes it would be too long.
#[inline]
pub(super) fn check_depth(limit: usize, topic: &Topic) -> Result<(), Refusal> {
    if !is_within() {
        return Ok(());
    }
    // Each event knows it, so it reaches whatever thread handles the event, and whenever.
    let depth = HANDLED.with(|event| event.head.depth.saturating_add(1));
    if usize::try_from(depth).is_ok_and(|depth| depth < limit) {
        return Ok(());
    }
    Err(too_deep(limit, topic).into())
}

#[cold]
fn too_deep(limit: usize, topic: &Topic) -> PublishErrorKind {
    PublishErrorKind::TooDeep { chain: chain_to(topic), limit }
}

/// The link of the event being handled, for one that waits for its turn.
pub(crate) fn link() -> Option<Arc<Link>> {
    is_within().then(|| {
        let (above, topic) = (above(), HANDLED.with(|event| event.topic().clone()));
        let route = ROUTE.is_set().then(|| ROUTE.with(Arc::clone));
        Arc::new(Link { topic, above, _route: route })
    })
}

/// Runs `handle`, which does not panic, with `event` as the cause of all that it publishes in this thread.
#[inline]
pub(crate) fn handling<R>(
    event: &Arc<Event>,
    above: Option<Arc<Link>>,
    handle: impl FnOnce() -> R,
) -> R {
    HANDLED.set(event, || match above {
        Some(above) => ABOVE.set(&above, handle),
        None => handle(),
    })
}

/// The same in the turn of a line, where what `handle` publishes may outlive the publish of `event`.
pub(crate) fn handling_in_line<R>(
    event: &Arc<Event>,
    above: Option<Arc<Link>>,
    route: &Arc<Route>,
    handle: impl FnOnce() -> R,
) -> R {
    ROUTE.set(route, || handling(event, above, handle))
}

fn above() -> Option<Arc<Link>> {
    ABOVE.is_set().then(|| ABOVE.with(Arc::clone))
}

fn chain_to(topic: &Topic) -> Box<[Topic]> {
    let mut chain = vec![topic.clone()];
    let last = link();
    let mut link = last.as_ref();
    while let Some(at) = link {
        chain.push(at.topic.clone());
        link = at.above.as_ref();
    }
    chain.reverse();
    chain.into()
}

/// A long chain is dropped link by link, not by recursion.
impl Drop for Link {
    fn drop(&mut self) {
        let mut above = self.above.take();
        while let Some(mut link) = above.and_then(Arc::into_inner) {
            above = link.above.take();
        }
    }
}

/// Whether a publish is on this thread's stack.
pub(crate) fn is_publishing() -> bool {
    LEVEL.with(Cell::get) > 0
}

/// One publish on this thread's stack.
pub(crate) struct Level;

impl Level {
    /// # Errors
    /// If there are `limit` already: something that runs within a publish publishes without end.
    #[inline]
    pub(crate) fn enter(limit: usize) -> Result<Self, Refusal> {
        let level = LEVEL.with(Cell::get);
        if level < limit {
            LEVEL.with(|at| at.set(level + 1));
            Ok(Self)
        } else {
            Err(PublishErrorKind::TooDeep { chain: Box::default(), limit }.into())
        }
    }

    /// For user code that runs because something goes, which is as good as within a publish.
    pub(crate) fn of_user_code() -> Self {
        LEVEL.with(|level| level.set(level.get() + 1));
        Self
    }
}

impl Drop for Level {
    fn drop(&mut self) {
        LEVEL.with(|level| level.set(level.get() - 1));
    }
}

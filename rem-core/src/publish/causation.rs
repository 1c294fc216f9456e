//! What causes what: the event that a thread is handling, and how deep publishing is nested.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use rem_patterns::Topic;
use scoped_tls::scoped_thread_local;

use crate::error::{PublishErrorKind, Refusal};
use crate::event::{Event, Head};

// The event whose inline handlers run in this thread, lent to it: no count of owners changes.
scoped_thread_local!(static HANDLED: Arc<Event>);
// What that event was published within, if it had to wait for its turn.
scoped_thread_local!(static ABOVE: Rc<Link>);

thread_local! {
    /// How many publishes are on this thread's stack: middleware, filters and `Display` may publish too.
    static LEVEL: Cell<usize> = const { Cell::new(0) };
}

/// One event of a causal chain.
#[derive(Debug)]
pub(crate) struct Link {
    topic: Topic,
    above: Option<Rc<Link>>,
    depth: usize,
}

/// Whether an event is being handled in this thread, which then causes what is published.
#[inline]
pub(super) fn is_within() -> bool {
    HANDLED.is_set()
}

/// Puts what causes an event of this thread, if something does, into its head.
pub(super) fn put(head: &mut Head) {
    if is_within() {
        HANDLED.with(|event| {
            head.causation = Some(event.id());
            head.correlation = Some(event.correlation());
        });
    }
}

/// Refuses an event that is published now under `topic` if the chain of what causes it would be too long.
#[inline]
pub(super) fn check_depth(limit: usize, topic: &Topic) -> Result<(), Refusal> {
    if is_within() { check_depth_within(limit, topic) } else { Ok(()) }
}

#[cold]
fn check_depth_within(limit: usize, topic: &Topic) -> Result<(), Refusal> {
    if depth_below(above().as_ref()) < limit {
        return Ok(());
    }
    let chain = chain_to(topic);
    Err(PublishErrorKind::TooDeep { chain, limit }.into())
}

/// The link of the event being handled, for one that waits for its turn.
pub(crate) fn link() -> Option<Rc<Link>> {
    is_within().then(|| {
        let above = above();
        let (topic, depth) =
            (HANDLED.with(|event| event.topic().clone()), depth_below(above.as_ref()));
        Rc::new(Link { topic, above, depth })
    })
}

/// Runs `handle`, which does not panic, with `event` as the cause of all that it publishes in this thread.
#[inline]
pub(crate) fn handling<R>(
    event: &Arc<Event>,
    above: Option<Rc<Link>>,
    handle: impl FnOnce() -> R,
) -> R {
    HANDLED.set(event, || match above {
        Some(above) => ABOVE.set(&above, handle),
        None => handle(),
    })
}

fn above() -> Option<Rc<Link>> {
    ABOVE.is_set().then(|| ABOVE.with(Rc::clone))
}

fn depth_below(above: Option<&Rc<Link>>) -> usize {
    above.map_or(1, |above| above.depth + 1)
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
        while let Some(mut link) = above.and_then(Rc::into_inner) {
            above = link.above.take();
        }
    }
}

/// Whether a publish is on this thread's stack.
pub(crate) fn is_publishing() -> bool {
    LEVEL.get() > 0
}

/// One publish on this thread's stack.
pub(crate) struct Level;

impl Level {
    /// # Errors
    /// If there are `limit` already: something that runs within a publish publishes without end.
    #[inline]
    pub(crate) fn enter(limit: usize) -> Result<Self, Refusal> {
        let level = LEVEL.get();
        if level < limit {
            LEVEL.set(level + 1);
            Ok(Self)
        } else {
            Err(PublishErrorKind::TooDeep { chain: Box::default(), limit }.into())
        }
    }

    /// For user code that runs because something goes, which is as good as within a publish.
    pub(crate) fn of_user_code() -> Self {
        LEVEL.set(LEVEL.get() + 1);
        Self
    }
}

impl Drop for Level {
    fn drop(&mut self) {
        LEVEL.set(LEVEL.get() - 1);
    }
}

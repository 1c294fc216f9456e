//! What causes what: the event that a thread is handling, and how deep publishing is nested.

use std::cell::{Cell, OnceCell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use rem_patterns::Topic;

use crate::error::{PublishErrorKind, Refusal};
use crate::event::{Event, Head};

thread_local! {
    /// The event whose inline handlers run in this thread.
    static HANDLED: RefCell<Option<Handled>> = const { RefCell::new(None) };
    /// How many publishes are on this thread's stack: middleware, filters and `Display` may publish too.
    static LEVEL: Cell<usize> = const { Cell::new(0) };
}

/// The event being handled, and the link that what its handlers publish will hang from.
struct Handled {
    event: Arc<Event>,
    above: Option<Rc<Link>>,
    /// Made when a handler publishes, which most do not.
    link: OnceCell<Rc<Link>>,
}

/// One event of a causal chain.
#[derive(Debug)]
pub(crate) struct Link {
    topic: Topic,
    above: Option<Rc<Link>>,
    depth: usize,
}

/// Puts what causes an event of this thread, if something does, into its head. `Err` if the chain is too deep.
pub(super) fn put(limit: usize, head: &mut Head) -> Result<(), Refusal> {
    // While a thread ends, its locals may be gone; then nothing is being handled.
    let put = HANDLED.try_with(|handled| {
        let handled = handled.borrow();
        let Some(handled) = handled.as_ref() else { return Ok(()) };
        if handled.link().depth >= limit {
            let chain = handled.chain_to(&head.topic);
            return Err(PublishErrorKind::TooDeep { chain, limit }.into());
        }
        head.causation = Some(handled.event.id());
        head.correlation = Some(handled.event.correlation());
        Ok(())
    });
    put.unwrap_or(Ok(()))
}

/// The link of the event being handled, for one that waits for its turn.
pub(crate) fn link() -> Option<Rc<Link>> {
    HANDLED.try_with(|handled| handled.borrow().as_ref().map(Handled::link)).ok().flatten()
}

/// Runs `handle`, which does not panic, with `event` as the cause of all that it publishes in this thread.
pub(crate) fn handling<R>(
    event: Arc<Event>,
    above: Option<Rc<Link>>,
    handle: impl FnOnce(&Arc<Event>) -> R,
) -> R {
    let mut pending = Some((Handled { event, above, link: OnceCell::new() }, handle));
    let result = HANDLED.try_with(|cell| {
        let (handled, handle) = pending.take()?;
        cell.replace(Some(handled));
        // The event stays where it is and is lent from there, which spares a count of owners. Whoever publishes
        // meanwhile only looks.
        let result = cell.borrow().as_ref().map(|handled| handle(&handled.event));
        let handled = cell.take();
        drop(handled); // and the event perhaps, which is user code: no longer borrowed
        result
    });
    match (result, pending) {
        (Ok(Some(result)), _) => result,
        // While a thread ends its locals may be gone; then it handles without being known as a cause.
        (_, Some((handled, handle))) => handle(&handled.event),
        (_, None) => unreachable!("what was pending was handled"),
    }
}

impl Handled {
    fn link(&self) -> Rc<Link> {
        let link = self.link.get_or_init(|| {
            let depth = self.above.as_ref().map_or(1, |above| above.depth + 1);
            Rc::new(Link { topic: self.event.topic().clone(), above: self.above.clone(), depth })
        });
        Rc::clone(link)
    }

    fn chain_to(&self, topic: &Topic) -> Box<[Topic]> {
        let mut chain = vec![topic.clone()];
        let last = self.link();
        let mut link = Some(&last);
        while let Some(at) = link {
            chain.push(at.topic.clone());
            link = at.above.as_ref();
        }
        chain.reverse();
        chain.into()
    }
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

/// One publish on this thread's stack.
pub(crate) struct Level;

impl Level {
    /// # Errors
    /// If there are `limit` already: something that runs within a publish publishes without end.
    pub(crate) fn enter(limit: usize) -> Result<Self, Refusal> {
        let level = LEVEL.get();
        if level < limit {
            LEVEL.set(level + 1);
            Ok(Self)
        } else {
            Err(PublishErrorKind::TooDeep { chain: Box::default(), limit }.into())
        }
    }
}

impl Drop for Level {
    fn drop(&mut self) {
        LEVEL.set(LEVEL.get() - 1);
    }
}

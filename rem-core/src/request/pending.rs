//! [`Pending`]: the questions that wait for an answer, and the answers that have come and are not taken yet.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use std::task::{Poll, Waker};

use foldhash::fast::FixedState;

use crate::bus::{End, State};
use crate::deliver::{quietly, wake};
use crate::event::{Event, EventId};
use crate::sync::{Mutex, lock};

/// How many wait at once.
pub(super) const MOST: usize = 1 << 16;

/// The questions of one requester. What is an answer's (its drop is the user's code), and wakers, go under no lock.
pub(super) struct Pending<A> {
    slots: Mutex<Slots<A>>,
    /// Itself as who is told that the bus has ended: the bus does not keep it.
    end: OnceLock<Arc<dyn End>>,
}

struct Slots<A> {
    by_question: HashMap<EventId, Waiting<A>, FixedState>,
    is_over: bool,
}

struct Waiting<A> {
    /// The first that came.
    answer: Option<Arc<Event<A>>>,
    waker: Option<Waker>,
}

/// One question that waits. Dropped, it waits no more.
pub(super) struct Slot<A> {
    pending: Arc<Pending<A>>,
    question: EventId,
}

impl<A: Send + Sync + 'static> Pending<A> {
    pub(super) fn new() -> Arc<Self> {
        let slots = Slots { by_question: HashMap::default(), is_over: false };
        Arc::new(Self { slots: Mutex::new(slots), end: OnceLock::new() })
    }

    /// Ends all waits when the bus ends.
    pub(super) fn ends_with(self: &Arc<Self>, bus: &State) {
        let end = self.end.get_or_init(|| Arc::new(Over(Arc::downgrade(self))));
        bus.tell_end(end);
    }

    /// One more; `None` if there are too many.
    pub(super) fn put(self: &Arc<Self>, question: EventId) -> Option<Slot<A>> {
        let mut slots = lock(&self.slots);
        if slots.by_question.len() >= MOST {
            return None;
        }
        slots.by_question.insert(question, Waiting { answer: None, waker: None });
        drop(slots);
        Some(Slot { pending: Arc::clone(self), question })
    }

    /// Whether an answer to that question is waited for still.
    pub(super) fn wants(&self, question: EventId) -> bool {
        let slots = lock(&self.slots);
        slots.by_question.get(&question).is_some_and(|waiting| waiting.answer.is_none())
    }

    /// An answer has come; all but the first are nothing more than events.
    pub(super) fn came(&self, question: EventId, answer: Arc<Event<A>>) {
        let mut slots = lock(&self.slots);
        let (waker, late) = match slots.by_question.get_mut(&question) {
            Some(waiting) if waiting.answer.is_none() => {
                waiting.answer = Some(answer);
                (waiting.waker.take(), None)
            }
            _ => (None, Some(answer)),
        };
        drop(slots);
        quietly(late);
        waker.into_iter().for_each(wake);
    }

    /// The bus has ended: no answer will come.
    pub(super) fn over(&self) {
        let mut slots = lock(&self.slots);
        slots.is_over = true;
        let wakers: Vec<_> =
            slots.by_question.values_mut().filter_map(|waiting| waiting.waker.take()).collect();
        drop(slots);
        wakers.into_iter().for_each(wake);
    }

    pub(super) fn len(&self) -> usize {
        lock(&self.slots).by_question.len()
    }
}

/// Tells it that the bus has ended.
struct Over<A>(std::sync::Weak<Pending<A>>);

impl<A: Send + Sync + 'static> End for Over<A> {
    fn end(&self) {
        if let Some(pending) = self.0.upgrade() {
            pending.over();
        }
    }
}

impl<A> Slot<A> {
    /// The answer, once; `None` if none will come. While it is not known, that waker is woken when it is.
    pub(super) fn poll(&self, waker: &Waker) -> Poll<Option<Arc<Event<A>>>> {
        let waker = waker.clone();
        let mut slots = lock(&self.pending.slots);
        let is_over = slots.is_over;
        let Some(waiting) = slots.by_question.get_mut(&self.question) else {
            return Poll::Ready(None);
        };
        if let Some(answer) = waiting.answer.take() {
            return Poll::Ready(Some(answer));
        }
        if is_over {
            return Poll::Ready(None);
        }
        let old = waiting.waker.replace(waker);
        drop(slots);
        quietly(old);
        Poll::Pending
    }
}

impl<A> Drop for Slot<A> {
    fn drop(&mut self) {
        let gone = lock(&self.pending.slots).by_question.remove(&self.question);
        quietly(gone);
    }
}

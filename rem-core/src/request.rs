//! Requests: an event that asks, and the event that answers it.
//!
//! Both are events as all others are: they have topics, are seen by whoever subscribes, stand in the history, and travel with a
//! mesh. That an event is the answer to another is said by its cause alone, so that anybody who publishes it because of
//! the question has answered, in whichever process and language.

mod error;
#[cfg(all(test, rem_loom))]
mod loom;
mod pending;

use std::fmt;
use std::future::{Future, IntoFuture, poll_fn};
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use crate::block::block_on;
use crate::bus::{Bus, State};
use crate::deliver::is_delivering;
use crate::error::PublishError;
use crate::event::{Event, EventId, EventType, Shape, Shown, all_topics};
use crate::publish::{self, Extra, Receipt, To};
use crate::subscription::{Called, Delivery, Subscription};
use crate::way;

pub use error::RequestError;
use pending::{Pending, Slot};

/// How long an answer is waited for, unless told.
const LIMIT: Duration = Duration::from_secs(10);

/// An event type that asks for an answer, which is an event of another type.
///
/// ```
/// use rem_core::{Bus, Event, Request, RequestError};
///
/// # fn ask<AskPrice: Request>(bus: &Bus, question: AskPrice, price: fn(&Event<AskPrice>) -> AskPrice::Answer)
/// # -> Result<(), RequestError<AskPrice>> {
/// let _shop = bus.answer(price); // fn(&Event<AskPrice>) -> Price
/// let told = bus.request(question).wait()?; // or `.await`
/// println!("{}", told.topic());
/// # Ok(()) }
/// ```
///
/// The guide on requests, of the facade, has it whole.
#[diagnostic::on_unimplemented(
    message = "`{Self}` asks for nothing: it has no type of answer",
    label = "no request",
    note = "write `impl Request for {Self} {{ type Answer = …; }}` with the event type of its answer; both derive `EventType`"
)]
pub trait Request: EventType {
    /// The event that answers.
    type Answer: EventType;
}

/// What [`Bus::answer`] takes of who answers: the answer, or a `Result` of it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no answer: `{A}` is, or a `Result<{A}, E>` with an `E` that can be displayed",
    label = "not the answer's type"
)]
pub trait IntoAnswer<A> {
    /// The answer, or why there is none.
    ///
    /// # Errors
    /// When who was asked says so.
    fn into_answer(self) -> Result<A, Box<str>>;
}

impl<A: EventType> IntoAnswer<A> for A {
    fn into_answer(self) -> Result<A, Box<str>> {
        Ok(self)
    }
}

impl<A: EventType, E: fmt::Display> IntoAnswer<A> for Result<A, E> {
    fn into_answer(self) -> Result<A, Box<str>> {
        self.map_err(|error| error.to_string().into())
    }
}

impl Bus {
    /// Asks, and waits for the first answer: `.await`, in any runtime, or [`wait`](Asking::wait) in a thread; ten seconds by the
    /// bus's clock, unless [`within`](Asking::within) says otherwise. Nothing is published before.
    ///
    /// It subscribes to the answers, publishes the question as [`publish_async`](Self::publish_async) does, and unsubscribes. Who
    /// asks often keeps a [`requester`](Self::requester), which subscribes once; over a mesh that is needed, unless the answers
    /// are [always](https://docs.rs/rem-mesh) imported, for other nodes send only what somebody is subscribed to.
    ///
    /// # Errors
    /// A [`RequestError`], when there is no answer; with the question, if that was not published.
    pub fn request<Q: Request>(&self, question: Q) -> Asking<Q> {
        Asking { by: Asker::Bus(self.clone()), question, limit: LIMIT }
    }

    /// Asks questions of one type, as long as it is kept: it is subscribed to their answers.
    pub fn requester<Q: Request>(&self) -> Requester<Q> {
        Requester::new(self)
    }

    /// Answers every question of a type, in the thread that publishes it, as [`on`](Self::on) handles it. An error is no answer:
    /// it is told as a handler's is, and who asked waits on, for others may answer.
    ///
    /// Who answers in a task, from a stream or later calls [`reply`](Self::reply).
    #[track_caller]
    pub fn answer<Q, F, R>(&self, answer: F) -> Subscription
    where
        Q: Request,
        F: Fn(&Event<Q>) -> R + Send + Sync + 'static,
        R: IntoAnswer<Q::Answer>,
    {
        let bus = self.downgrade(); // not the bus, which has the handler
        let answers = move |question: &Event<Q>| -> Result<(), Box<str>> {
            let answer = answer(question).into_answer()?;
            let Some(bus) = bus.upgrade() else { return Ok(()) };
            let told = bus.reply(question, answer);
            told.map(drop).map_err(|error| error.to_string().into())
        };
        self.state().by_type(all_topics::<Q>(), Delivery::inline(answers), Location::caller())
    }

    /// Answers one question: publishes the answer as caused by it, in its story, and on the bus that it was asked on, if that
    /// lies below this one.
    ///
    /// # Errors
    /// As for [`publish`](Self::publish).
    pub fn reply<Q: Request>(
        &self,
        question: &Event<Q>,
        answer: Q::Answer,
    ) -> Result<Receipt, PublishError<Q::Answer>> {
        let scope = question.topic().get(..question.scope()).unwrap_or_default();
        let bus = self.nearest(scope);
        let mut extra = Extra {
            causation: Some(question.id()),
            correlation: Some(question.correlation()),
            ..Extra::default()
        };
        way::go(bus.state(), answer, To::Own, Some(&mut extra), None)
    }
}

/// Asks questions of one type, and is subscribed to their answers: see [`Bus::requester`]. A handle for any number of threads, whose
/// clones are the same; it keeps its bus.
///
/// Up to 65,536 questions wait at once.
pub struct Requester<Q: Request>(Arc<Inner<Q>>);

struct Inner<Q: Request> {
    bus: Bus,
    pending: Arc<Pending<Q::Answer>>,
    _answers: Subscription,
}

impl<Q: Request> Requester<Q> {
    #[track_caller]
    fn new(bus: &Bus) -> Self {
        let pending = Pending::new();
        let comes = Arc::clone(&pending);
        let delivery = Delivery::of::<Q::Answer>(Box::new(move |event, _| {
            let event = event.shared();
            match event.causation().filter(|question| comes.wants(*question)) {
                None => Called::Done,
                Some(question) => match Q::Answer::share(event) {
                    Some(answer) => {
                        comes.came(question, answer);
                        Called::Done
                    }
                    None => Called::Mismatched,
                },
            }
        }));
        let answers = bus.state().by_type(all_topics::<Q::Answer>(), delivery, Location::caller());
        pending.ends_with(bus.state());
        Self(Arc::new(Inner { bus: bus.clone(), pending, _answers: answers }))
    }

    /// Asks, as [`Bus::request`] does, without subscribing anew.
    pub fn ask(&self, question: Q) -> Asking<Q> {
        Asking { by: Asker::Requester(self.clone()), question, limit: LIMIT }
    }

    /// How many questions wait for an answer.
    pub fn waiting(&self) -> usize {
        self.0.pending.len()
    }
}

impl<Q: Request> Clone for Requester<Q> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<Q: Request> fmt::Debug for Requester<Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Requester")
            .field("question", &Q::SCHEMA.name)
            .field("answer", &Q::Answer::SCHEMA.name)
            .field("waiting", &self.waiting())
            .finish_non_exhaustive()
    }
}

/// A question that is about to be asked: see [`Bus::request`].
#[must_use = "nothing is asked until it is awaited or `wait` is called"]
pub struct Asking<Q: Request> {
    by: Asker<Q>,
    question: Q,
    limit: Duration,
}

/// Who is subscribed to the answers.
enum Asker<Q: Request> {
    Bus(Bus),
    Requester(Requester<Q>),
}

/// What comes of a question.
type Answer<Q> = Result<Arc<Event<<Q as Request>::Answer>>, RequestError<Q>>;

impl<Q: Request> Asking<Q> {
    /// How long the answer is waited for, by the bus's clock; 10 s unless told.
    pub fn within(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Asks, and waits in this thread.
    ///
    /// # Errors
    /// A [`RequestError`], when there is no answer; with the question, if that was not published.
    pub fn wait(self) -> Answer<Q> {
        block_on(self.ask(true))
    }

    async fn ask(self, in_a_thread: bool) -> Answer<Q> {
        let Self { by, question, limit } = self;
        let requester = match by {
            Asker::Bus(bus) => bus.requester(),
            Asker::Requester(requester) => requester,
        };
        let Inner { bus, pending, .. } = &*requester.0;
        let id = EventId::from(bus.state().core.ids.next(bus.state().core.clock.now()));
        let Some(slot) = pending.put(id) else {
            return Err(RequestError::TooMany { question, limit: pending::MOST });
        };
        let mut extra = Extra { id: Some(id), ..Extra::default() };
        let ahead =
            if in_a_thread { None } else { Some(publish::room(bus.state(), &question).await) };
        let asked = way::go(bus.state(), question, To::Own, Some(&mut extra), ahead);
        let receipt = asked.map_err(RequestError::Publish)?;
        if let Some(by) = receipt.stopped() {
            return Err(RequestError::Stopped { by: by.into() });
        }
        if receipt.matched() == 0 {
            return Err(RequestError::Nobody);
        }
        // Under `Ordering::Total` another thread may have it in hand: then the answer comes while this one waits.
        if in_a_thread && is_delivering() && receipt.deferred() == receipt.matched() {
            return Err(RequestError::WithinHandler);
        }
        answered::<Q>(bus.state(), slot, limit, &receipt).await
    }
}

/// Waits for the answer, or for what comes before it.
async fn answered<Q: Request>(
    bus: &State,
    slot: Slot<Q::Answer>,
    limit: Duration,
    receipt: &Receipt,
) -> Answer<Q> {
    let mut late = bus.core.timers.sleep(limit);
    poll_fn(|cx| {
        if let Poll::Ready(came) = slot.poll(cx.waker()) {
            return Poll::Ready(came.ok_or(RequestError::Closed));
        }
        late.poll(cx.waker()).map(|()| {
            // What has come in the meantime has come in time.
            match slot.poll(cx.waker()) {
                Poll::Ready(came) => came.ok_or(RequestError::Closed),
                Poll::Pending => Err(RequestError::TimedOut {
                    limit,
                    heard: receipt.matched(),
                    failed: receipt.failed(),
                }),
            }
        })
    })
    .await
}

impl<Q: Request> IntoFuture for Asking<Q> {
    type Output = Answer<Q>;
    type IntoFuture = Pin<Box<dyn Future<Output = Answer<Q>> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.ask(false))
    }
}

/// Fields that are marked `#[event(redact)]` are not shown.
impl<Q: Request> fmt::Debug for Asking<Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Asking")
            .field("question", &Shown(&self.question))
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}

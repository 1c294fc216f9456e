//! [`Spans`] and [`traced`]: a span of `tracing` for each publish and each handling, linked.

use std::cell::RefCell;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use foldhash::fast::FixedState;
use tracing::field::{Empty, display};
use tracing::{Level, Span, info_span};

use super::TRACEPARENT;
use crate::deliver::quietly;
use crate::draft::Draft;
use crate::event::{Event, EventId, Shape};
use crate::middleware::{Middleware, Next, Step, Stop};
use crate::publish::Receipt;
use crate::subscription::Outcome;
use crate::sync::thread_local;

/// Middleware that opens a span of the crate [`tracing`] for each publish: `publish`, at the level `INFO`, under the target
/// `rem`.
///
/// It begins with this middleware and ends when the inline handlers have returned, and has the fields `topic`, `id`, `source`,
/// `causation`, `correlation`, `traceparent` (if [`Trace`](crate::middleware::Trace) stands before it), then `receipt`, or
/// `error` for what was refused. Handlers that are [`traced`] have spans of their own, which follow from it, and so have tasks
/// that are [`traced`](crate::TaskBuilder::traced):
///
/// ```
/// use rem_core::{Bus, Event};
/// use rem_core::middleware::{Spans, Trace};
/// use rem_core::trace::traced;
///
/// let bus = Bus::new();
/// bus.middleware("**", Trace::new())?;
/// bus.middleware("**", Spans::new())?;
/// let _sub = bus.subscribe("order.**", traced("billing", |event: &Event| {
///     println!("{event}");
/// }))?;
/// # Ok::<(), rem_core::SubscribeError>(())
/// ```
///
/// # Cost
/// One load and a comparison while nobody wants spans of that target. Otherwise what the subscriber of tracing does with them,
/// in the publisher's thread; a publish within a handler leaves its span open until the handlers of its event have returned, up
/// to 1,024 of them in a thread, and so does one whose event waits for a traced task, or under
/// [`Ordering::Total`](crate::Ordering::Total) for its turn. It is entered no more, so that its busy time ends with the publish.
#[derive(Debug, Default, Clone, Copy)]
pub struct Spans(());

/// How many spans of publishes a thread keeps open: those of events beyond it are not linked to.
const OPEN_AT_MOST: usize = 1_024;

/// The spans of a thread that handlings may follow from.
struct Open {
    /// How many publishes that have a span are on this thread's stack.
    level: usize,
    spans: HashMap<EventId, Span, FixedState>,
}

thread_local! {
    static OPEN: RefCell<Open> = const {
        RefCell::new(Open { level: 0, spans: HashMap::with_hasher(FixedState::with_seed(0)) })
    };
}

impl Spans {
    /// For every event that it is bound to.
    pub fn new() -> Self {
        Self(())
    }
}

impl Middleware for Spans {
    fn before(&self, _: &mut Draft) -> Result<Step, Stop> {
        let wanted = tracing::span_enabled!(target: "rem", Level::INFO);
        Ok(if wanted { Step::Around } else { Step::Done })
    }

    fn handle(&self, draft: &mut Draft, next: Next<'_>) -> Result<Receipt, Stop> {
        let span = info_span!(
            target: "rem",
            "publish",
            otel.kind = "producer",
            otel.status_code = Empty,
            topic = draft.topic().as_str(),
            id = %draft.id(),
            source = draft.source(),
            causation = draft.causation().map(display),
            correlation = %draft.correlation(),
            traceparent = traceparent(draft),
            receipt = Empty,
            error = Empty,
        );
        let published = Published::begin(draft.id(), &span);
        let said = span.in_scope(|| next.run(draft));
        match &said {
            Ok(receipt) => drop(span.record("receipt", display(receipt))),
            Err(stop) if stop.by().is_some() => drop(span.record("receipt", display(stop))),
            Err(stop) => fail(&span, stop),
        }
        published.end(said.as_ref().is_ok_and(|receipt| receipt.deferred() > 0));
        said
    }
}

/// A publish that has a span, on this thread's stack.
struct Published(EventId);

impl Published {
    fn begin(id: EventId, span: &Span) -> Self {
        // A span runs the subscriber's code as it goes, so it goes when nothing is borrowed.
        let before = with(|open| {
            open.level += 1;
            let has_room = open.spans.len() < OPEN_AT_MOST;
            has_room.then(|| open.spans.insert(id, span.clone())).flatten()
        });
        drop(before);
        Self(id)
    }

    /// `deferred`: handlers will have the event when those of another have returned.
    fn end(self, deferred: bool) {
        if !deferred {
            drop(with(|open| open.spans.remove(&self.0)));
        }
    }
}

/// With the outermost one all that was put off is handled, and so everything is over.
impl Drop for Published {
    fn drop(&mut self) {
        let over = with(|open| {
            open.level -= 1;
            (open.level == 0).then(|| std::mem::take(&mut open.spans))
        });
        drop(over);
    }
}

/// The span of a publish that this thread has of another, while it hands the event over.
struct Lent(EventId);

/// Lets handlings in this thread find the span of an event's publish while the event is handed over. It goes as `Origin` says.
pub(super) fn lend<R>(id: EventId, span: Span, hand_over: impl FnOnce() -> R) -> R {
    let mut span = Some(span);
    // Whoever has published it here finds it anyway. One more than may be kept is a bound, too.
    with(|open| match open.spans.entry(id) {
        Entry::Vacant(place) => span.take().map(|span| {
            place.insert(span);
        }),
        Entry::Occupied(_) => None,
    });
    let lent = span.is_none().then_some(Lent(id));
    let said = hand_over();
    drop(lent);
    if let Some(span) = span {
        quietly(span);
    }
    said
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let Some(span) = with(|open| open.spans.remove(&self.0)) {
            quietly(span);
        }
    }
}

/// Nothing, for a thread that ends: there is no span of another publish that it could find.
fn with<R>(look: impl FnOnce(&mut Open) -> Option<R>) -> Option<R> {
    OPEN.try_with(|open| look(&mut open.borrow_mut())).ok().flatten()
}

/// A handler that opens a span for each call: `handle`, at the level `INFO`, under the target `rem`, as [`handling`] says.
///
/// `subscription` is what the span calls it. What `handle` returns, and that it panicked, is noted as `error`; to the bus it is
/// what it would be without this. It goes wherever a handler goes that takes `&Event<T>`; one that takes a
/// [`Received`](crate::Received), and a reader of a queue, use [`handling`], and a task has
/// [`TaskBuilder::traced`](crate::TaskBuilder::traced).
///
/// # Cost
/// One load and a comparison more for each call while nobody wants spans of that target; handlers that are not wrapped pay
/// nothing.
pub fn traced<T, F, R>(
    subscription: &'static str,
    handle: F,
) -> impl Fn(&Event<T>) -> Result<(), Box<str>> + Send + Sync + 'static
where
    T: Shape + ?Sized,
    F: Fn(&Event<T>) -> R + Send + Sync + 'static,
    R: Outcome,
{
    move |event| within_handling(subscription, event, || handle(event).outcome())
}

/// Runs a handler within the span of its handling, which notes what it fails with.
pub(super) fn within_handling<T: ?Sized>(
    subscription: &str,
    event: &Event<T>,
    run: impl FnOnce() -> Result<(), Box<str>>,
) -> Result<(), Box<str>> {
    let span = handling(subscription, event);
    if span.is_disabled() {
        return run();
    }
    // Run as the bus would run it; the panic goes on to it.
    let run = || span.in_scope(run);
    let outcome = catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic| {
        fail(&span, &"it panicked");
        resume_unwind(panic)
    });
    if let Err(error) = &outcome {
        fail(&span, error);
    }
    outcome
}

/// A span for the handling of an event, to be entered by who handles it: `handle`, at the level `INFO`, under the target `rem`.
///
/// It is no child of the span of the event's publish, and of none that is entered, but follows from it: one publish may be
/// handled by many, long after it is over. The link is made if the publish passed [`Spans`] and its span is open in this thread,
/// as it is for inline handlers, in whichever thread [`Ordering::Total`](crate::Ordering::Total) has them called. Everywhere else
/// the fields tell: `subscription`, `topic`, `id`, `correlation`, and `traceparent`, from which tools make a link too. A task
/// that is [`traced`](crate::TaskBuilder::traced) keeps the link in its queue, and opens its spans itself.
///
/// ```
/// use rem_core::{Bus, Event, Overflow};
/// use rem_core::trace;
///
/// let bus = Bus::new();
/// let mut orders = bus.subscription("order.**").queue(64, Overflow::DropOldest).stream::<dyn rem_core::Payload>()?;
/// while let Ok(received) = orders.try_recv() {
///     trace::handling("billing", received.event()).in_scope(|| println!("{}", received.event()));
/// }
/// # Ok::<(), rem_core::SubscribeError>(())
/// ```
pub fn handling<T: ?Sized>(subscription: &str, event: &Event<T>) -> Span {
    let span = handle(subscription, event, None);
    if !span.is_disabled()
        && let Some(publish) = publish_of(event)
    {
        span.follows_from(&publish);
    }
    span
}

/// The span of a handling, without a link.
pub(super) fn handle<T: ?Sized>(
    subscription: &str,
    event: &Event<T>,
    attempt: Option<u32>,
) -> Span {
    info_span!(
        target: "rem",
        parent: None,
        "handle",
        otel.kind = "consumer",
        otel.status_code = Empty,
        subscription,
        topic = event.topic().as_str(),
        id = %event.id(),
        correlation = %event.correlation(),
        traceparent = traceparent(event),
        attempt,
        error = Empty,
    )
}

/// The span of an event that is sent again: within what sends it, as a publish is.
pub(super) fn resend(subscription: &str, event: &Event) -> Span {
    info_span!(
        target: "rem",
        "resend",
        otel.kind = "producer",
        subscription,
        topic = event.topic().as_str(),
        id = %event.id(),
        correlation = %event.correlation(),
        traceparent = traceparent(event),
    )
}

/// The span of an event's publish, if it is open in this thread.
pub(super) fn publish_of<T: ?Sized>(event: &Event<T>) -> Option<Span> {
    with(|open| open.spans.get(&event.id()).cloned())
}

fn traceparent<T: ?Sized>(event: &Event<T>) -> Option<&str> {
    event.metadata().get(TRACEPARENT)?.as_str()
}

pub(super) fn fail(span: &Span, error: &dyn std::fmt::Display) {
    span.record("otel.status_code", "ERROR").record("error", display(error));
}

//! Step 2: what sees, changes or stops a draft between publisher and subscribers.
//!
//! | ready-made | what it does |
//! | --- | --- |
//! | [`filter`], [`transform`], [`tap`] | lets pass, changes, looks at: a function of yours |
//! | [`Enrich`] | says who publishes, and adds metadata |
//! | [`Redact`] | blanks what is not for every eye |
//! | [`Sample`] | lets a part of the events pass |
//! | [`Deduplicate`] | stops an event that comes again |
//! | `RateLimit` (feature `rate-limit`) | lets no more pass than so many in a time |
//! | [`Trace`] | says which trace an event belongs to, by W3C Trace Context |
//! | [`Timing`] | measures how long publishing takes |
//! | `Measure` (feature `metrics`) | the same, told to the crate metrics |
//! | `Spans` (feature `tracing`) | opens a span for each publish, which those of its handlers follow from |
//! | `Log` (feature `tracing`) | tells every event and what became of it |
//!
//! Middleware has the order in which it was added to its bus. What is cheap and stops much comes first; what changes
//! events comes before what looks at them; `Log` and [`Timing`] see what stands behind them in the chain, and so come
//! first if they are to see what the others stop.
//!
//! An event that middleware stops is not lost silently: the publisher's receipt names who did, and
//! [`Bus::topology`](crate::Bus::topology) and [`Bus::stats`](crate::Bus::stats) count it.
//!
//! # Cost
//! A publish pays for the middleware bound to its topic, and for no other: it is found when the topic's route is resolved.
//! One that has nothing to do costs a few nanoseconds; one that is [around](Step::Around) the rest some more.

mod deduplicate;
mod enrich;
mod error;
#[cfg(feature = "tracing")]
mod log;
#[cfg(feature = "metrics")]
mod measure;
#[cfg(all(test, rem_loom))]
mod loom;
mod pass;
#[cfg(feature = "rate-limit")]
mod rate_limit;
mod ready;
mod redact;
mod sample;
mod timing;
mod trace;
mod wrap;

use std::error::Error;
use std::fmt;
use std::panic::Location;
use std::sync::Arc;

use rem_patterns::{Pattern, Topic};

use crate::draft::Draft;
use crate::error::{Failure, PublishErrorKind};
use crate::publish::Receipt;
use crate::sync::atomic::{AtomicU64, Ordering};
use crate::topology::MiddlewareStats;

pub use deduplicate::Deduplicate;
pub use enrich::Enrich;
pub use error::{OptionError, OptionErrorKind};
#[cfg(feature = "tracing")]
pub use log::Log;
#[cfg(feature = "metrics")]
pub use measure::Measure;
pub use pass::Next;
pub(crate) use pass::pass;
#[cfg(feature = "rate-limit")]
pub use rate_limit::RateLimit;
pub use ready::{Filter, Tap, Transform, filter, tap, transform};
pub use redact::Redact;
pub use sample::Sample;
pub use timing::{Times, Timing};
pub use trace::Trace;
pub use wrap::{Named, named};

#[cfg(feature = "tracing")]
pub use crate::trace::Spans;

/// What sees, changes or stops the drafts that its pattern selects.
///
/// A draft passes the middleware of the bus it was published on, in the order in which it was added, then each parent's
/// up to the root. [The ready-made ones](self) do the usual; implement the trait for the rest. What only looks at or
/// changes the draft is [`before`](Self::before) the others; what also wants to see what became of it is around them, by
/// [`handle`](Self::handle):
///
/// ```
/// use rem_core::{Bus, Draft, Middleware, Next, Receipt, Step, Stop};
///
/// /// Refuses events without a tenant.
/// struct Tenants;
///
/// impl Middleware for Tenants {
///     fn before(&self, draft: &mut Draft) -> Result<Step, Stop> {
///         match draft.metadata().get("tenant") {
///             Some(_) => Ok(Step::Done),
///             None => Err(Stop::failed("no tenant")),
///         }
///     }
/// }
///
/// /// Tells who was reached.
/// struct Reached;
///
/// impl Middleware for Reached {
///     fn handle(&self, draft: &mut Draft, next: Next<'_>) -> Result<Receipt, Stop> {
///         let receipt = next.run(draft)?; // the rest of the chain, then the subscribers
///         println!("{}: {receipt}", draft.topic());
///         Ok(receipt)
///     }
/// }
///
/// let bus = Bus::new();
/// bus.middleware("order.**", Tenants)?;
/// bus.middleware("**", Reached)?;
/// # Ok::<(), rem_core::SubscribeError>(())
/// ```
///
/// What panics has failed. An event whose middleware fails is not published, and its publisher is given it back; after
/// `next.run` it is too late for that: the failure is told as `$rem.middleware.failed` and the receipt stays.
///
/// Many threads call it at once, and it may be called again within itself, by what a handler publishes.
pub trait Middleware: Send + Sync + 'static {
    /// Looks at a draft, before the rest of the chain. Whoever is [done](Step::Done) with it then costs least.
    ///
    /// # Errors
    /// [`Stop`], when the event is not to be published.
    fn before(&self, draft: &mut Draft) -> Result<Step, Stop> {
        let _ = draft;
        Ok(Step::Around)
    }

    /// Looks at a draft for which [`before`](Self::before) said [`Step::Around`], as it does unless it is written, and runs
    /// the rest of the chain or does not.
    ///
    /// # Errors
    /// [`Stop`], when the event is not to be published.
    fn handle(&self, draft: &mut Draft, next: Next<'_>) -> Result<Receipt, Stop> {
        next.run(draft)
    }

    /// What it is called in errors and receipts; the type's name unless told.
    fn name(&self) -> &str {
        let name = std::any::type_name::<Self>();
        let end = name.find('<').unwrap_or(name.len());
        name[..end].rsplit("::").next().unwrap_or(name)
    }
}

/// What [`Middleware::before`] says of a draft that it does not stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Its part is done; the chain goes on without it.
    Done,
    /// It wants to be around the rest of the chain, by [`Middleware::handle`].
    Around,
}

/// Why middleware did not let a draft pass.
pub struct Stop(pub(crate) StopKind);

#[derive(Debug)]
pub(crate) enum StopKind {
    /// It is not wanted: the publisher's receipt names who stopped it.
    Quietly,
    Failed(Box<str>),
    /// What [`Next::run`] gave back, on its way to the publisher.
    Beyond(Box<Failure>),
    /// The same, of a draft that was stopped further on.
    Stopped(Arc<Box<str>>),
}

impl Stop {
    /// The event is not wanted. Its publisher is told by [`Receipt::stopped`], which is no error.
    pub fn quietly() -> Self {
        Self(StopKind::Quietly)
    }

    /// Something is wrong. The publisher gets an error, and the event back.
    pub fn failed(reason: impl Into<Box<str>>) -> Self {
        Self(StopKind::Failed(reason.into()))
    }

    pub(crate) fn beyond(failure: Box<Failure>) -> Self {
        Self(StopKind::Beyond(failure))
    }

    /// Of what [`Next::run`] gave back: the name of the middleware that did not want the event. `None` when something was
    /// wrong: then [`error`](Self::error) says what.
    pub fn by(&self) -> Option<&str> {
        match &self.0 {
            StopKind::Stopped(name) => Some(name),
            _ => None,
        }
    }

    /// Of what [`Next::run`] gave back: why the publisher will get an error, and the event back.
    pub fn error(&self) -> Option<&PublishErrorKind> {
        match &self.0 {
            StopKind::Beyond(failure) => Some(&failure.kind),
            _ => None,
        }
    }
}

/// So that `?` works on the errors of what middleware calls.
impl<E: Error> From<E> for Stop {
    fn from(error: E) -> Self {
        Self(StopKind::Failed(error.to_string().into()))
    }
}

impl fmt::Debug for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// What became of the event, in the words of the receipt or of the error that its publisher gets.
impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            StopKind::Quietly => f.write_str("stopped"),
            StopKind::Failed(reason) => f.write_str(reason),
            StopKind::Beyond(failure) => failure.fmt(f),
            StopKind::Stopped(name) => write!(f, "stopped by {name}"),
        }
    }
}

/// Middleware as a bus holds it.
pub(crate) struct Bound {
    pub(crate) middleware: Box<dyn Middleware>,
    /// Behind a pointer of one word, which every receipt has room for.
    pub(crate) name: Arc<Box<str>>,
    pub(crate) pattern: Pattern,
    /// The prefix of its bus; `None` for the root.
    pub(crate) prefix: Option<Topic>,
    pub(crate) place: &'static Location<'static>,
    /// How many events it did not want.
    stopped: AtomicU64,
    /// How often it failed or panicked.
    failed: AtomicU64,
}

impl Bound {
    pub(crate) fn new(
        middleware: impl Middleware,
        pattern: Pattern,
        prefix: Option<Topic>,
        place: &'static Location<'static>,
    ) -> Self {
        Self {
            name: Arc::new(middleware.name().into()),
            middleware: Box::new(middleware),
            pattern,
            prefix,
            place,
            stopped: AtomicU64::new(0),
            failed: AtomicU64::new(0),
        }
    }

    fn count_stop(&self) {
        self.stopped.fetch_add(1, Ordering::Relaxed);
    }

    fn count_failure(&self) {
        self.failed.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn stats(&self) -> MiddlewareStats {
        MiddlewareStats {
            stopped: self.stopped.load(Ordering::Relaxed),
            failed: self.failed.load(Ordering::Relaxed),
        }
    }

    pub(crate) fn selects(&self, topic: &str) -> bool {
        self.pattern.matches(topic)
    }
}

impl fmt::Debug for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Middleware")
            .field("name", &self.name)
            .field("pattern", &self.pattern)
            .field("place", &format_args!("{}", self.place))
            .finish_non_exhaustive()
    }
}

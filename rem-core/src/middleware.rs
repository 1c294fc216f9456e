//! Step 2: what sees, changes or stops a draft between publisher and subscribers.

mod pass;
mod ready;

use std::error::Error;
use std::fmt;
use std::panic::Location;
use std::sync::Arc;

use rem_patterns::{Pattern, Topic};

use crate::draft::Draft;
use crate::error::Failure;
use crate::publish::Receipt;

pub use pass::Next;
pub(crate) use pass::pass;
pub use ready::{Filter, Tap, Transform, filter, tap, transform};

/// What sees, changes or stops the drafts that its pattern selects.
///
/// A draft passes the middleware of the bus it was published on, in the order in which it was added, then each parent's
/// up to the root. [`filter`], [`transform`] and [`tap`] make the usual kinds; implement the trait for the rest:
///
/// ```
/// use rem_core::{Bus, Draft, Middleware, Next, Receipt, Stop};
///
/// /// Counts who was reached, and refuses events without a tenant.
/// #[derive(Debug)]
/// struct Tenants;
///
/// impl Middleware for Tenants {
///     fn handle(&self, draft: &mut Draft, next: Next<'_>) -> Result<Receipt, Stop> {
///         if draft.metadata().get("tenant").is_none() {
///             return Err(Stop::failed("no tenant"));
///         }
///         let receipt = next.run(draft)?; // the rest of the chain, then the subscribers
///         println!("{}: {receipt}", draft.topic());
///         Ok(receipt)
///     }
/// }
///
/// let bus = Bus::new();
/// bus.middleware("order.**", Tenants)?;
/// # Ok::<(), rem_core::SubscribeError>(())
/// ```
///
/// What panics has failed. An event whose middleware fails is not published, and its publisher is given it back; after
/// `next.run` it is too late for that: the failure is told as `$rem.middleware.failed` and the receipt stays.
pub trait Middleware: Send + Sync + 'static {
    /// Looks at a draft, and runs the rest of the chain or does not.
    ///
    /// # Errors
    /// [`Stop`], when the event is not to be published.
    fn handle(&self, draft: &mut Draft, next: Next<'_>) -> Result<Receipt, Stop>;

    /// What it is called in errors and receipts; the type's name unless told.
    fn name(&self) -> &str {
        let name = std::any::type_name::<Self>();
        let end = name.find('<').unwrap_or(name.len());
        name[..end].rsplit("::").next().unwrap_or(name)
    }
}

/// Why middleware did not let a draft pass.
#[derive(Debug)]
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
}

/// So that `?` works on the errors of what middleware calls.
impl<E: Error> From<E> for Stop {
    fn from(error: E) -> Self {
        Self(StopKind::Failed(error.to_string().into()))
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
}

impl Bound {
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

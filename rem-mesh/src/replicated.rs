//! [`Replicated`]: ready when the broker has acknowledged an event.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use rem_core::Receipt;

use crate::block::block_until;
use crate::outbox::door::Fate;
use crate::state::Shared;

/// Ready when the broker has acknowledged an event, or it is known that it never will: see
/// [`Mesh::replicated`](crate::Mesh::replicated). It waits as long as there is no connection; put a timeout of yours around it, or
/// [`wait`](Self::wait).
#[must_use = "nothing is known before it is awaited"]
pub struct Replicated(Pin<Box<dyn Future<Output = Result<(), ReplicatedError>> + Send>>);

impl Replicated {
    pub(crate) fn of(shared: &Arc<Shared>, receipt: &Receipt) -> Self {
        let found = find(shared, receipt);
        let shared = Arc::clone(shared);
        Self(Box::pin(async move {
            let number = found?;
            let Some(entrance) = &shared.entrance else { return Err(not_exported()) };
            match entrance.door.fate(number).await {
                Fate::Acknowledged => Ok(()),
                Fate::Unsent(reason) => Err(ReplicatedError(Kind::Unsent(reason))),
                Fate::Forgotten => Err(ReplicatedError(Kind::Forgotten)),
                Fate::Waits => Err(ReplicatedError(Kind::Waits)),
            }
        }))
    }

    /// Waits in this thread, at most so long.
    ///
    /// # Errors
    /// As when it is awaited; and when the limit comes first, after which it may still be acknowledged.
    pub fn wait(self, limit: Duration) -> Result<(), ReplicatedError> {
        let until = Instant::now().checked_add(limit);
        block_until(self, until).unwrap_or(Err(ReplicatedError(Kind::Late(limit))))
    }
}

fn not_exported() -> ReplicatedError {
    ReplicatedError(Kind::NotExported)
}

/// Its number, if it leaves by the outbox.
fn find(shared: &Shared, receipt: &Receipt) -> Result<u64, ReplicatedError> {
    let (Some(number), Some(id), Some(entrance)) =
        (receipt.sequence(), receipt.id(), &shared.entrance)
    else {
        return Err(not_exported());
    };
    let bus = shared.bus.upgrade().ok_or(ReplicatedError(Kind::Waits))?;
    let asked = bus.query("**").map_err(|_| not_exported())?;
    let found = asked.id(id).after(number - 1).before(number + 1).first(1).events();
    match found.first() {
        Some(event) if entrance.takes.takes(event) => Ok(number),
        // The journal has let it go, or another bus published it.
        Some(_) | None => Err(not_exported()),
    }
}

impl Future for Replicated {
    type Output = Result<(), ReplicatedError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(cx)
    }
}

impl fmt::Debug for Replicated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replicated").finish_non_exhaustive()
    }
}

/// Why it is not known that the broker has an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplicatedError(Kind);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    NotExported,
    Unsent(Box<str>),
    Forgotten,
    Waits,
    Late(Duration),
}

/// Why it is not known that the broker has an event, to be matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ReplicatedErrorKind {
    /// It does not leave by the outbox of this mesh, or the journal has it no more.
    NotExported,
    /// It cannot be sent, or was let go unsent: it never will be acknowledged.
    Unsent,
    /// It was settled so long ago that nobody knows how.
    Forgotten,
    /// The mesh is over before the broker has acknowledged it; it waits in the journal.
    Waits,
    /// The limit came first.
    Late,
}

impl ReplicatedError {
    /// Why.
    pub fn kind(&self) -> ReplicatedErrorKind {
        match self.0 {
            Kind::NotExported => ReplicatedErrorKind::NotExported,
            Kind::Unsent(_) => ReplicatedErrorKind::Unsent,
            Kind::Forgotten => ReplicatedErrorKind::Forgotten,
            Kind::Waits => ReplicatedErrorKind::Waits,
            Kind::Late(_) => ReplicatedErrorKind::Late,
        }
    }
}

impl fmt::Display for ReplicatedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::NotExported => f.write_str(
                "the event does not leave by this mesh's outbox, or the journal has it no more: export it at the level Durable or \
                 Replicated, and ask soon",
            ),
            Kind::Unsent(reason) => write!(f, "the event is not sent, and never will be: {reason}"),
            Kind::Forgotten => f.write_str(
                "the event was settled so long ago that nobody knows whether it was sent: ask sooner",
            ),
            Kind::Waits => f.write_str(
                "the mesh is over, and the broker has not acknowledged the event; it waits in the journal: join again",
            ),
            Kind::Late(limit) => write!(
                f,
                "the broker has not acknowledged the event after {limit:?}; it may still: wait longer, or look whether the mesh is \
                 connected"
            ),
        }
    }
}

impl Error for ReplicatedError {}

//! [`DurableHistory`]: a history that outlives its process, and what the bus asks of it.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::ops::RangeInclusive;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use rem_patterns::Pattern;

use super::{Evicted, History};
use crate::bus::wait;
use crate::event::Event;
use crate::wire::EncodeError;

/// A [`History`] that outlives its process: what it has committed is there again when the program is started again.
///
/// The bus asks it before an event has its number, so that what cannot be written, and what there is no room for, is refused
/// and given back to its publisher:
///
/// 1. [`write`](Self::write) makes of the event what is to be stored, in the publisher's thread;
/// 2. [`seat`](Self::seat) takes room for one event that is not committed yet; the bus waits for it as long as
///    [`patience`](Self::patience) says;
/// 3. the event gets its number, and [`keep`](Self::keep) takes it and uses the seat.
///
/// Every number that is given out is handed to `keep` once. `rem-journal` has the one that is built on a file.
pub trait DurableHistory: History {
    /// What is to be stored of an event that has no number yet. It runs users' code (serde), so it is called with no lock
    /// held, and a panic of it is caught by the bus.
    ///
    /// # Errors
    /// When the event cannot be stored.
    fn write(&self, event: &Event) -> Result<Written, HistoryError>;

    /// Takes room for one event; `false` if there is none now.
    ///
    /// # Errors
    /// When nothing can be stored at present, whatever room there is.
    fn seat(&self) -> Result<bool, HistoryError>;

    /// Gives back a seat that no event will use.
    fn leave(&self);

    /// Ready when it is worth to ask for a seat again; the waker is woken then.
    fn poll_seat(&self, waker: &Waker) -> Poll<()>;

    /// How long a publisher that may block waits for a seat.
    fn patience(&self) -> Duration;

    /// Keeps an event that has its number, and uses one seat. Called by publishers; where the promise is that an event is
    /// on the disk before anybody sees it, it returns when it is.
    ///
    /// # Errors
    /// When it could not be stored. Then it is not kept, its number is nobody's, and nothing holds the event any more.
    fn keep(&self, event: &Arc<Event>, written: Written) -> Result<Evicted, HistoryError>;

    /// The number up to which every event that was kept is stored for good.
    fn committed(&self) -> u64;

    /// How many events may be committed beyond a position: numbers that no event has, as far as it knows of them, are none.
    ///
    /// Unless told: all numbers.
    fn behind(&self, position: u64) -> u64 {
        self.committed().saturating_sub(position)
    }

    /// The same as [`lost`](History::lost) to who reads what is stored alone, as durable subscriptions do: what was never to
    /// be stored and memory let go of is no loss to it.
    ///
    /// Unless told: what is a loss to all.
    fn lost_of_stored(
        &self,
        gap: RangeInclusive<u64>,
        by: &Pattern,
    ) -> Option<RangeInclusive<u64>> {
        self.lost(gap, by)
    }

    /// What tells of commits, also when the history is gone: it does not keep it open.
    fn commits(&self) -> Arc<dyn Commits>;

    /// Up to which number the durable subscription of that name has handled what it selects; `None` if none ever has.
    fn position(&self, name: &str) -> Option<u64>;

    /// Notes that position, to be stored with the next commit or soon after; it does not wait. `None` forgets the name, and
    /// what was [kept](Self::set_position_with) with it.
    fn set_position(&self, name: &str, sequence: Option<u64>);

    /// The same, and a value that is stored in the same commit and takes the place of the one before.
    fn set_position_with(&self, name: &str, sequence: u64, note: Vec<u8>);

    /// The value that was noted last with the position of that name.
    fn note(&self, name: &str) -> Option<Vec<u8>>;

    /// All names that have a position.
    fn positions(&self) -> Vec<(Box<str>, u64)>;

    /// Asks for all that is kept to be committed as soon as may be. It does not wait.
    fn flush(&self);
}

/// What a [`DurableHistory`] has committed. Receipts hold it, and so does who reads what is committed.
pub trait Commits: fmt::Debug + Send + Sync + 'static {
    /// Ready when all up to that number is committed; the waker is woken then. The number may be one that is not given out
    /// yet.
    ///
    /// # Errors
    /// While it cannot be stored, and when it never will be, for the history is gone.
    fn poll_committed(&self, sequence: u64, waker: &Waker) -> Poll<Result<(), HistoryError>>;
}

/// What a [`DurableHistory`] made of an event that it is about to keep. Empty, of an event that only memory keeps.
#[derive(Debug, Default)]
pub struct Written(Option<Vec<u8>>);

impl Written {
    /// These bytes are to be stored.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Some(bytes))
    }

    /// Nothing is to be stored: the event never leaves the process.
    pub fn nothing() -> Self {
        Self(None)
    }

    /// Whether something is to be stored.
    pub fn is_some(&self) -> bool {
        self.0.is_some()
    }

    /// The bytes; `None` if nothing is to be stored.
    pub fn into_bytes(self) -> Option<Vec<u8>> {
        self.0
    }
}

/// Why a history does not keep an event, or has not committed it.
#[derive(Debug, Clone)]
pub struct HistoryError {
    kind: HistoryErrorKind,
    said: Box<str>,
    source: Option<Arc<dyn Error + Send + Sync>>,
}

/// What kind of failure a [`HistoryError`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum HistoryErrorKind {
    /// The event cannot be written as bytes.
    Encode,
    /// Too many events are not committed yet.
    Full,
    /// The disk, or what stands in its place, refuses.
    Store,
    /// What was to be kept with a position has more bytes than there is room for.
    TooLong,
    /// It is closed.
    Closed,
    /// The time came first.
    TimedOut,
    /// The event is in no history that outlives the process: the bus has none, the event never leaves the process, or nobody
    /// has it, for middleware stopped it.
    NotKept,
}

impl HistoryError {
    /// An error of that kind, with what was wrong and how it is mended, as the end of a sentence.
    pub fn new(kind: HistoryErrorKind, said: impl Into<Box<str>>) -> Self {
        Self { kind, said: said.into(), source: None }
    }

    /// The same, with what caused it.
    #[must_use]
    pub fn caused_by(mut self, source: impl Error + Send + Sync + 'static) -> Self {
        self.source = Some(Arc::new(source));
        self
    }

    /// What kind of failure it is.
    pub fn kind(&self) -> HistoryErrorKind {
        self.kind
    }

    pub(crate) fn panicked(panic: &str) -> Self {
        Self::new(HistoryErrorKind::Encode, format!("writing its data panicked: {panic}"))
    }

    pub(crate) fn full(limit: Duration) -> Self {
        let waited =
            if limit.is_zero() { String::new() } else { format!(" and had none for {limit:?}") };
        Self::new(
            HistoryErrorKind::Full,
            format!(
                "the history has no room for more events that are not on the disk yet{waited}; publish again when it has \
                 committed, or give it a larger backlog"
            ),
        )
    }
}

impl From<EncodeError> for HistoryError {
    fn from(error: EncodeError) -> Self {
        Self::new(HistoryErrorKind::Encode, error.to_string()).caused_by(error)
    }
}

impl fmt::Display for HistoryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.said)
    }
}

impl Error for HistoryError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.source {
            Some(source) => Some(&**source),
            None => None,
        }
    }
}

/// The acknowledgement that an event is stored for good: see [`Receipt::durable`](crate::Receipt::durable).
///
/// A future, for any runtime; [`wait`](Self::wait) blocks the thread instead.
#[must_use = "nothing is known before it is awaited"]
#[derive(Debug, Clone)]
pub struct Durable(Result<(Arc<dyn Commits>, u64), HistoryError>);

impl Durable {
    pub(crate) fn of(commits: &Arc<dyn Commits>, sequence: u64) -> Self {
        Self(Ok((Arc::clone(commits), sequence)))
    }

    pub(crate) fn not_kept(said: &str) -> Self {
        Self(Err(HistoryError::new(HistoryErrorKind::NotKept, said)))
    }

    fn poll_by(&self, waker: &Waker) -> Poll<Result<(), HistoryError>> {
        match &self.0 {
            Ok((commits, sequence)) => commits.poll_committed(*sequence, waker),
            Err(error) => Poll::Ready(Err(error.clone())),
        }
    }

    /// Waits in this thread, at most so long.
    ///
    /// # Errors
    /// When the event is in no history that outlives the process; when the disk refuses it; and when the limit comes first,
    /// after which it may still be stored.
    pub fn wait(&self, limit: Duration) -> Result<(), HistoryError> {
        let mut committed = None;
        wait(crate::sync::now().checked_add(limit), |waker| {
            self.poll_by(waker).map(|result| committed = Some(result))
        });
        committed.unwrap_or_else(|| {
            let said =
                format!("not on the disk after {limit:?}; it may still come there: wait longer");
            Err(HistoryError::new(HistoryErrorKind::TimedOut, said))
        })
    }
}

impl Future for Durable {
    type Output = Result<(), HistoryError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.poll_by(cx.waker())
    }
}

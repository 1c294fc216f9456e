//! What can go wrong, told with what, where and how to mend it. Errors on publish give the event back.

mod subscribe;

use std::error::Error as StdError;
use std::fmt;
use std::panic::Location;
use std::time::Duration;

use rem_patterns::{Topic, TopicError};

use crate::history::HistoryError;
use crate::publish::AppendRefusal;
use crate::queue::{Channel, Overflow};
use crate::subscription::{About, SubscriptionId};

pub use subscribe::SubscribeError;

/// An event that was not published: why, and its data.
///
/// A publish that fails has left no trace: no sequence number, nothing in the history, no delivery.
pub struct PublishError<E> {
    failure: Box<Failure>,
    data: E,
}

/// Why, without the data, which only the typed end of the way knows.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) kind: Refusal,
    /// The topic, as far as it got.
    pub(crate) topic: Box<str>,
}

/// Why an event was not published.
#[derive(Debug)]
#[non_exhaustive]
pub enum PublishErrorKind {
    /// The bus is closed.
    Closed,
    /// The topic breaks a rule of topics: a pattern for example.
    Topic(TopicError),
    /// The topic is one of REM's own, `$…`.
    SystemTopic,
    /// The variant is not published (`#[event(skip)]`), or the value of a field makes its topic too long.
    NoTopic,
    /// Middleware failed or panicked.
    Middleware {
        /// The middleware's name.
        name: Box<str>,
        /// Where it was added.
        place: &'static Location<'static>,
        /// What it said.
        reason: Box<str>,
    },
    /// Middleware gave the event a topic outside of its bus.
    MovedOut {
        /// The middleware's name.
        name: Box<str>,
        /// Where it was added.
        place: &'static Location<'static>,
        /// The prefix of the bus.
        prefix: Topic,
    },
    /// Handlers that publish have set off one another too often.
    TooDeep {
        /// The topics, the first event's first, the refused one's last; of those that came by a task's handling, only the
        /// last and what came after it.
        chain: Box<[Topic]>,
        /// How long a chain may be.
        limit: usize,
    },
    /// A queue that must not lose events has no room: it refuses at once, or had none until its limit.
    QueueFull {
        /// Whose.
        subscription: SubscriptionId,
        /// What it selects.
        pattern: Box<str>,
        /// Where it was made.
        place: &'static Location<'static>,
        /// How many events it has room for.
        capacity: usize,
        /// How long it was waited for.
        limit: Duration,
    },
    /// A queue has no room, and its reader waits for this thread, or all its room is for events that this thread has to
    /// deliver ([`Ordering::Total`](crate::Ordering::Total)): waiting would never end.
    WouldDeadlock {
        /// Whose.
        subscription: SubscriptionId,
        /// What it selects.
        pattern: Box<str>,
        /// Where it was made.
        place: &'static Location<'static>,
    },
    /// More events wait for handlers to return than may: of this thread, or of all ([`Ordering::Total`](crate::Ordering::Total)).
    TooManyDeferred {
        /// How many may.
        limit: usize,
    },
    /// The history, which outlives the process, cannot keep it: its data cannot be written, the disk refuses, or there is no
    /// room for more that is not on the disk yet.
    History(HistoryError),
    /// It is one of several that are published together or not at all: see [`Bus::append`](crate::Bus::append).
    Append(AppendRefusal),
}

/// Why a publish cannot go on. Boxed: a `Result` that is `Ok`, as nearly all are, should not carry its size.
pub(crate) type Refusal = Box<PublishErrorKind>;

impl PublishErrorKind {
    pub(crate) fn queue_full(entry: &About, channel: &Channel) -> Self {
        let limit = match channel.overflow() {
            Overflow::Block(limit) => *limit,
            _ => Duration::ZERO,
        };
        Self::QueueFull {
            subscription: entry.id,
            pattern: entry.pattern.as_str().into(),
            place: entry.place,
            capacity: channel.capacity(),
            limit,
        }
    }

    pub(crate) fn would_deadlock(entry: &About) -> Self {
        let (pattern, place) = (entry.pattern.as_str().into(), entry.place);
        Self::WouldDeadlock { subscription: entry.id, pattern, place }
    }

    pub(crate) fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Topic(error) => Some(error),
            Self::History(error) | Self::Append(AppendRefusal::Torn { error, .. }) => Some(error),
            Self::Append(AppendRefusal::Pattern(error)) => Some(error),
            _ => None,
        }
    }
}

impl Failure {
    #[expect(clippy::unnecessary_box_returns, reason = "as for `Refusal`")]
    pub(crate) fn new(kind: impl Into<Refusal>, topic: &str) -> Box<Self> {
        Box::new(Self { kind: kind.into(), topic: topic.into() })
    }
}

impl<E> PublishError<E> {
    pub(crate) fn new(failure: Box<Failure>, data: E) -> Self {
        Self { failure, data }
    }

    /// Why.
    pub fn kind(&self) -> &PublishErrorKind {
        &self.failure.kind
    }

    /// The topic, as far as it was known.
    pub fn topic(&self) -> &str {
        &self.failure.topic
    }

    /// The data that was to be published.
    pub fn data(&self) -> &E {
        &self.data
    }

    /// The data that was to be published, to be published again.
    pub fn into_data(self) -> E {
        self.data
    }

    pub(crate) fn into_parts(self) -> (Box<Failure>, E) {
        (self.failure, self.data)
    }
}

impl<E> fmt::Debug for PublishError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PublishError")
            .field("kind", &self.failure.kind)
            .field("topic", &self.failure.topic)
            .finish_non_exhaustive()
    }
}

impl<E> fmt::Display for PublishError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.failure.fmt(f)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let topic = &self.topic;
        match &*self.kind {
            PublishErrorKind::Closed => {
                write!(f, "`{topic}` was not published: the bus is closed; publish before `close`")
            }
            PublishErrorKind::Topic(error) => write!(f, "nothing was published: {error}"),
            PublishErrorKind::SystemTopic => write!(
                f,
                "`{topic}` was not published: topics that begin with `$` are REM's own; name yours without it"
            ),
            PublishErrorKind::NoTopic => write!(
                f,
                "the event has no topic, for its variant is marked `#[event(skip)]` or a field in its template makes \
                 it longer than {} bytes; publish another variant or a shorter value",
                rem_patterns::MAX_BYTES
            ),
            PublishErrorKind::Middleware { name, place, reason } => write!(
                f,
                "`{topic}` was not published: middleware `{name}`, added at {place}, failed: {reason}"
            ),
            PublishErrorKind::MovedOut { name, place, prefix } => write!(
                f,
                "nothing was published: middleware `{name}`, added at {place}, made the topic `{topic}`, which does \
                 not lie below `{prefix}`, the prefix of its bus; let it set a topic below"
            ),
            PublishErrorKind::TooDeep { chain, limit } => {
                write!(
                    f,
                    "`{topic}` was not published: {limit} publishes have set off one another"
                )?;
                f.write_str(match chain.len() {
                    0 => " from middleware or filters",
                    known if known > *limit => ": ",
                    _ => ": … → ", // the beginning was handled by tasks, and is over
                })?;
                for (at, topic) in chain.iter().enumerate() {
                    write!(f, "{}{topic}", if at == 0 { "" } else { " → " })?;
                }
                f.write_str("; break the loop, or raise `causal_depth` of the bus's builder")
            }
            PublishErrorKind::QueueFull { subscription, pattern, place, capacity, limit } => {
                write!(
                    f,
                    "`{topic}` was not published: the queue of {subscription} to `{pattern}` ({place}) is full with \
                     {capacity} events"
                )?;
                if !limit.is_zero() {
                    write!(f, " and had no room for {limit:?}")?;
                }
                f.write_str(
                    "; publish again when its reader has read, give it more capacity, or an `Overflow` that drops",
                )
            }
            PublishErrorKind::WouldDeadlock { subscription, pattern, place } => write!(
                f,
                "`{topic}` was not published: the queue of {subscription} to `{pattern}` ({place}) is full, and room in \
                 it waits for this thread, so that waiting for it would never end; read it in another thread, give it \
                 more capacity, or publish what this thread publishes without blocking"
            ),
            PublishErrorKind::TooManyDeferred { limit } => write!(
                f,
                "`{topic}` was not published: {limit} events wait already for handlers that are running; \
                 publish fewer at a time, or raise `deferred` of the bus's builder"
            ),
            PublishErrorKind::History(error) => write!(f, "`{topic}` was not published: {error}"),
            PublishErrorKind::Append(refusal) => write!(f, "nothing was appended: {refusal}"),
        }
    }
}

impl<E> StdError for PublishError<E> {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.failure.kind.source()
    }
}

/// A child bus that was not made.
#[derive(Debug)]
#[non_exhaustive]
pub enum ChildError {
    /// The prefix is no topic, or too long below its parent's.
    Prefix(TopicError),
    /// The prefix is one of REM's own, `$…`.
    SystemPrefix(Topic),
    /// A bus with this prefix is open.
    Open(Topic),
    /// The parent is closed.
    Closed,
}

impl From<TopicError> for ChildError {
    fn from(error: TopicError) -> Self {
        Self::Prefix(error)
    }
}

impl fmt::Display for ChildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Prefix(error) => write!(f, "no child bus: {error}"),
            Self::SystemPrefix(prefix) => write!(
                f,
                "no child bus `{prefix}`: topics that begin with `$` are REM's own; name yours without it"
            ),
            Self::Open(prefix) => write!(
                f,
                "a child bus `{prefix}` is open already; share its handle, or ask for it with `child_or_open`"
            ),
            Self::Closed => {
                f.write_str("no child bus: the parent is closed; make it before `close`")
            }
        }
    }
}

impl StdError for ChildError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Prefix(error) => Some(error),
            _ => None,
        }
    }
}

/// A change of a draft that could not be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftError(DraftErrorKind);

#[derive(Debug, Clone, PartialEq, Eq)]
enum DraftErrorKind {
    Recorded,
    System(Topic),
    OtherType { found: &'static str, wanted: &'static str },
    NoDefault { of: &'static str, field: &'static str },
}

impl DraftError {
    pub(crate) fn recorded() -> Self {
        Self(DraftErrorKind::Recorded)
    }
    pub(crate) fn system(topic: &Topic) -> Self {
        Self(DraftErrorKind::System(topic.clone()))
    }
    pub(crate) fn no_default(of: &'static str, field: &'static str) -> Self {
        Self(DraftErrorKind::NoDefault { of, field })
    }
    pub(crate) fn other_type(found: &'static str, wanted: &'static str) -> Self {
        Self(DraftErrorKind::OtherType { found, wanted })
    }
}

impl fmt::Display for DraftError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            DraftErrorKind::Recorded => {
                f.write_str("the event is recorded and cannot change; change it before `next.run`")
            }
            DraftErrorKind::System(topic) => write!(
                f,
                "the topic cannot become `{topic}`: topics that begin with `$` are REM's own"
            ),
            DraftErrorKind::NoDefault { of, field } => write!(
                f,
                "the field `{field}` of `{of}` is marked `#[event(redact)]` and cannot be blanked, for its type has no \
                 `Default`; implement it, or bind the middleware to a pattern that does not select the event"
            ),
            DraftErrorKind::OtherType { found, wanted } => write!(
                f,
                "the data is a `{found}`, not a `{wanted}`; bind the middleware to a pattern that selects `{wanted}` alone"
            ),
        }
    }
}

impl StdError for DraftError {}

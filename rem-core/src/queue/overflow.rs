//! [`Overflow`]: what a full queue does.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::event::Event;

/// What happens to an event for which a queue has no room.
///
/// | | the publisher | the reader |
/// | --- | --- | --- |
/// | `Block(limit)` | waits for room, and is refused when the limit has passed | misses nothing |
/// | `Reject` | is refused at once | misses nothing |
/// | `DropOldest` | goes on | misses the oldest: [`Lagged`](super::Lagged) |
/// | `DropNewest` | goes on | misses the newest: [`Lagged`](super::Lagged) |
/// | `Conflate(key)` | goes on | sees the last event of each key |
///
/// A publisher that is refused has published nothing, to nobody.
///
/// System events (`$rem.…`) are never refused: for them `Block` and `Reject` are as `DropNewest`.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Overflow {
    /// The publisher waits for room, at most so long; then it has its event back, as [`QueueFull`].
    ///
    /// [`QueueFull`]: crate::PublishErrorKind::QueueFull
    Block(Duration),
    /// The publisher has its event back at once, as [`QueueFull`](crate::PublishErrorKind::QueueFull).
    Reject,
    /// The oldest event makes room for the new one.
    DropOldest,
    /// The new event is lost.
    DropNewest,
    /// A new event takes the place of the one with the same key, and its turn. If there are more keys than the queue has
    /// room, the oldest event makes room, as for [`DropOldest`](Self::DropOldest).
    ///
    /// What was replaced is no loss: whoever asks for this wants the last value only. Where several publishers share a key,
    /// the last is that of the highest sequence number; an older one may come after it, as in every
    /// [`EventStream`](super::EventStream). Costs a look at each event in the queue.
    Conflate(Key),
}

/// What events are told apart by in a queue that keeps the last of each.
#[derive(Clone)]
pub struct Key(Arc<KeyOf>);

type KeyOf = dyn Fn(&Event) -> Box<str> + Send + Sync;

impl Key {
    /// The event's topic.
    pub fn topic() -> Self {
        Self::of(|event| event.topic().as_str().into())
    }

    /// The key of the event's data (`#[event(key)]`), within its topic.
    pub fn event() -> Self {
        Self::of(|event| format!("{} {}", event.topic(), event.key().unwrap_or_default()).into())
    }

    /// What `key` says of the event. It is called by the thread that delivers; if it panics the event is not queued,
    /// and the failure is told as a handler's.
    ///
    /// ```
    /// use rem_core::{Event, Key};
    ///
    /// let by_source = Key::of(|event: &Event| event.source().unwrap_or_default().into());
    /// ```
    pub fn of(key: impl Fn(&Event) -> Box<str> + Send + Sync + 'static) -> Self {
        Self(Arc::new(key))
    }

    pub(super) fn get(&self, event: &Event) -> Box<str> {
        (self.0)(event)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key")
    }
}

/// One or two words, for tables and messages.
impl fmt::Display for Overflow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Block(limit) => write!(f, "block {limit:?}"),
            Self::Reject => f.write_str("reject"),
            Self::DropOldest => f.write_str("drop oldest"),
            Self::DropNewest => f.write_str("drop newest"),
            Self::Conflate(_) => f.write_str("conflate"),
        }
    }
}

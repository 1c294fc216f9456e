//! [`Append`]: several events at once, all or none, and only if nothing has come that would change what they were decided by.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::vec;

use rem_patterns::{IntoPattern, Pattern, PatternError, Topic};

use super::Receipt;
use crate::bus::{Bus, Core, State};
use crate::deliver::quietly;
use crate::error::{Failure, PublishErrorKind, Refusal};
use crate::event::{Event, EventType};
use crate::history::{Ask, Read, Reader};
use crate::record::Admitted;
use crate::route::{Route, Seats};
use crate::sync::atomic::Ordering;
use crate::sync::yield_now;
use crate::trace::Origin;
use crate::way;

/// How many events one append may have: each is within the middleware of the one before.
pub(crate) const LIMIT: usize = 64;

/// Events that are published together, in the making: see [`Bus::append`].
///
/// ```
/// use rem_core::wire::{Codec, RawEvent};
/// use rem_core::{Bus, Ring};
///
/// let bus = Bus::builder().history(Ring::events(100)).build();
/// bus.publish_to("seat.1a.booked", RawEvent::new(Codec::Json, *b"1"))?;
/// // Decided by what was there up to number 0: refused, for there is more now. Nothing of it remains.
/// # #[derive(Debug, Clone)]
/// # struct Booked;
/// # impl rem_core::EventType for Booked {
/// #     const SCHEMA: rem_core::Schema = rem_core::Schema::new("Booked", "seat.1a", &[rem_core::EventSchema::new("Booked", "booked", &[])]);
/// #     fn leaf(&self) -> usize { 0 }
/// #     fn write_topic(&self, out: &mut rem_core::TopicWriter) -> std::fmt::Result { out.literal("booked") }
/// # }
/// let error = bus.append([Booked]).unless("seat.1a", 0).publish().unwrap_err();
/// assert!(error.refusal().is_some(), "{error}");
/// assert_eq!(bus.append([Booked]).unless("seat.1a", 1).publish()?.len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "nothing is published until `publish` is called"]
pub struct Append<'a, E> {
    bus: &'a State,
    events: Vec<E>,
    condition: Option<(Result<Pattern, PatternError>, u64)>,
}

impl Bus {
    /// Publishes all of these or none, in a row, and, if [`unless`](Append::unless) says so, only if no event that a pattern
    /// selects has come since. The bus must keep a history.
    ///
    /// ```
    /// use rem_core::wire::{Codec, RawEvent};
    /// use rem_core::{AppendRefusal, Bus, EventType, Ring};
    ///
    /// # fn seats<E: EventType>(bus: &Bus, booked: impl Fn() -> E) -> Result<(), rem_core::AppendError<E>> {
    /// // Decided by what was there up to the event 17.
    /// let receipts = bus.append([booked()]).unless("seat.12a", 17).publish()?;
    /// let sequence = receipts[0].sequence(); // no booking of that seat has a number between
    ///
    /// let refused = bus.append([booked()]).unless("seat.12a", 17).publish();
    /// if let Err(error) = refused
    ///     && let Some(AppendRefusal::Outdated { sequence, .. }) = error.refusal()
    /// {
    ///     println!("read up to {sequence}, and decide again");
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # What is promised
    /// The numbers of the events follow one another. When they are given out, every event with a lower number stands in the
    /// history and was looked at, whoever published it and however: none with a number above the one that was given to
    /// `unless` is selected by the pattern. An append that is refused has left no trace, as a publish that fails. So of two
    /// appends, each of which would have been refused for an event of the other, the second is refused. Checked by loom
    /// (`publish/loom.rs`).
    ///
    /// Where the history outlives the process, a crash may cut an append in two between two commits, and a disk that fails in
    /// between under "every event" too ([`AppendRefusal::Torn`]): what must not be torn is one event.
    ///
    /// Each event passes its middleware before the first has its number, so that middleware which is around the rest is
    /// nested; one that stops an event stops all. A publisher waits for room in queues with its first event alone: it would
    /// hold what it waits for.
    ///
    /// # Cost
    /// Publishers without a condition pay nothing. One with a condition reads what was published since, and again if others
    /// publish meanwhile; it waits for publishers that have a number and are about to write their event.
    pub fn append<E: EventType>(&self, events: impl IntoIterator<Item = E>) -> Append<'_, E> {
        Append { bus: self.state(), events: events.into_iter().collect(), condition: None }
    }
}

impl<E: EventType> Append<'_, E> {
    /// Refuses them if an event with a number above `after` has come whose topic the pattern selects, below the bus's prefix.
    pub fn unless(mut self, pattern: impl IntoPattern, after: u64) -> Self {
        self.condition = Some((pattern.into_pattern(), after));
        self
    }

    /// Publishes them. The receipts are in the order of the events.
    ///
    /// # Errors
    /// An [`AppendError`] with all events, when none was published; after [`AppendRefusal::Torn`] with those that were not.
    pub fn publish(self) -> Result<Vec<Receipt>, AppendError<E>> {
        let Self { bus, events, condition } = self;
        let refused = |refusal, events| {
            Err(AppendError {
                failure: Failure::new(PublishErrorKind::from(refusal), "…"), events
            })
        };
        let Some(history) = &bus.core.history else {
            return refused(AppendRefusal::NoHistory, events);
        };
        if events.len() > LIMIT {
            return refused(AppendRefusal::TooMany { limit: LIMIT }, events);
        }
        let condition = match condition {
            None => None,
            Some((pattern, after)) => match pattern.and_then(|pattern| bus.absolute(pattern)) {
                Err(error) => return refused(AppendRefusal::Pattern(error), events),
                Ok(pattern) => {
                    let prefix = bus.prefix_topic().cloned();
                    let ask = Ask { prefix, ..Ask::of(pattern.clone()) };
                    let next = after.saturating_add(1);
                    let reader = Reader::new(history, pattern, Some(ask.clone()), next);
                    Some(Condition { reader, ask, after })
                }
            },
        };
        way::together(bus, Together::new(events, condition))
    }
}

impl<E> fmt::Debug for Append<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Append")
            .field("events", &self.events.len())
            .field("unless", &self.condition)
            .finish_non_exhaustive()
    }
}

/// Events on their way together.
pub(crate) struct Together<E> {
    /// Which have not begun.
    pub(crate) rest: vec::IntoIter<E>,
    /// Which have come as far as they do alone, in order.
    pub(crate) ready: Vec<Ready>,
    /// They have their numbers, and are delivered.
    pub(crate) is_done: bool,
    pub(crate) condition: Option<Condition>,
    /// What goes back to the publisher, the last first.
    back: Vec<E>,
}

/// One of them: checked, changed by its middleware, with room where it goes.
pub(crate) struct Ready {
    pub(crate) event: Arc<Event>,
    pub(crate) route: Arc<Route>,
    pub(crate) seats: Seats,
    pub(crate) admitted: Admitted,
    /// Its topic is that of its data.
    pub(crate) is_own: bool,
    /// Its span, while it waits for its turn.
    pub(crate) origin: Origin,
    /// What became of it.
    pub(crate) receipt: Receipt,
}

impl<E: EventType> Together<E> {
    fn new(events: Vec<E>, condition: Option<Condition>) -> Self {
        let (ready, back) = (Vec::with_capacity(events.len()), Vec::new());
        Self { rest: events.into_iter(), ready, is_done: false, condition, back }
    }

    /// Lets go of what it has of its events and of room for them, so that each has one owner, its draft.
    pub(crate) fn give_up(&mut self) {
        self.ready.clear();
    }

    /// Takes back the data of an event that is not published; `None` of one that is, in an append that was torn.
    pub(crate) fn take_back(&mut self, data: Option<E>) {
        self.back.extend(data);
    }

    pub(crate) fn error(mut self, failure: Box<Failure>) -> AppendError<E> {
        self.back.reverse();
        self.back.extend(self.rest);
        AppendError { failure, events: self.back }
    }
}

/// What must not have come.
pub(crate) struct Condition {
    reader: Reader,
    ask: Ask,
    after: u64,
}

impl Condition {
    /// Reads all that has a number, and returns the last of these; what is asked for must not be among it. It drops what it
    /// read, which may be user code.
    pub(crate) fn look(&mut self, core: &Core) -> Result<u64, Refusal> {
        let last = core.sequence.load(Ordering::Acquire);
        let pattern = || self.ask.pattern.as_str().into();
        loop {
            match self.reader.step(last) {
                Read::Event(found) => {
                    let head = found.head();
                    let refusal = self.ask.selects_head(head).then(|| {
                        let sequence = head.sequence().unwrap_or_default();
                        let (topic, after) = (head.topic.clone(), self.after);
                        AppendRefusal::Outdated { pattern: pattern(), after, sequence, topic }
                    });
                    quietly(found);
                    if let Some(refusal) = refusal {
                        return Err(PublishErrorKind::from(refusal).into());
                    }
                }
                Read::Lost(numbers) => {
                    let (from, to) = numbers.into_inner();
                    let refusal = AppendRefusal::Forgotten { pattern: pattern(), from, to };
                    return Err(PublishErrorKind::from(refusal).into());
                }
                Read::Nothing => {
                    if self.reader.next() > last {
                        return Ok(last);
                    }
                    yield_now(); // a publisher has its number and is about to write its event
                }
            }
        }
    }
}

/// Why events were not appended, beside what may be wrong with one that is published alone.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum AppendRefusal {
    /// An event has come that the pattern selects.
    Outdated {
        /// What must not have come.
        pattern: Box<str>,
        /// Up to where it was known.
        after: u64,
        /// The number of the first that has come.
        sequence: u64,
        /// Its topic.
        topic: Topic,
    },
    /// The history has let go of events that were to be looked at.
    Forgotten {
        /// What must not have come.
        pattern: Box<str>,
        /// The first number that is gone.
        from: u64,
        /// The last of them.
        to: u64,
    },
    /// Middleware stopped one of them.
    Stopped {
        /// The middleware's name.
        name: Box<str>,
    },
    /// The disk failed when some were on it: these stay, and were delivered. The others are in the error, in their order.
    Torn {
        /// How many were kept: the first ones, unless the disk was well again for a later one.
        kept: usize,
        /// Why the others were not.
        error: crate::history::HistoryError,
    },
    /// The pattern is none, or cannot lie below the bus's prefix.
    Pattern(PatternError),
    /// More events than may go together.
    TooMany {
        /// How many may.
        limit: usize,
    },
    /// The bus keeps no history.
    NoHistory,
}

impl From<AppendRefusal> for PublishErrorKind {
    fn from(refusal: AppendRefusal) -> Self {
        Self::Append(refusal)
    }
}

impl fmt::Display for AppendRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Outdated { pattern, after, sequence, topic } => write!(
                f,
                "`{topic}` has come as #{sequence}, which `{pattern}` selects, after #{after}; read up to it, and decide \
                 again"
            ),
            Self::Forgotten { pattern, from, to } => write!(
                f,
                "the history has let go of #{from} to #{to} before they were compared with `{pattern}`; decide by what is \
                 known of later events, or keep a longer history"
            ),
            Self::Stopped { name } => write!(
                f,
                "middleware `{name}` stopped one of the events; append what it lets pass"
            ),
            Self::Torn { kept, error } => write!(
                f,
                "only {kept} of the events are on the disk: {error}; append the others again, which are in this error, or one event for \
                 all"
            ),
            Self::Pattern(error) => error.fmt(f),
            Self::TooMany { limit } => {
                write!(f, "at most {limit} events are appended at once; append fewer")
            }
            Self::NoHistory => f.write_str(
                "the bus keeps no history to compare with; build it with `Bus::builder().history(Ring::events(10_000))`",
            ),
        }
    }
}

/// Events that were not appended: why, and all of them; of an append that was torn, those that were not kept.
pub struct AppendError<E> {
    failure: Box<Failure>,
    events: Vec<E>,
}

impl<E> AppendError<E> {
    /// Why.
    pub fn kind(&self) -> &PublishErrorKind {
        &self.failure.kind
    }

    /// Why, if it is for what only appends are refused.
    pub fn refusal(&self) -> Option<&AppendRefusal> {
        match self.kind() {
            PublishErrorKind::Append(refusal) => Some(refusal),
            _ => None,
        }
    }

    /// The events that were to be appended.
    pub fn events(&self) -> &[E] {
        &self.events
    }

    /// The events that were to be appended, to be appended again.
    pub fn into_events(self) -> Vec<E> {
        self.events
    }
}

impl<E> fmt::Debug for AppendError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppendError")
            .field("kind", &self.failure.kind)
            .field("topic", &self.failure.topic)
            .field("events", &self.events.len())
            .finish_non_exhaustive()
    }
}

impl<E> fmt::Display for AppendError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.failure.fmt(f)
    }
}

impl<E> Error for AppendError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.failure.kind.source()
    }
}

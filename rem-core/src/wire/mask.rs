//! [`Mask`]: events as they may leave for every eye, with the fields blanked that their types mark `#[event(redact)]`.

use std::fmt;
use std::sync::Arc;

use rem_patterns::Topic;

use super::{Body, Codec, DecodeError, EncodeError, RawEvent};
use crate::event::{Event, EventType, Head, TopicWriter, below};

/// Blanks the fields that event types mark `#[event(redact)]`, in a copy of the event: for exports, which strangers read.
///
/// A text becomes `[redacted]`, another value the `Default` of its type, as by the middleware
/// [`Redact`](crate::middleware::Redact). The key follows, and so does a topic that is made of a marked field, unless it was
/// given by name. Metadata stays as it is.
///
/// Raw data, which a journal and other programs give, says nothing of its type. It is read as the first of the types that were
/// named by [`of`](Self::of) and has the topic; of no type it is refused, for a field that must not be seen could be in it.
///
/// # Cost
/// One call for an event whose type marks nothing. Another is written, read and blanked: about what it takes to write it twice
/// and read it once.
///
/// ```
/// use rem_core::wire::Mask;
/// # use rem_core::EventType;
/// # fn mask<OrderEvent: EventType>() -> Mask {
/// Mask::new().of::<OrderEvent>() // raw events are read as this type, if it has their topic
/// # }
/// ```
#[derive(Clone, Default)]
pub struct Mask {
    types: Vec<(&'static str, ReadAs)>,
    raw_as_it_is: bool,
    off: bool,
}

/// `None` if the type does not know the topic.
type ReadAs = fn(&Event, &RawEvent) -> Option<Result<Arc<Event>, MaskErrorKind>>;

impl Mask {
    /// Typed events are masked, raw ones refused.
    pub fn new() -> Self {
        Self::default()
    }

    /// Everything as it is.
    pub fn off() -> Self {
        Self { off: true, ..Self::default() }
    }

    /// Raw events under the topics of this type are read as it. If it marks nothing, they stay as they are, unread.
    #[must_use]
    pub fn of<E: EventType>(mut self) -> Self {
        self.types.push((E::SCHEMA.name, read_as::<E>));
        self
    }

    /// Raw events of none of the types stay as they are. For data in which nothing is to be hidden.
    #[must_use]
    pub fn raw_as_it_is(mut self) -> Self {
        self.raw_as_it_is = true;
        self
    }

    /// The event itself, or a copy with its marked fields blanked.
    ///
    /// # Errors
    /// For raw data of no type that was named, for data that its type cannot read, and for a marked field whose type has no
    /// `Default`.
    pub fn event(&self, event: &Arc<Event>) -> Result<Arc<Event>, MaskError> {
        if self.off || event.data.schema().local {
            return Ok(Arc::clone(event));
        }
        let told = |kind| MaskError(Box::new((event.topic().clone(), kind)));
        let Some(raw) = event.data.raw() else {
            if event.data.redacts() {
                return event.data.masked(event).map_err(told);
            }
            return Ok(Arc::clone(event));
        };
        match self.types.iter().find_map(|(_, read)| read(event, raw)) {
            Some(Ok(masked)) if masked.data.raw().is_some() => Ok(Arc::clone(event)),
            Some(masked) => masked.map_err(told),
            None if self.raw_as_it_is => Ok(Arc::clone(event)),
            None => Err(told(MaskErrorKind::UnknownType)),
        }
    }
}

impl fmt::Debug for Mask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mask")
            .field("types", &self.types.iter().map(|(name, _)| *name).collect::<Vec<_>>())
            .field("raw_as_it_is", &self.raw_as_it_is)
            .field("off", &self.off)
            .finish()
    }
}

fn read_as<E: EventType>(
    event: &Event,
    raw: &RawEvent,
) -> Option<Result<Arc<Event>, MaskErrorKind>> {
    let topic = below(event.scoped_topic(), E::SCHEMA.namespace)?;
    if !E::SCHEMA.redacts() {
        // Whatever it holds is as it may be seen, if the type has the topic.
        let read = E::decode(topic, &raw.body());
        let known = read.as_ref().is_ok_and(|value| value.raw().is_none())
            || read.is_err_and(|error| error.kind() != super::DecodeErrorKind::NoSuchTopic);
        let data = raw.clone();
        return known.then(|| Ok(Arc::new(Event { head: event.head.copy(), data }) as Arc<Event>));
    }
    match E::decode(topic, &raw.body()) {
        Ok(value) if value.raw().is_some() => None,
        Ok(value) => Some(blanked(value, event)),
        Err(error) if error.kind() == super::DecodeErrorKind::NoSuchTopic => None,
        Err(error) => Some(Err(MaskErrorKind::Decode(error))),
    }
}

/// A copy of the event, whose data is `value`, with what it marks blanked.
pub(crate) fn masked<E: EventType>(value: &E, event: &Event) -> Result<Arc<Event>, MaskErrorKind> {
    // A value is copied by what it can do: be written and read.
    let bytes = value.encode(Codec::Json).map_err(MaskErrorKind::Encode)?;
    let mut topic = TopicWriter::new();
    let named = value.write_topic(&mut topic).is_ok();
    let topic = if named { topic.as_str() } else { "" };
    let body = Body::new(Codec::Json, &bytes).limit(bytes.len());
    blanked(E::decode(topic, &body).map_err(MaskErrorKind::Decode)?, event)
}

fn blanked<E: EventType>(mut data: E, event: &Event) -> Result<Arc<Event>, MaskErrorKind> {
    let prefix = event.topic().get(..event.scope()).unwrap_or_default();
    let own = |data: &E| {
        let mut writer = TopicWriter::new();
        writer.full(prefix, data).and_then(|topic| Topic::parse(topic).ok())
    };
    let before = own(&data);
    data.blank().map_err(|field| MaskErrorKind::NoDefault { of: E::SCHEMA.name, field })?;
    let mut head: Head = event.head.copy();
    if before.as_ref() == Some(event.topic())
        && let Some(topic) = own(&data)
    {
        head.topic = topic;
    }
    Ok(Arc::new(Event { head, data }))
}

/// An event that cannot be masked, and so must not leave: which, why, and how to mend it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MaskError(Box<(Topic, MaskErrorKind)>);

/// Why an event cannot be masked.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum MaskErrorKind {
    /// It is raw, and none of the types that were named has its topic.
    UnknownType,
    /// A marked field that is no text, and whose type has no `Default`.
    NoDefault {
        /// The event type.
        of: &'static str,
        /// The field.
        field: &'static str,
    },
    /// The data is none of its type's values, or of a type that does not read what it writes.
    Decode(DecodeError),
    /// The data cannot be written.
    Encode(EncodeError),
}

impl MaskError {
    /// Why, to be matched.
    pub fn kind(&self) -> &MaskErrorKind {
        &self.0.1
    }

    /// The topic of the event.
    pub fn topic(&self) -> &Topic {
        &self.0.0
    }
}

impl fmt::Display for MaskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (topic, kind) = &*self.0;
        write!(f, "the event `{topic}` cannot be masked: ")?;
        match kind {
            MaskErrorKind::UnknownType => f.write_str(
                "it is raw, and which of its fields are marked `#[event(redact)]` is known of types alone; name its type by \
                 `Mask::of::<E>()`, or say that nothing is to be hidden, by `Mask::raw_as_it_is` or `Mask::off`",
            ),
            MaskErrorKind::NoDefault { of, field } => write!(
                f,
                "the field `{field}` of `{of}` is marked `#[event(redact)]` and cannot be blanked, for its type has no \
                 `Default`: implement it"
            ),
            MaskErrorKind::Decode(error) => error.fmt(f),
            MaskErrorKind::Encode(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for MaskError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0.1 {
            MaskErrorKind::Decode(error) => Some(error),
            MaskErrorKind::Encode(error) => Some(error),
            _ => None,
        }
    }
}

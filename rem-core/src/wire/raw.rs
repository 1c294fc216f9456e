//! [`RawEvent`]: data as it came over the wire, read by whoever knows its type.

use std::fmt;
use std::sync::Arc;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Body, Codec, DecodeError, EncodeError};
use crate::event::{EventType, Schema, TopicWriter};

/// Written data of an event whose type the publisher need not know.
///
/// Published under a topic by name, it reaches the subscribers of the types that have that topic: for each type it is
/// decoded once, when the first of them asks, and shared. Who subscribes to any type sees the bytes. They are kept as they
/// came, and leave as they came.
///
/// ```
/// use rem_core::{Bus, Event};
/// use rem_core::wire::{Codec, RawEvent};
///
/// let bus = Bus::new();
/// let _sub = bus.subscribe("order.**", |event: &Event<RawEvent>| {
///     assert_eq!(event.data.bytes(), br#"{"order":42}"#);
/// })?;
/// bus.publish_to("order.paid", RawEvent::new(Codec::Json, *br#"{"order":42}"#))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct RawEvent {
    codec: Codec,
    bytes: Arc<[u8]>,
    /// Below the namespace of the type that does not know it.
    topic: Option<Arc<str>>,
    version: Option<u32>,
    /// The most bytes that are read.
    limit: usize,
}

impl RawEvent {
    /// Data in that form. It is not looked at before somebody asks for a type.
    pub fn new(codec: Codec, bytes: impl Into<Box<[u8]>>) -> Self {
        Self::shared(codec, bytes.into())
    }

    /// The same of bytes that are shared, or of a slice, which is copied once.
    pub fn shared(codec: Codec, bytes: impl Into<Arc<[u8]>>) -> Self {
        Self { codec, bytes: bytes.into(), topic: None, version: None, limit: Body::LIMIT }
    }

    /// The same under a topic, relative to the namespace of the type that will hold it: see `#[event(other)]`.
    #[must_use]
    pub fn under(mut self, topic: &str) -> Self {
        self.topic = Some(topic.into());
        self
    }

    /// The same, written as that version of the event's data: see [`Body::version`].
    #[must_use]
    pub fn version(mut self, version: impl Into<Option<u32>>) -> Self {
        self.version = version.into();
        self
    }

    /// The same with another limit of its length, in bytes: longer data is kept, but not decoded. [`Body::LIMIT`] unless told.
    #[must_use]
    pub fn limit(mut self, bytes: usize) -> Self {
        self.limit = bytes;
        self
    }

    /// The version that it was written as, if that is known.
    pub fn written_as(&self) -> Option<u32> {
        self.version
    }

    /// What came under a topic that its type does not know.
    pub(super) fn of(topic: &str, body: &Body<'_>) -> Self {
        Self::kept(body).under(topic)
    }

    pub(crate) fn kept(body: &Body<'_>) -> Self {
        Self::shared(body.codec(), body.bytes()).version(body.written_as()).limit(body.most())
    }

    /// The topic that it came under, relative to the namespace of the type that holds it; `None` for one that nothing
    /// holds.
    pub fn topic(&self) -> Option<&str> {
        self.topic.as_deref()
    }

    /// The form of the data.
    pub fn codec(&self) -> Codec {
        self.codec
    }

    /// The data, as it came.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The data, to be decoded. No bytes at all, in JSON, are no data, and read as `null`.
    pub fn body(&self) -> Body<'_> {
        Body::new(self.codec, &self.bytes).version(self.version).limit(self.limit).of_event()
    }
}

/// What it is, whatever the limit that it is read with.
impl PartialEq for RawEvent {
    fn eq(&self, other: &Self) -> bool {
        let all = |raw: &Self| (raw.codec, raw.version);
        all(self) == all(other) && self.topic == other.topic && self.bytes == other.bytes
    }
}

impl Eq for RawEvent {}

/// It has no topic of its own, and is published by name.
#[diagnostic::do_not_recommend]
impl EventType for RawEvent {
    const SCHEMA: Schema = Schema::new("RawEvent", "", &[]);

    fn leaf(&self) -> usize {
        usize::MAX
    }

    fn write_topic(&self, _out: &mut TopicWriter) -> fmt::Result {
        Err(fmt::Error)
    }

    fn encode_into(&self, codec: Codec, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        if codec != self.codec {
            return Err(EncodeError::other_codec(self.codec, codec));
        }
        out.extend_from_slice(&self.bytes);
        Ok(())
    }

    fn raw(&self) -> Option<&RawEvent> {
        Some(self)
    }

    fn decode(_topic: &str, body: &Body<'_>) -> Result<Self, DecodeError> {
        Ok(Self::kept(body))
    }
}

/// What a variant with `#[event(other)]` may hold.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot hold an event that is not known",
    label = "not a `RawEvent`",
    note = "the variant above which `#[event(other)]` stands holds the event as it came: `Unknown(rem::wire::RawEvent)`"
)]
pub trait Other: Sized {
    /// The event as it came.
    fn of(event: RawEvent) -> Self;

    /// The topic that it came under.
    ///
    /// # Errors
    /// When there is none, or it is too long.
    fn write_topic(&self, out: &mut TopicWriter) -> fmt::Result;

    /// The bytes as they came.
    ///
    /// # Errors
    /// For another codec.
    fn encode_into(&self, codec: Codec, out: &mut Vec<u8>) -> Result<(), EncodeError>;

    /// The event.
    fn raw(&self) -> &RawEvent;
}

impl Other for RawEvent {
    fn of(event: RawEvent) -> Self {
        event
    }

    fn write_topic(&self, out: &mut TopicWriter) -> fmt::Result {
        out.literal(self.topic.as_deref().ok_or(fmt::Error)?)
    }

    fn encode_into(&self, codec: Codec, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        EventType::encode_into(self, codec, out)
    }

    fn raw(&self) -> &RawEvent {
        self
    }
}

/// So that a type with a variant that holds one can derive serde's traits. It is written as its parts: the media type, the
/// topic, the version and the bytes.
impl Serialize for RawEvent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.codec.media_type(), self.topic(), self.version, self.bytes()).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for RawEvent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (codec, topic, version, bytes) =
            <(Box<str>, Option<Box<str>>, Option<u32>, Vec<u8>)>::deserialize(deserializer)?;
        let raw = Self::new(codec.parse().map_err(D::Error::custom)?, bytes).version(version);
        Ok(match topic {
            Some(topic) => raw.under(&topic),
            None => raw,
        })
    }
}

/// Text as text, anything else as its length: bytes tell a reader nothing.
impl fmt::Debug for RawEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RawEvent({}, ", self.codec)?;
        match std::str::from_utf8(&self.bytes) {
            Ok(text) if self.codec == Codec::Json && text.len() <= 1_024 => f.write_str(text)?,
            _ => write!(f, "{} bytes", self.bytes.len())?,
        }
        f.write_str(")")
    }
}

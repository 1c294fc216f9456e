//! [`RawEvent`]: data as it came over the wire, read by whoever knows its type.

use std::fmt;
use std::sync::Arc;

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
#[derive(Clone, PartialEq, Eq)]
pub struct RawEvent {
    codec: Codec,
    bytes: Arc<[u8]>,
}

impl RawEvent {
    /// Data in that form. It is not looked at before somebody asks for a type.
    pub fn new(codec: Codec, bytes: impl Into<Box<[u8]>>) -> Self {
        Self { codec, bytes: Arc::from(bytes.into()) }
    }

    /// The form of the data.
    pub fn codec(&self) -> Codec {
        self.codec
    }

    /// The data, as it came.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The data, to be decoded.
    pub fn body(&self) -> Body<'_> {
        Body::new(self.codec, &self.bytes)
    }
}

/// It has no topic of its own, and is published by name.
impl EventType for RawEvent {
    const SCHEMA: Schema = Schema::new("RawEvent", "", &[]);

    fn leaf(&self) -> usize {
        usize::MAX
    }

    fn write_topic(&self, _out: &mut TopicWriter) -> fmt::Result {
        Err(fmt::Error)
    }

    fn encode(&self, codec: Codec) -> Result<Vec<u8>, EncodeError> {
        if codec == self.codec {
            return Ok(self.bytes.to_vec());
        }
        Err(EncodeError::other_codec(self.codec, codec))
    }

    fn decode(_topic: &str, body: &Body<'_>) -> Result<Self, DecodeError> {
        Ok(Self::new(body.codec(), body.bytes()))
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

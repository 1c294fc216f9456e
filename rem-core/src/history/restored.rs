//! [`Restored`]: an event that comes back from where a history keeps it.

use std::sync::Arc;

use rem_patterns::Topic;

use crate::clock::Timestamp;
use crate::event::{Event, EventId, Head, Metadata, Payload, Source};
use crate::wire::{Body, Codec, EncodeError, RawEvent};

/// An event that comes back from where a [`History`](super::History) keeps it: as it was, its data as bytes. Whoever knows
/// its type sees it as that, made the present version of its type.
#[derive(Debug, Clone)]
pub struct Restored<'a> {
    /// Its number.
    pub sequence: u64,
    /// Its identity.
    pub id: EventId,
    /// Its full topic.
    pub topic: Topic,
    /// How many bytes of the topic are the prefix of the bus on which it was published.
    pub scope: u8,
    /// When it happened.
    pub timestamp: Timestamp,
    /// Who said so.
    pub source: Option<Source>,
    /// What was added.
    pub metadata: Option<Box<Metadata>>,
    /// The event whose handler published it.
    pub causation: Option<EventId>,
    /// The story that it belongs to, if it does not begin its own.
    pub correlation: Option<EventId>,
    /// Its data, with the version that it was written as.
    pub data: Body<'a>,
}

impl Restored<'_> {
    /// The event, with a copy of the data.
    pub fn event(self) -> Arc<Event> {
        let data = RawEvent::kept(&self.data);
        Arc::new(Event { head: self.head(), data })
    }

    /// All but the data.
    pub(super) fn head(self) -> Head {
        let mut head = Head::new(self.id, self.topic, self.scope, self.timestamp);
        head.set_sequence(self.sequence);
        head.source = self.source;
        head.metadata = self.metadata;
        head.causation = self.causation;
        head.correlation = self.correlation;
        head
    }
}

impl<T: Payload + ?Sized> Event<T> {
    /// In which codec, and as which version of its type, the data leaves the process if it is asked for in `codec`. Data that
    /// came as bytes goes as these, whatever codec is asked for.
    pub fn data_form(&self, codec: Codec) -> (Codec, Option<u32>) {
        match self.data.raw() {
            Some(raw) => (raw.codec(), raw.written_as()),
            None => (codec, self.data.schema().version_of(self.data.leaf())),
        }
    }

    /// Writes the data as it leaves the process, at the end of `out`, in the codec that
    /// [`data_form`](Self::data_form) says.
    ///
    /// # Errors
    /// Data that never leaves the process, and data that serde cannot write.
    pub fn write_data(&self, codec: Codec, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        self.data.encode_into(self.data_form(codec).0, out)
    }
}

//! From events to records, and back.

use std::fmt;

use rem_core::wire::{Body, Codec};
use rem_core::{
    Event, EventId, HistoryError, HistoryErrorKind, Metadata, Restored, Source, Timestamp, Topic,
    TopicError, Written,
};
use uuid::Uuid;

use crate::record::{Record, RecordError};

/// The version of data that is not known. No event type has it, for versions are counted from 1.
const UNKNOWN: u32 = 0;

/// The record of an event, or nothing for one that never leaves the process.
pub(crate) fn write(event: &Event, codec: Codec) -> Result<Written, HistoryError> {
    let (codec, version) = event.data_form(codec);
    let metadata = match event.metadata() {
        metadata if metadata.is_empty() => None,
        metadata => Some(serde_json::to_string(metadata).map_err(cannot)?),
    };
    let (id, correlation) = (event.id(), event.correlation());
    let record = Record {
        id: bytes_of(id),
        timestamp: event.timestamp().as_nanos(),
        topic: event.topic(),
        scope: u8::try_from(event.scope()).unwrap_or(u8::MAX),
        source: event.source(),
        causation: event.causation().map(bytes_of),
        correlation: (correlation != id).then(|| bytes_of(correlation)),
        metadata: metadata.as_deref(),
        version: version.unwrap_or(UNKNOWN),
        codec: number_of(codec),
        body: &[],
    };
    let mut bytes = Vec::with_capacity(256);
    record.encode_head(&mut bytes).map_err(cannot)?;
    match event.write_data(codec, &mut bytes) {
        Ok(()) => Ok(Written::new(bytes)),
        Err(error) if error.is_local() => Ok(Written::nothing()),
        Err(error) => Err(error.into()),
    }
}

fn cannot(error: impl std::error::Error + Send + Sync + 'static) -> HistoryError {
    HistoryError::new(HistoryErrorKind::Encode, error.to_string()).caused_by(error)
}

fn bytes_of(id: EventId) -> [u8; 16] {
    *id.as_uuid().as_bytes()
}

/// The number of a codec in a record. It is on disks: none is given twice.
fn number_of(codec: Codec) -> u8 {
    match codec {
        Codec::Json => 0,
        #[cfg(feature = "msgpack")]
        Codec::MessagePack => 1,
        _ => u8::MAX,
    }
}

fn codec_of(number: u8) -> Option<Codec> {
    match number {
        0 => Some(Codec::Json),
        #[cfg(feature = "msgpack")]
        1 => Some(Codec::MessagePack),
        _ => None,
    }
}

/// Why a record is no event.
#[derive(Debug)]
pub(crate) enum NoEvent {
    Record(RecordError),
    Topic(TopicError),
    Metadata(serde_json::Error),
    Codec(u8),
}

impl fmt::Display for NoEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Record(error) => error.fmt(f),
            Self::Topic(error) => write!(f, "its topic is none: {error}"),
            Self::Metadata(error) => write!(f, "its metadata is no JSON: {error}"),
            Self::Codec(number) => {
                write!(
                    f,
                    "its data is in codec {number}, which this program does not have: turn on the feature that has it"
                )
            }
        }
    }
}

/// Reads events, and keeps the topic and the source of the last one, for events of one come in a row.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    topic: Option<Topic>,
    source: Option<Source>,
}

impl Reader {
    pub(crate) fn event<'b>(
        &mut self,
        sequence: u64,
        bytes: &'b [u8],
    ) -> Result<Restored<'b>, NoEvent> {
        let record = Record::decode(bytes).map_err(NoEvent::Record)?;
        let codec = codec_of(record.codec).ok_or(NoEvent::Codec(record.codec))?;
        let metadata = record
            .metadata
            .map(|text| serde_json::from_str::<Metadata>(text).map(Box::new))
            .transpose()
            .map_err(NoEvent::Metadata)?;
        let version = (record.version != UNKNOWN).then_some(record.version);
        Ok(Restored {
            sequence,
            id: id_of(record.id),
            topic: self.topic(record.topic).map_err(NoEvent::Topic)?,
            scope: record.scope,
            timestamp: Timestamp::from_nanos(record.timestamp),
            source: record.source.map(|source| self.source(source)),
            metadata,
            causation: record.causation.map(id_of),
            correlation: record.correlation.map(id_of),
            // How long it may be was decided when it was published.
            data: Body::new(codec, record.body).version(version).limit(usize::MAX),
        })
    }

    fn topic(&mut self, text: &str) -> Result<Topic, TopicError> {
        match &self.topic {
            Some(topic) if topic.as_str() == text => Ok(topic.clone()),
            _ => Ok(self.topic.insert(Topic::parse(text)?).clone()),
        }
    }

    fn source(&mut self, text: &str) -> Source {
        match &self.source {
            Some(source) if source.as_str() == text => source.clone(),
            _ => self.source.insert(Source::from(text.to_owned())).clone(),
        }
    }
}

fn id_of(bytes: [u8; 16]) -> EventId {
    EventId::from(Uuid::from_bytes(bytes))
}

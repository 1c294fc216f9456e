//! [`Record`]: an event as bytes, head and body, and back.
//!
//! Written by the thread that publishes, so the form is flat: what every event has stands at fixed places, what few have
//! is told by a bit. Reading borrows from the bytes, allocates nothing and takes any bytes whatever.
//!
//! ```text
//! id 16 · timestamp 8 · flags 1 · codec 1 · scope 1 · length of the topic 1 · topic
//! [length 4 · source] [causation 16] [correlation 16] [length 4 · metadata] [version of the data 4] · body to the end
//! ```
//!
//! Numbers are little-endian. A bit that is not known is an error and not passed over: what it stands for has a length
//! that is not known either.

mod error;

pub use error::{RecordError, RecordErrorKind};

/// Where the topic begins: what is before stands at the same place in each record.
const TOPIC: usize = 28;

const SOURCE: u8 = 1;
const CAUSATION: u8 = 1 << 1;
const CORRELATION: u8 = 1 << 2;
const METADATA: u8 = 1 << 3;
const VERSION: u8 = 1 << 4;
const KNOWN: u8 = SOURCE | CAUSATION | CORRELATION | METADATA | VERSION;

/// An event in parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record<'a> {
    /// The id of the event, a UUID.
    pub id: [u8; 16],
    /// Nanoseconds since 1970 in UTC.
    pub timestamp: u64,
    /// The full topic, 1 to 255 bytes.
    pub topic: &'a str,
    /// How many bytes of the topic are the prefix of the bus that published.
    pub scope: u8,
    /// Who published.
    pub source: Option<&'a str>,
    /// The id of the event that was handled when this one was published.
    pub causation: Option<[u8; 16]>,
    /// The id of the event that began it all.
    pub correlation: Option<[u8; 16]>,
    /// The metadata, as a JSON object.
    pub metadata: Option<&'a str>,
    /// The version of the shape of the data, 1 unless the event type says so.
    pub version: u32,
    /// The number of the codec that wrote the body.
    pub codec: u8,
    /// The data.
    pub body: &'a [u8],
}

/// What a record is found by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keys<'a> {
    /// The id of the event.
    pub id: [u8; 16],
    /// Nanoseconds since 1970 in UTC.
    pub timestamp: u64,
    /// The full topic.
    pub topic: &'a str,
}

impl<'a> Record<'a> {
    /// Adds the record to `out`, head and body. What was in `out` stays; on an error it is as it was.
    ///
    /// # Errors
    /// If the topic is empty or longer than 255 bytes, the scope is longer than the topic, or a text has 4 GiB or more.
    pub fn encode(&self, out: &mut Vec<u8>) -> Result<(), RecordError> {
        self.encode_head(out)?;
        out.extend_from_slice(self.body);
        Ok(())
    }

    /// As [`encode`](Self::encode), without the body: whoever calls writes it behind.
    ///
    /// # Errors
    /// As `encode`.
    pub fn encode_head(&self, out: &mut Vec<u8>) -> Result<(), RecordError> {
        let Ok(topic_len @ 1..) = u8::try_from(self.topic.len()) else {
            return Err(RecordError::new(RecordErrorKind::Topic, TOPIC - 1));
        };
        if self.scope > topic_len {
            return Err(RecordError::new(RecordErrorKind::Scope, TOPIC - 2));
        }
        let source = self.source.map(length_of).transpose()?;
        let metadata = self.metadata.map(length_of).transpose()?;
        let bit = |there: bool, bit: u8| if there { bit } else { 0 };
        let flags = bit(source.is_some(), SOURCE)
            | bit(self.causation.is_some(), CAUSATION)
            | bit(self.correlation.is_some(), CORRELATION)
            | bit(metadata.is_some(), METADATA)
            | bit(self.version != 1, VERSION);
        let texts = self.source.map_or(0, str::len) + self.metadata.map_or(0, str::len);
        out.reserve(TOPIC + self.topic.len() + texts + 44 + self.body.len());
        out.extend_from_slice(&self.id);
        out.extend_from_slice(&self.timestamp.to_le_bytes());
        out.extend_from_slice(&[flags, self.codec, self.scope, topic_len]);
        out.extend_from_slice(self.topic.as_bytes());
        if let (Some(length), Some(source)) = (source, self.source) {
            out.extend_from_slice(&length);
            out.extend_from_slice(source.as_bytes());
        }
        if let Some(causation) = &self.causation {
            out.extend_from_slice(causation);
        }
        if let Some(correlation) = &self.correlation {
            out.extend_from_slice(correlation);
        }
        if let (Some(length), Some(metadata)) = (metadata, self.metadata) {
            out.extend_from_slice(&length);
            out.extend_from_slice(metadata.as_bytes());
        }
        if self.version != 1 {
            out.extend_from_slice(&self.version.to_le_bytes());
        }
        Ok(())
    }

    /// Reads what [`encode`](Self::encode) wrote. Whether the metadata is JSON is for its reader to see.
    ///
    /// # Errors
    /// If the bytes are no record: which part, and at which byte.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, RecordError> {
        let mut left = Left { bytes, at: 0 };
        let id = left.array()?;
        let timestamp = u64::from_le_bytes(left.array()?);
        let [flags, codec, scope, topic_len] = left.array()?;
        if flags & !KNOWN != 0 {
            return Err(RecordError::new(RecordErrorKind::Flags, TOPIC - 4));
        }
        if topic_len == 0 {
            return Err(RecordError::new(RecordErrorKind::Topic, TOPIC - 1));
        }
        if scope > topic_len {
            return Err(RecordError::new(RecordErrorKind::Scope, TOPIC - 2));
        }
        let topic = left.text(usize::from(topic_len))?;
        if !topic.is_char_boundary(usize::from(scope)) {
            return Err(RecordError::new(RecordErrorKind::Scope, TOPIC - 2));
        }
        let has = |bit: u8| flags & bit != 0;
        let source = has(SOURCE).then(|| left.long_text()).transpose()?;
        let causation = has(CAUSATION).then(|| left.array()).transpose()?;
        let correlation = has(CORRELATION).then(|| left.array()).transpose()?;
        let metadata = has(METADATA).then(|| left.long_text()).transpose()?;
        let version = has(VERSION).then(|| left.array()).transpose()?.map_or(1, u32::from_le_bytes);
        let body = left.rest();
        Ok(Self {
            id,
            timestamp,
            topic,
            scope,
            source,
            causation,
            correlation,
            metadata,
            version,
            codec,
            body,
        })
    }
}

impl<'a> Keys<'a> {
    /// What the record in `bytes` is found by, without a look at the rest of it.
    ///
    /// # Errors
    /// If the bytes do not begin as a record does.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, RecordError> {
        let mut left = Left { bytes, at: 0 };
        let id = left.array()?;
        let timestamp = u64::from_le_bytes(left.array()?);
        let [_, _, _, topic_len] = left.array()?;
        if topic_len == 0 {
            return Err(RecordError::new(RecordErrorKind::Topic, TOPIC - 1));
        }
        let topic = left.text(usize::from(topic_len))?;
        Ok(Self { id, timestamp, topic })
    }
}

fn length_of(text: &str) -> Result<[u8; 4], RecordError> {
    let length = u32::try_from(text.len());
    length.map(u32::to_le_bytes).map_err(|_| RecordError::new(RecordErrorKind::TooLong, 0))
}

/// What is not read yet.
struct Left<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Left<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], RecordError> {
        let truncated = || RecordError::new(RecordErrorKind::Truncated, self.bytes.len());
        let end = self.at.checked_add(length).ok_or_else(truncated)?;
        let taken = self.bytes.get(self.at..end).ok_or_else(truncated)?;
        self.at = end;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], RecordError> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    fn text(&mut self, length: usize) -> Result<&'a str, RecordError> {
        let from = self.at;
        std::str::from_utf8(self.take(length)?).map_err(|error| {
            RecordError::new(RecordErrorKind::Text, from.saturating_add(error.valid_up_to()))
        })
    }

    fn long_text(&mut self) -> Result<&'a str, RecordError> {
        let length = u32::from_le_bytes(self.array()?);
        self.text(usize::try_from(length).unwrap_or(usize::MAX))
    }

    fn rest(self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;

//! [`Envelope`]: the attributes of a `CloudEvent` (`CloudEvents` 1.0, JSON format), its data still unread.

use std::borrow::Cow;
use std::fmt;

use rem::{ParseTimestampError, Timestamp};
use serde::Deserialize;
use serde_json::value::RawValue;

/// A line of the file.
#[derive(Debug, Deserialize)]
pub struct Envelope<'a> {
    /// The version of the specification: `1.0`.
    #[serde(borrow)]
    pub specversion: Cow<'a, str>,
    /// Its identity, given by its source.
    #[serde(borrow)]
    pub id: Cow<'a, str>,
    /// Who says so: here, the address of a repository.
    #[serde(borrow)]
    pub source: Cow<'a, str>,
    /// What happened: here, the topic.
    #[serde(borrow, rename = "type")]
    pub kind: Cow<'a, str>,
    /// When, as RFC 3339, if told.
    #[serde(borrow)]
    pub time: Option<Cow<'a, str>>,
    /// The payload, unread.
    #[serde(borrow)]
    pub data: &'a RawValue,
}

/// A line that is no `CloudEvent`, and why.
#[derive(Debug)]
pub struct EnvelopeError(Box<str>);

impl<'a> Envelope<'a> {
    /// Reads a line.
    ///
    /// # Errors
    /// What is not JSON, lacks an attribute that every `CloudEvent` has, or is of another version.
    pub fn read(line: &'a [u8]) -> Result<Self, EnvelopeError> {
        let envelope: Self = serde_json::from_slice(line)
            .map_err(|error| EnvelopeError(format!("no CloudEvent: {error}").into()))?;
        if envelope.specversion != "1.0" {
            let text = format!("CloudEvents {} instead of 1.0", envelope.specversion);
            return Err(EnvelopeError(text.into()));
        }
        Ok(envelope)
    }

    /// When it happened, if told.
    ///
    /// # Errors
    /// A text that is no time.
    pub fn timestamp(&self) -> Result<Option<Timestamp>, EnvelopeError> {
        let time = self.time.as_deref().map(str::parse).transpose();
        time.map_err(|error: ParseTimestampError| EnvelopeError(error.to_string().into()))
    }
}

impl fmt::Display for EnvelopeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for EnvelopeError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_cloud_event_says_why() {
        let cases = [
            (r#"{"specversion":"1.0""#, "EOF"),
            (r#"{"specversion":"1.0","id":"1","source":"/","data":{}}"#, "missing field `type`"),
            (r#"{"specversion":"2","id":"1","source":"/","type":"a","data":{}}"#, "CloudEvents 2"),
        ];
        for (line, expected) in cases {
            let error = Envelope::read(line.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}

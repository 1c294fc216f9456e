//! [`Decoder`]: cloud events read, whoever wrote them.

use std::borrow::Cow;

use base64::Engine as _;
use serde_json::value::RawValue;

use super::assemble::assemble;
use super::attributes::Attribute;
use super::binary;
use super::cloud_event::CloudEvent;
use super::error::{CloudEventError, CloudEventErrorKind as Kind};
use super::read::Attributes;
use super::{MAX_DEPTH, data, json, names};
use crate::wire::{Body, Codec, RawEvent};

/// Reads CloudEvents 1.0, whoever wrote them.
///
/// What it reads costs memory in proportion to its bytes, of which there are at most [`limit`](Self::limit).
#[derive(Debug, Clone, Copy)]
pub struct Decoder {
    limit: usize,
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Decoder {
    /// The most bytes that are read are [`Body::LIMIT`], 1 MiB.
    pub fn new() -> Self {
        Self { limit: Body::LIMIT }
    }

    /// Another limit of the bytes of a document, or of a message with its headers; what is longer is refused.
    #[must_use]
    pub fn limit(mut self, bytes: usize) -> Self {
        self.limit = bytes;
        self
    }

    /// One event in structured mode: a JSON object.
    ///
    /// # Errors
    /// What is no cloud event, with the attribute that is wrong. The data is not looked at but for its form: see
    /// [`CloudEvent::decode`].
    pub fn structured(&self, json: &[u8]) -> Result<CloudEvent, CloudEventError> {
        document(json::text(json, self.limit)?)
    }

    /// Events in batch mode: a JSON array of them.
    ///
    /// # Errors
    /// As for [`structured`](Self::structured), of the first event that is none, with its place: `[3].time`.
    pub fn batch(&self, json: &[u8]) -> Result<Vec<CloudEvent>, CloudEventError> {
        let all: Vec<&RawValue> = json::parse(json::text(json, self.limit)?, "")?;
        let events = all.into_iter().enumerate();
        events.map(|(at, json)| document(json.get()).map_err(|error| error.within(at))).collect()
    }

    /// One event in binary mode: headers whose names begin with `ce-`, in any case, and a body. The media type of the body
    /// is `ce-datacontenttype`, or else `content-type`; other headers are passed over.
    ///
    /// # Errors
    /// As for [`structured`](Self::structured).
    pub fn binary<N: AsRef<str>, V: AsRef<[u8]>>(
        &self,
        headers: impl IntoIterator<Item = (N, V)>,
        body: &[u8],
    ) -> Result<CloudEvent, CloudEventError> {
        let binary::Read { attributes, content_type, .. } =
            binary::read(headers, body.len(), self.limit)?;
        from_headers(attributes, content_type, body)
    }

    /// A message in whichever mode its headers say: one event, or as many as a batch holds.
    ///
    /// Structured and batch mode are told by a `content-type` that begins with `application/cloudevents`. A message without
    /// one and without `ce-` headers is taken for structured too: older bindings send no header.
    ///
    /// # Errors
    /// As for [`structured`](Self::structured); and a format of CloudEvents that is not JSON.
    pub fn message<N: AsRef<str>, V: AsRef<[u8]>>(
        &self,
        headers: impl IntoIterator<Item = (N, V)>,
        body: &[u8],
    ) -> Result<Vec<CloudEvent>, CloudEventError> {
        match self.mode(headers, body)? {
            Mode::Structured => self.structured(body).map(|event| vec![event]),
            Mode::Batch => self.batch(body),
            Mode::Binary(attributes, content_type) => {
                from_headers(attributes, content_type, body).map(|event| vec![event])
            }
        }
    }

    /// The same of a message that holds one event, as most transports have it.
    ///
    /// # Errors
    /// As for [`message`](Self::message); and a batch, however many it holds.
    pub fn event<N: AsRef<str>, V: AsRef<[u8]>>(
        &self,
        headers: impl IntoIterator<Item = (N, V)>,
        body: &[u8],
    ) -> Result<CloudEvent, CloudEventError> {
        match self.mode(headers, body)? {
            Mode::Structured => self.structured(body),
            Mode::Batch => {
                let said = "it is a batch, and one event is read here: send each by itself";
                Err(CloudEventError::new(Kind::MediaType, "content-type", said))
            }
            Mode::Binary(attributes, content_type) => from_headers(attributes, content_type, body),
        }
    }

    fn mode<N: AsRef<str>, V: AsRef<[u8]>>(
        self,
        headers: impl IntoIterator<Item = (N, V)>,
        body: &[u8],
    ) -> Result<Mode, CloudEventError> {
        let binary::Read { attributes, is_empty, content_type } =
            binary::read(headers, body.len(), self.limit)?;
        let media = content_type.as_deref().unwrap_or_default();
        let media = media.split(';').next().unwrap_or_default().trim();
        let format = media
            .split_at_checked(FORMATS.len())
            .filter(|(start, _)| start.eq_ignore_ascii_case(FORMATS))
            .map(|(_, format)| format);
        let is = |one: &str| format.is_some_and(|format| format.eq_ignore_ascii_case(one));
        Ok(match format {
            Some(_) if is("") || is("+json") => Mode::Structured,
            Some(_) if is("-batch") || is("-batch+json") => Mode::Batch,
            Some(_) => {
                let said = format!(
                    "`{media}` is not read: send `application/cloudevents+json`, `application/cloudevents-batch+json`, or \
                     the attributes as headers"
                );
                return Err(CloudEventError::new(Kind::MediaType, "content-type", said));
            }
            None if content_type.is_none() && is_empty => Mode::Structured,
            None => Mode::Binary(attributes, content_type),
        })
    }
}

/// What a media type of CloudEvents begins with.
const FORMATS: &str = "application/cloudevents";

/// In which mode a message is.
#[expect(clippy::large_enum_variant, reason = "it is looked at where it is made, and kept nowhere")]
enum Mode {
    Structured,
    Batch,
    Binary(Attributes<'static>, Option<String>),
}

/// The event that a JSON object is.
fn document(json: &str) -> Result<CloudEvent, CloudEventError> {
    let (mut inline, mut base64) = (None, None);
    let json::Object(members) = json::parse(json, "")?;
    let attributes = members.into_iter().filter_map(|(name, value)| {
        let data = match &*name {
            names::DATA => &mut inline,
            names::DATA_BASE64 => &mut base64,
            _ => return Some(json::attribute(&name, value).map(|value| (name, value))),
        };
        data.replace(value).map(|_| Err(json::twice(&name)))
    });
    let attributes = Attributes::of(attributes)?;
    let media = media(&attributes);
    let data = match (inline, base64.filter(|base64| base64.get() != "null")) {
        (Some(_), Some(_)) => {
            let said = "`data` is there as well: an event has one of the two";
            return Err(CloudEventError::new(Kind::Twice, names::DATA_BASE64, said));
        }
        (Some(json), None) => {
            if json::depth(json.get().as_bytes()) > MAX_DEPTH {
                return Err(json::too_deep(names::DATA));
            }
            RawEvent::new(Codec::Json, json.get().as_bytes())
        }
        (None, Some(text)) => data::read(media, bytes(text)?, false),
        (None, None) => RawEvent::new(Codec::Json, []),
    };
    assemble(attributes, data)
}

/// What `data_base64` holds.
fn bytes(json: &RawValue) -> Result<Vec<u8>, CloudEventError> {
    let text: Cow<'_, str> = json::parse(json.get(), names::DATA_BASE64)?;
    base64::engine::general_purpose::STANDARD.decode(text.as_bytes()).map_err(|error| {
        let said = format!("it is not Base64: {error}");
        CloudEventError::new(Kind::Base64, names::DATA_BASE64, said)
    })
}

/// The event that headers and a body are.
fn from_headers(
    mut attributes: Attributes<'static>,
    content_type: Option<String>,
    body: &[u8],
) -> Result<CloudEvent, CloudEventError> {
    if let Some(media) = content_type {
        attributes.or(names::DATACONTENTTYPE, || Attribute::Text(media.into()));
    }
    let data = data::read(media(&attributes), body.to_vec(), true);
    assemble(attributes, data)
}

fn media<'a>(attributes: &'a Attributes<'_>) -> Option<&'a str> {
    match attributes.get(names::DATACONTENTTYPE) {
        Some(Attribute::Text(media)) => Some(media),
        _ => None, // of a wrong type, which is told later
    }
}

//! [`Decoder`]: cloud events read, whoever wrote them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use base64::Engine as _;
use rem_patterns::Topic;
use serde_json::value::RawValue;

use super::attributes::Attribute;
use super::binary;
use super::cloud_event::CloudEvent;
use super::error::{CloudEventError, CloudEventErrorKind as Kind};
use super::{MAX_DEPTH, data, json, names, source};
use crate::clock::{ParseTimestampError, Timestamp};
use crate::event::Metadata;
use crate::wire::{Body, Codec, RawEvent};

type Attributes<'a> = BTreeMap<Cow<'a, str>, Attribute<'a>>;

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
        let binary::Read { attributes, content_type } =
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
        let binary::Read { attributes, content_type } =
            binary::read(headers, body.len(), self.limit)?;
        let media = content_type.as_deref().unwrap_or_default();
        let media = media.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match media.strip_prefix("application/cloudevents") {
            Some("" | "+json") => self.structured(body).map(|event| vec![event]),
            Some("-batch" | "-batch+json") => self.batch(body),
            Some(_) => {
                let said = format!(
                    "`{media}` is not read: send `application/cloudevents+json`, `application/cloudevents-batch+json`, or \
                     the attributes as headers"
                );
                Err(CloudEventError::new(Kind::MediaType, "content-type", said))
            }
            None if content_type.is_none() && attributes.is_empty() => {
                self.structured(body).map(|event| vec![event])
            }
            None => from_headers(attributes, content_type, body).map(|event| vec![event]),
        }
    }
}

/// The event that a JSON object is.
fn document(json: &str) -> Result<CloudEvent, CloudEventError> {
    let mut attributes = Attributes::new();
    let (mut inline, mut base64) = (None, None);
    let mut unset = Vec::new();
    let json::Object(members) = json::parse(json, "")?;
    for (name, value) in members {
        match &*name {
            names::DATA | names::DATA_BASE64 => {
                let data = if name == names::DATA { &mut inline } else { &mut base64 };
                if data.replace(value).is_some() {
                    return Err(json::twice(&name));
                }
            }
            _ => match json::attribute(&name, value)? {
                None => unset.push(name),
                Some(value) => {
                    if attributes.contains_key(&name) {
                        return Err(json::twice(&name));
                    }
                    attributes.insert(name, value);
                }
            },
        }
    }
    unset.sort_unstable();
    let twice = unset.windows(2).find(|pair| pair[0] == pair[1]).map(|pair| &pair[0]);
    if let Some(name) = twice.or_else(|| unset.iter().find(|name| attributes.contains_key(*name))) {
        return Err(json::twice(name));
    }
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
        let media = Attribute::Text(media.into());
        attributes.entry(names::DATACONTENTTYPE.into()).or_insert(media);
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

/// Looks at each attribute, and puts it where an event has it.
fn assemble(mut attributes: Attributes<'_>, data: RawEvent) -> Result<CloudEvent, CloudEventError> {
    spec_version(&mut attributes)?;
    let id = required(&mut attributes, names::ID)?;
    let source_text = required(&mut attributes, names::SOURCE)?;
    let topic = topic(&required(&mut attributes, names::TYPE)?)?;
    let time = text(&mut attributes, names::TIME)?.map(|text| time(&text)).transpose()?;
    let subject = text(&mut attributes, names::SUBJECT)?;
    let schema = text(&mut attributes, names::DATASCHEMA)?;
    let media = text(&mut attributes, names::DATACONTENTTYPE)?;
    let scope = number(&mut attributes, names::SCOPE)?.unwrap_or(0);
    let version = number(&mut attributes, names::VERSION)?;
    let rest = text(&mut attributes, names::REST)?;

    let mut metadata = Metadata::new();
    let own = names::uuid(&id);
    let event_id = own.unwrap_or_else(|| names::foreign_id(&source_text, &id));
    if own.is_none() {
        metadata.insert(names::ID, id.into_owned());
    }
    if let Some(schema) = schema {
        metadata.insert(names::DATASCHEMA, schema.into_owned());
    }
    if let Some(media) = media.filter(|media| *media != data.codec().media_type()) {
        metadata.insert(names::DATACONTENTTYPE, media.into_owned());
    }
    let mut cause = |name| own_form(&mut attributes, name, names::uuid);
    let (causation, correlation) = (cause(names::CAUSATION), cause(names::CORRELATION));
    let sequence = own_form(&mut attributes, names::SEQUENCE, names::sequence);
    extensions(attributes, rest.as_deref(), &mut metadata)?;
    Ok(CloudEvent {
        id: event_id,
        scope: scope_of(scope, &topic)?,
        topic,
        source: source::read(&source_text),
        time,
        subject: subject.map(Into::into),
        metadata,
        causation,
        correlation,
        sequence,
        // How long it may be was decided when it came.
        data: data.version(version).limit(usize::MAX),
    })
}

fn wrong(kind: Kind, name: &str, said: impl Into<Box<str>>) -> CloudEventError {
    CloudEventError::new(kind, name, said)
}

fn spec_version(attributes: &mut Attributes<'_>) -> Result<(), CloudEventError> {
    match attributes.remove(names::SPECVERSION) {
        Some(Attribute::Text(version)) if version == "1.0" => Ok(()),
        Some(Attribute::Text(version)) => {
            let version: String = version.chars().take(40).collect();
            let said = format!("`{version}` is not read: write events of version 1.0");
            Err(wrong(Kind::SpecVersion, names::SPECVERSION, said))
        }
        Some(_) => {
            Err(wrong(Kind::WrongType, names::SPECVERSION, "it is no text: write `\"1.0\"`"))
        }
        None => Err(missing(names::SPECVERSION)),
    }
}

fn missing(name: &str) -> CloudEventError {
    wrong(Kind::Missing, name, "it is missing, and every cloud event has it")
}

fn required<'a>(
    attributes: &mut Attributes<'a>,
    name: &'static str,
) -> Result<Cow<'a, str>, CloudEventError> {
    text(attributes, name)?.ok_or_else(|| missing(name))
}

/// The text of an attribute of the standard or of ours.
fn text<'a>(
    attributes: &mut Attributes<'a>,
    name: &'static str,
) -> Result<Option<Cow<'a, str>>, CloudEventError> {
    match attributes.remove(name) {
        None => Ok(None),
        Some(Attribute::Text(text)) if text.is_empty() => {
            Err(wrong(Kind::Value, name, "it is empty: give it a value, or leave it out"))
        }
        Some(Attribute::Text(text)) => legal(name, &text).map(|()| Some(text)),
        Some(_) => Err(wrong(Kind::WrongType, name, "it is no text: write it in quotes")),
    }
}

fn legal(name: &str, text: &str) -> Result<(), CloudEventError> {
    match text.char_indices().find(|(_, c)| c.is_control()) {
        None => Ok(()),
        Some((at, c)) => {
            let said = format!("{c:?} at byte {at} is a control character: no attribute holds one");
            Err(wrong(Kind::Value, name, said))
        }
    }
}

/// A number of ours. A header has it as text.
fn number(
    attributes: &mut Attributes<'_>,
    name: &'static str,
) -> Result<Option<u32>, CloudEventError> {
    let number = match attributes.remove(name) {
        None => return Ok(None),
        Some(Attribute::Integer(number)) => u32::try_from(number).ok(),
        Some(Attribute::Text(text)) if text.starts_with(|c: char| c.is_ascii_digit()) => {
            text.parse().ok()
        }
        Some(_) => None,
    };
    let said = "it is no number of 32 bits: write it as REM does, or leave it out";
    number.map(Some).ok_or_else(|| wrong(Kind::Value, name, said))
}

fn topic(name: &str) -> Result<Topic, CloudEventError> {
    let topic =
        Topic::parse(name).map_err(|error| wrong(Kind::Topic, names::TYPE, error.to_string()))?;
    if topic.is_system() {
        let said = format!(
            "`{topic}` is a topic of REM's own, and those never leave a process: begin it without `$`"
        );
        return Err(wrong(Kind::Topic, names::TYPE, said));
    }
    Ok(topic)
}

fn time(text: &str) -> Result<Timestamp, CloudEventError> {
    text.parse().or_else(|error: ParseTimestampError| {
        // RFC 3339 has both letters in either case.
        let upper = text.to_ascii_uppercase();
        upper.parse().map_err(|_| wrong(Kind::Time, names::TIME, error.to_string()))
    })
}

/// The scope must end where a segment of the topic does.
fn scope_of(scope: u32, topic: &str) -> Result<u8, CloudEventError> {
    let at = usize::try_from(scope).unwrap_or(usize::MAX);
    match u8::try_from(scope) {
        Ok(scope) if scope == 0 || topic.as_bytes().get(at) == Some(&b'.') => Ok(scope),
        _ => {
            let said = format!(
                "after {scope} bytes `{topic}` has no dot: it is the length of a prefix of `type`"
            );
            Err(wrong(Kind::Value, names::SCOPE, said))
        }
    }
}

/// What the attribute says, if it is of REM's form; otherwise it stays, to be metadata.
fn own_form<T>(
    attributes: &mut Attributes<'_>,
    name: &'static str,
    read: fn(&str) -> Option<T>,
) -> Option<T> {
    let Some(Attribute::Text(text)) = attributes.get(name) else { return None };
    let read = read(text)?;
    attributes.remove(name);
    Some(read)
}

/// What is left of the attributes, and what `remmeta` holds, as metadata.
fn extensions(
    attributes: Attributes<'_>,
    rest: Option<&str>,
    metadata: &mut Metadata,
) -> Result<(), CloudEventError> {
    let mut rest = rest.map(json::metadata).transpose()?.unwrap_or_default();
    for (name, attribute) in attributes {
        if !names::is_name(&name) {
            let said = "no attribute has this name: they are made of `a` to `z` and `0` to `9`, and none is `data`";
            return Err(wrong(Kind::Name, &name, said));
        }
        if let Attribute::Text(text) = &attribute {
            legal(&name, text)?;
        }
        // A header does not tell a number from its digits; if the attribute has been changed since, that counts.
        let value = match rest.remove(&*name) {
            Some(value) if attribute.says(&value) => value,
            _ => attribute.value(),
        };
        metadata.insert(name, value);
    }
    for (name, value) in rest {
        if metadata.get(&name).is_some() {
            return Err(json::twice(&format!("{}.{name}", names::REST)));
        }
        metadata.insert(name, value);
    }
    Ok(())
}

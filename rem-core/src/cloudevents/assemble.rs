//! From attributes, in whichever mode they came, to an event: each looked at, and put where an event has it.

use std::borrow::Cow;

use rem_patterns::Topic;

use super::attributes::Attribute;
use super::cloud_event::CloudEvent;
use super::error::{CloudEventError, CloudEventErrorKind as Kind};
use super::read::Attributes;
use super::{json, names, source};
use crate::clock::{ParseTimestampError, Timestamp};
use crate::event::Metadata;
use crate::wire::RawEvent;

/// The event of these attributes.
pub(super) fn assemble(
    mut attributes: Attributes<'_>,
    data: RawEvent,
) -> Result<CloudEvent, CloudEventError> {
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
    // Nearly every text is of these alone; looked at to its end, for that takes many bytes at once.
    if text.bytes().fold(true, |all, byte| all & (b' '..=b'~').contains(&byte)) {
        return Ok(());
    }
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
    for (name, attribute) in attributes.rest() {
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

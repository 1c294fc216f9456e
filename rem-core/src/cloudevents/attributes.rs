//! The attributes of an event: what is written in every mode, in one order; and their values as they are read.

use std::borrow::Cow;
use std::fmt::{Display, Write};

use arrayvec::ArrayString;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;
use uuid::Uuid;

use super::{MAX_DEPTH, names, source};
use crate::event::{EventId, Head, Metadata};
use crate::wire::EncodeError;

/// Where attributes are written.
pub(super) trait Sink {
    /// Whether a number and a text of its digits are told apart.
    const TYPED: bool;

    /// A text of printable ASCII without quotes, backslashes, spaces and percent signs.
    fn plain(&mut self, name: &'static str, value: &str);

    /// Any text.
    fn text(&mut self, name: &str, value: &str);

    /// A number or a boolean.
    fn bare(&mut self, name: &str, value: &dyn Display);
}

/// The value of an attribute, as it was read.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Attribute<'a> {
    Text(Cow<'a, str>),
    Integer(i32),
    Boolean(bool),
}

impl Attribute<'_> {
    /// As metadata.
    pub(super) fn value(&self) -> Value {
        match self {
            Self::Text(text) => Value::String(text.as_ref().to_owned()),
            Self::Integer(number) => (*number).into(),
            Self::Boolean(is) => (*is).into(),
        }
    }

    /// Whether it is what a header without types says of that value.
    pub(super) fn says(&self, value: &Value) -> bool {
        match (self, value) {
            (Self::Text(text), Value::Number(number)) => number.to_string() == **text,
            (Self::Text(text), Value::Bool(is)) => is.to_string() == **text,
            _ => self.value() == *value,
        }
    }
}

/// What an event says of itself beside its head.
pub(super) struct About<'a> {
    /// What stands for a source where the event has none.
    pub(super) source: &'a str,
    pub(super) key: Option<String>,
    pub(super) version: Option<u32>,
    /// The media type of the data; none if there is no data.
    pub(super) media: Option<&'static str>,
    /// The same from the metadata, in place of that.
    pub(super) own_media: Option<&'a str>,
    pub(super) schema: Option<String>,
}

/// Writes all attributes but `specversion`, which comes first, and those of the data, which come last.
pub(super) fn write<S: Sink>(
    head: &Head,
    about: &About<'_>,
    sink: &mut S,
) -> Result<(), EncodeError> {
    let source = match head.source.as_deref() {
        None if !about.source.is_empty() => about.source.into(),
        source => source::written(source),
    };
    let metadata = head.metadata.as_deref().filter(|metadata| !metadata.is_empty());
    let given = |name: &str| metadata?.get(name)?.as_str().filter(|text| names::is_text(text));
    let foreign = given(names::ID).filter(|id| names::foreign_id(&source, id) == head.id);
    match foreign {
        Some(id) => sink.text(names::ID, id),
        None => uuid(names::ID, head.id, sink),
    }
    sink.text(names::SOURCE, &source);
    sink.text(names::TYPE, &head.topic);
    let mut time = ArrayString::<40>::new();
    // The longest is `2554-07-21T23:34:33.709551615Z`.
    let _ = write!(time, "{}", head.timestamp);
    sink.plain(names::TIME, &time);
    let subject = given(names::SUBJECT);
    if let Some(subject) = subject.or(about.key.as_deref()).filter(|text| names::is_text(text)) {
        sink.text(names::SUBJECT, subject);
    }
    let schema = given(names::DATASCHEMA).filter(|uri| source::is_uri(uri));
    if let Some(schema) = schema.or(about.schema.as_deref()) {
        sink.text(names::DATASCHEMA, schema);
    }
    if let Some(causation) = head.causation {
        uuid(names::CAUSATION, causation, sink);
    }
    if let Some(correlation) = head.correlation {
        uuid(names::CORRELATION, correlation, sink);
    }
    if let Some(sequence) = head.sequence() {
        let mut digits = ArrayString::<20>::new();
        let _ = write!(digits, "{sequence:020}");
        sink.plain(names::SEQUENCE, &digits);
    }
    if head.scope > 0 {
        sink.bare(names::SCOPE, &head.scope);
    }
    if let Some(version) = about.version {
        match i32::try_from(version) {
            Ok(version) => sink.bare(names::VERSION, &version),
            // More than an integer of 32 bits, and so a text.
            Err(_) => sink.text(names::VERSION, &version.to_string()),
        }
    }
    if let Some(metadata) = metadata {
        let written = |name: &str| match name {
            names::ID => foreign.is_some(),
            names::SUBJECT => subject.is_some() && subject != about.key.as_deref(),
            names::DATASCHEMA => schema.is_some(),
            names::DATACONTENTTYPE => about.own_media.is_some(),
            _ => false,
        };
        extensions(head, metadata, written, sink)?;
    }
    match (about.own_media, about.media) {
        (Some(media), _) => sink.text(names::DATACONTENTTYPE, media),
        (None, Some(media)) => sink.plain(names::DATACONTENTTYPE, media),
        (None, None) => {}
    }
    Ok(())
}

fn uuid<S: Sink>(name: &'static str, id: EventId, sink: &mut S) {
    sink.plain(name, id.as_uuid().hyphenated().encode_lower(&mut Uuid::encode_buffer()));
}

/// Writes metadata, each as an extension where it can be one, and all else as one text. `written` is what was an
/// attribute already.
fn extensions<S: Sink>(
    head: &Head,
    metadata: &Metadata,
    written: impl Fn(&str) -> bool,
    sink: &mut S,
) -> Result<(), EncodeError> {
    let mut rest = Vec::new();
    for (name, value) in metadata.iter().filter(|(name, _)| !written(name)) {
        let may = names::is_free(name)
            || match name {
                names::CORRELATION => head.correlation.is_none(),
                names::CAUSATION => head.causation.is_none(),
                names::SEQUENCE => head.sequence().is_none(),
                _ => false,
            };
        match value {
            Value::String(text)
                if may && names::is_text(text) && !names::is_own_form(name, text) =>
            {
                sink.text(name, text);
                continue;
            }
            Value::Bool(is) if may => sink.bare(name, is),
            Value::Number(number) if may && is_integer(number) => sink.bare(name, number),
            _ => {
                if depth(value, MAX_DEPTH) > MAX_DEPTH {
                    return Err(EncodeError::too_deep(name, MAX_DEPTH));
                }
                rest.push((name, value));
                continue;
            }
        }
        if !S::TYPED {
            rest.push((name, value));
        }
    }
    if !rest.is_empty() {
        sink.text(names::REST, &rest_text(&rest));
    }
    Ok(())
}

/// Of 32 bits, as attributes have them.
fn is_integer(number: &serde_json::Number) -> bool {
    number.as_i64().is_some_and(|number| i32::try_from(number).is_ok())
}

/// How deep a value nests, looked for as far as `limit` and one more.
fn depth(value: &Value, limit: usize) -> usize {
    let deepest = match value {
        Value::Array(values) if limit > 0 => {
            values.iter().map(|value| depth(value, limit - 1)).max()
        }
        Value::Object(map) if limit > 0 => map.values().map(|value| depth(value, limit - 1)).max(),
        Value::Array(_) | Value::Object(_) => Some(0),
        _ => return 0,
    };
    1 + deepest.unwrap_or(0)
}

/// What cannot be an attribute of its own, as compact JSON in characters that an attribute may have.
fn rest_text(rest: &[(&str, &Value)]) -> String {
    struct Rest<'a>(&'a [(&'a str, &'a Value)]);

    impl Serialize for Rest<'_> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut map = serializer.serialize_map(Some(self.0.len()))?;
            for (name, value) in self.0 {
                map.serialize_entry(name, value)?;
            }
            map.end()
        }
    }

    // Texts and JSON values: nothing of them fails.
    let json = serde_json::to_string(&Rest(rest)).unwrap_or_default();
    if !json.contains(names::is_odd) {
        return json;
    }
    // Odd characters stand only in strings, where they may be escaped.
    let mut out = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        if names::is_odd(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(c);
        }
    }
    out
}

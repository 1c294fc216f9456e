//! The data of an event in its two forms, JSON and bytes, and what its media type says of it.

use std::borrow::Cow;

use serde::de::IgnoredAny;
use serde_json::Value;

use super::json::depth;
use super::{MAX_DEPTH, names};
use crate::event::Metadata;
use crate::wire::{Codec, EncodeError, RawEvent};

/// What a media type is to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    /// A codec reads it.
    Codec(Codec),
    /// Text that no codec reads: in binary mode a JSON string holds it.
    Text,
    /// Bytes that no codec reads: a JSON array of numbers holds them.
    Bytes,
}

impl Family {
    pub(super) fn of(media: &str) -> Self {
        if let Ok(codec) = media.parse() {
            return Self::Codec(codec);
        }
        let name = media.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let Some((kind, form)) = name.split_once('/') else { return Self::Bytes };
        match form.rsplit('+').next() {
            Some("json") => Self::Codec(Codec::Json),
            Some("xml") => Self::Text,
            _ if kind == "text" => Self::Text,
            _ => Self::Bytes,
        }
    }
}

/// What `data_base64`, or a body, of that media type is as data of an event.
pub(super) fn read(media: Option<&str>, bytes: Vec<u8>, in_header: bool) -> RawEvent {
    match media.map_or(Family::Codec(Codec::Json), Family::of) {
        Family::Codec(codec) => RawEvent::new(codec, bytes),
        // In a document a text would be `data`.
        Family::Text if in_header => match String::from_utf8(bytes) {
            Ok(text) => RawEvent::new(Codec::Json, json_string(&text)),
            Err(error) => RawEvent::new(Codec::Json, json_array(error.as_bytes())),
        },
        Family::Text | Family::Bytes => RawEvent::new(Codec::Json, json_array(&bytes)),
    }
}

/// How an event's data stands in a document.
pub(super) enum Member {
    None,
    /// A JSON document.
    Json(Vec<u8>),
    /// What is written as Base64.
    Bytes(Vec<u8>),
}

/// Written data with its codec, and the media type that the event's metadata names for it.
pub(super) struct Written<'a> {
    pub(super) codec: Codec,
    pub(super) bytes: Vec<u8>,
    pub(super) media: Option<&'a str>,
}

impl<'a> Written<'a> {
    pub(super) fn new(codec: Codec, bytes: Vec<u8>, metadata: &'a Metadata) -> Self {
        let media = metadata.get(names::DATACONTENTTYPE).and_then(Value::as_str);
        // What the codec is called says nothing new, and is told from what was never there.
        let media = media.filter(|&media| names::is_text(media) && media != codec.media_type());
        Self { codec, bytes, media }
    }

    /// No data: it has no media type either.
    fn is_none(&self) -> bool {
        self.codec == Codec::Json && self.bytes.is_empty()
    }

    /// As a member of a document, with the media type if it is one that gives the same data when it is read.
    pub(super) fn into_member(self) -> (Member, Option<&'a str>) {
        if self.is_none() {
            return (Member::None, None);
        }
        let Self { codec, bytes, media } = self;
        if codec != Codec::Json {
            return (Member::Bytes(bytes), media.filter(|media| is_of(media, codec)));
        }
        let Some(media) = media else { return (json_or_bytes(bytes), None) };
        match (Family::of(media), array(&bytes)) {
            (Family::Codec(_), _) => {
                (json_or_bytes(bytes), Some(media).filter(|media| is_of(media, codec)))
            }
            (_, Some(held)) => (Member::Bytes(held), Some(media)),
            (_, None) => match json_or_bytes(bytes) {
                json @ Member::Json(_) => (json, Some(media)),
                other => (other, None),
            },
        }
    }

    /// As the body of a message; otherwise the same.
    pub(super) fn into_body(self) -> (Vec<u8>, Option<&'a str>, bool) {
        if self.is_none() {
            return (Vec::new(), None, false);
        }
        let Self { codec, bytes, media } = self;
        let Some(media) = media else { return (bytes, None, true) };
        let held = match Family::of(media) {
            Family::Codec(of) => return (bytes, (of == codec).then_some(media), true),
            _ if codec != Codec::Json => None,
            Family::Text => string(&bytes)
                .or_else(|| array(&bytes).filter(|bytes| std::str::from_utf8(bytes).is_err())),
            Family::Bytes => array(&bytes),
        };
        match held {
            Some(held) => (held, Some(media), true),
            None => (bytes, None, true),
        }
    }
}

fn is_of(media: &str, codec: Codec) -> bool {
    Family::of(media) == Family::Codec(codec)
}

/// JSON as it is, if it can stand in a document and come out of it unchanged.
fn json_or_bytes(bytes: Vec<u8>) -> Member {
    // What is passed over is not looked at for UTF-8.
    let stands = std::str::from_utf8(&bytes).is_ok_and(|json| {
        let trimmed = json.trim_ascii().len() == json.len();
        trimmed && depth(&bytes) <= MAX_DEPTH && serde_json::from_str::<IgnoredAny>(json).is_ok()
    });
    if stands { Member::Json(bytes) } else { Member::Bytes(bytes) }
}

/// The text that a JSON string holds, if it is written as we write it.
fn string(json: &[u8]) -> Option<Vec<u8>> {
    let text: Cow<'_, str> = serde_json::from_slice(json).ok()?;
    (json_string(&text) == json).then(|| text.into_owned().into_bytes())
}

/// The bytes that a JSON array holds, if it is written as we write it.
fn array(json: &[u8]) -> Option<Vec<u8>> {
    if json.first() != Some(&b'[') {
        return None;
    }
    let bytes: Vec<u8> = serde_json::from_slice(json).ok()?;
    (json_array(&bytes) == json).then_some(bytes)
}

fn json_string(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 2);
    super::json::write_string(text, &mut out);
    out
}

fn json_array(bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![b'['];
    for (at, byte) in bytes.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        out.extend_from_slice(byte.to_string().as_bytes());
    }
    out.push(b']');
    out
}

/// Writes the data of an event in the codec that was asked for, or in its own if it is raw.
pub(super) fn encode<T: crate::event::Payload + ?Sized>(
    data: &T,
    codec: Codec,
) -> Result<(Codec, Vec<u8>), EncodeError> {
    let codec = data.raw().map_or(codec, RawEvent::codec);
    let mut bytes = Vec::with_capacity(256);
    data.encode_into(codec, &mut bytes)?;
    Ok((codec, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_types_are_told_apart() {
        for (media, family) in [
            ("application/json", Family::Codec(Codec::Json)),
            ("application/json; charset=utf-8", Family::Codec(Codec::Json)),
            ("Application/VND.x+JSON", Family::Codec(Codec::Json)),
            ("text/json", Family::Codec(Codec::Json)),
            ("text/xml", Family::Text),
            ("application/soap+xml; charset=utf-8", Family::Text),
            ("text/plain", Family::Text),
            ("image/png", Family::Bytes),
            ("json", Family::Bytes),
            ("", Family::Bytes),
        ] {
            assert_eq!(Family::of(media), family, "{media}");
        }
    }

    #[test]
    fn only_what_we_write_is_taken_apart() {
        assert_eq!(string(br#""a\nb""#).as_deref(), Some(&b"a\nb"[..]));
        assert_eq!(string(br#""a\u000ab""#), None);
        assert_eq!(array(b"[1,255]"), Some(vec![1, 255]));
        assert_eq!(array(b"[]"), Some(vec![]));
        for other in [&b"[1, 2]"[..], b"[256]", b"[01]", b"1", b""] {
            assert_eq!(array(other), None, "{other:?}");
        }
    }
}

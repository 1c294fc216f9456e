//! Binary mode: [`Message`], and attributes written as headers and read.

use std::borrow::Cow;
use std::fmt::{self, Display};

use super::attributes::{Attribute, Sink};
use super::error::{CloudEventError, CloudEventErrorKind as Kind};
use super::read::Attributes;
use super::{json, names, source};

/// What the name of every header of an attribute begins with.
pub(super) const PREFIX: &str = "ce-";

/// The header that names the media type of the body.
const CONTENT_TYPE: &str = "content-type";

/// A cloud event in binary mode, for any transport that has headers: names and values, and a body.
///
/// The names are in lower case and begin with `ce-`; the values are printable ASCII, everything else in them
/// percent-encoded. `ce-datacontenttype` is among them, as the binding of NATS has it; HTTP has `content-type` in its
/// place: see [`into_http`](Self::into_http).
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    headers: Vec<(Cow<'static, str>, String)>,
    body: Vec<u8>,
}

impl Message {
    pub(super) fn new(headers: Headers, body: Vec<u8>) -> Self {
        Self { headers: headers.0, body }
    }

    /// The headers, in the order of writing.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headers.iter().map(|(name, value)| (name.as_ref(), value.as_str()))
    }

    /// The value of a header, by its name in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The data.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The data, to be kept.
    pub fn into_body(self) -> Vec<u8> {
        self.body
    }

    /// The same for HTTP, and other bindings in which the media type of the data is the header `content-type`.
    #[must_use]
    pub fn into_http(mut self) -> Self {
        for (name, value) in &mut self.headers {
            // It is HTTP's own, in which nothing is percent-encoded; what it cannot hold stays where it was.
            if name.strip_prefix(PREFIX) == Some(names::DATACONTENTTYPE)
                && let Ok(plain) = source::decode(value).map(Cow::into_owned)
                && plain.bytes().all(|byte| matches!(byte, b' '..=b'~'))
            {
                (*name, *value) = (Cow::Borrowed(CONTENT_TYPE), plain);
            }
        }
        self
    }
}

/// The body as text, if it is one.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Message");
        out.field("headers", &self.headers);
        match std::str::from_utf8(&self.body) {
            Ok(text) if text.len() <= 1_024 => out.field("body", &text),
            _ => out.field("body", &format_args!("{} bytes", self.body.len())),
        };
        out.finish()
    }
}

/// Headers in the making.
#[derive(Default)]
pub(super) struct Headers(Vec<(Cow<'static, str>, String)>);

impl Sink for Headers {
    const TYPED: bool = false;

    fn plain(&mut self, name: &'static str, value: &str) {
        self.0.push((format!("{PREFIX}{name}").into(), value.to_owned()));
    }

    fn text(&mut self, name: &str, value: &str) {
        let mut encoded = String::with_capacity(value.len());
        names::HEADER.encode_into(value, &mut encoded);
        self.0.push((format!("{PREFIX}{name}").into(), encoded));
    }

    fn bare(&mut self, name: &str, value: &dyn Display) {
        self.0.push((format!("{PREFIX}{name}").into(), value.to_string()));
    }
}

/// Headers as they were read.
#[derive(Default)]
pub(super) struct Read {
    pub(super) attributes: Attributes<'static>,
    /// Whether there are any.
    pub(super) is_empty: bool,
    /// As it came.
    pub(super) content_type: Option<String>,
}

/// Reads the attributes among headers, which with the body are within the limit.
pub(super) fn read<N: AsRef<str>, V: AsRef<[u8]>>(
    headers: impl IntoIterator<Item = (N, V)>,
    body: usize,
    limit: usize,
) -> Result<Read, CloudEventError> {
    let mut content_type = None;
    let mut is_empty = true;
    let mut bytes = body;
    json::within(bytes, limit)?;
    let attributes = headers.into_iter().filter_map(|(name, value)| {
        let (name, value) = (name.as_ref(), value.as_ref());
        bytes = bytes.saturating_add(name.len()).saturating_add(value.len());
        match one(name, value, json::within(bytes, limit)) {
            Ok(Header::Attribute(name, value)) => {
                is_empty = false;
                Some(Ok((name.into(), Some(value))))
            }
            Ok(Header::ContentType(value)) => {
                content_type.replace(value).map(|_| Err(json::twice(CONTENT_TYPE)))
            }
            Ok(Header::Other) => None,
            Err(error) => Some(Err(error)),
        }
    });
    let attributes = Attributes::of(attributes)?;
    Ok(Read { attributes, is_empty, content_type })
}

/// What a header is.
enum Header {
    Attribute(String, Attribute<'static>),
    ContentType(String),
    Other,
}

fn one(
    name: &str,
    value: &[u8],
    within: Result<(), CloudEventError>,
) -> Result<Header, CloudEventError> {
    within?;
    if name.eq_ignore_ascii_case(CONTENT_TYPE) {
        return Ok(Header::ContentType(utf8(CONTENT_TYPE, value)?.to_owned()));
    }
    match name.split_at_checked(PREFIX.len()) {
        Some((prefix, attribute)) if prefix.eq_ignore_ascii_case(PREFIX) => {
            let attribute = attribute.to_ascii_lowercase();
            let text = decoded(&attribute, utf8(&attribute, value)?)?.into_owned();
            Ok(Header::Attribute(attribute, Attribute::Text(text.into())))
        }
        _ => Ok(Header::Other),
    }
}

fn utf8<'a>(name: &str, value: &'a [u8]) -> Result<&'a str, CloudEventError> {
    std::str::from_utf8(value).map_err(|_| {
        let said = "the header is not UTF-8: percent-encode what is not ASCII";
        CloudEventError::new(Kind::NotUtf8, name, said)
    })
}

/// Some put a value into quotes, as HTTP has it; a quote of the value's own is percent-encoded.
fn decoded<'a>(name: &str, value: &'a str) -> Result<Cow<'a, str>, CloudEventError> {
    let wrong = |said| CloudEventError::new(Kind::Percent, name, said);
    let Some(quoted) = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')) else {
        return source::decode(value).map_err(wrong);
    };
    let mut plain = String::with_capacity(quoted.len());
    let mut chars = quoted.chars();
    while let Some(c) = chars.next() {
        plain.extend(if c == '\\' { chars.next() } else { Some(c) });
    }
    source::decode(&plain).map(|text| text.into_owned().into()).map_err(wrong)
}

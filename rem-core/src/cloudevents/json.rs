//! Structured mode: attributes written as members of a JSON object, and members read, nothing twice.

use std::borrow::Cow;
use std::fmt::{self, Display, Write};

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::attributes::{Attribute, Sink};
use super::error::{CloudEventError, CloudEventErrorKind as Kind};
use super::{MAX_DEPTH, names};

/// Writes attributes behind the first, which is written already.
pub(super) struct Members<'a>(pub(super) &'a mut Vec<u8>);

impl Members<'_> {
    #[inline]
    fn name(&mut self, name: &str) {
        self.0.extend_from_slice(b",\"");
        self.0.extend_from_slice(name.as_bytes());
        self.0.extend_from_slice(b"\":");
    }
}

impl Sink for Members<'_> {
    const TYPED: bool = true;

    #[inline]
    fn plain(&mut self, name: &'static str, value: &str) {
        self.name(name);
        self.0.push(b'"');
        self.0.extend_from_slice(value.as_bytes());
        self.0.push(b'"');
    }

    #[inline]
    fn text(&mut self, name: &str, value: &str) {
        self.name(name);
        write_string(value, self.0);
    }

    fn bare(&mut self, name: &str, value: &dyn Display) {
        self.name(name);
        let _ = write!(Utf8(self.0), "{value}");
    }
}

/// A vector of bytes that takes text, without fail.
struct Utf8<'a>(&'a mut Vec<u8>);

impl Write for Utf8<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

/// Writes a text as a JSON string.
#[inline]
pub(super) fn write_string(text: &str, out: &mut Vec<u8>) {
    // To a vector this does not fail.
    let _ = serde_json::to_writer(out, text);
}

/// A JSON object, its values not looked at.
pub(super) struct Object<'a>(pub(super) Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de> Deserialize<'de> for Object<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;

        impl<'de> Visitor<'de> for Collect {
            type Value = Object<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object<'de>, A::Error> {
                let mut members = Vec::with_capacity(16); // as many as nearly every event has
                while let Some((Text(name), value)) = map.next_entry()? {
                    members.push((name, value));
                }
                Ok(Object(members))
            }
        }

        deserializer.deserialize_map(Collect)
    }
}

/// A JSON string, borrowed where it has no escapes.
#[derive(serde::Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// The JSON text, which must be UTF-8 and within the limit.
pub(super) fn text(bytes: &[u8], limit: usize) -> Result<&str, CloudEventError> {
    within(bytes.len(), limit)?;
    std::str::from_utf8(bytes).map_err(|error| {
        let said = format!("byte {} is no UTF-8: JSON is written in it", error.valid_up_to());
        CloudEventError::new(Kind::NotUtf8, "", said)
    })
}

/// # Errors
/// When there are more bytes than that.
pub(super) fn within(bytes: usize, limit: usize) -> Result<(), CloudEventError> {
    if bytes <= limit {
        return Ok(());
    }
    let said = format!(
        "{bytes} bytes are over the limit of {limit}: raise it by `Decoder::limit`, or send less"
    );
    Err(CloudEventError::new(Kind::TooLarge, "", said))
}

/// Reads JSON of a shape.
pub(super) fn parse<'a, T: Deserialize<'a>>(
    json: &'a str,
    path: &str,
) -> Result<T, CloudEventError> {
    serde_json::from_str(json).map_err(|error| {
        let kind = if error.is_data() { Kind::WrongType } else { Kind::Malformed };
        CloudEventError::new(kind, path, error.to_string())
    })
}

/// The value of an attribute; `None` for `null`, which is as if it were not there.
pub(super) fn attribute<'a>(
    name: &str,
    value: &'a RawValue,
) -> Result<Option<Attribute<'a>>, CloudEventError> {
    let json = value.get();
    let wrong = |found| {
        let said = format!(
            "{found} where an attribute is a text, a boolean or an integer of 32 bits: write it so, or into the data"
        );
        CloudEventError::new(Kind::WrongType, name, said)
    };
    Ok(Some(match json.as_bytes().first() {
        Some(b'"') => Attribute::Text(match plain(json) {
            Some(text) => text.into(),
            None => parse::<Text<'a>>(json, name)?.0,
        }),
        Some(b't') => Attribute::Boolean(true),
        Some(b'f') => Attribute::Boolean(false),
        Some(b'n') => return Ok(None),
        Some(b'{') => return Err(wrong("an object")),
        Some(b'[') => return Err(wrong("an array")),
        // RFC 8259 has `-0` and it is 0, but no text of an integer that we write.
        _ => match json.parse() {
            Ok(number) if json != "-0" => Attribute::Integer(number),
            _ => return Err(wrong(&format!("`{}`", json.chars().take(40).collect::<String>()))),
        },
    }))
}

/// What a JSON string is that is known to be one, if nothing in it is escaped.
fn plain(json: &str) -> Option<&str> {
    let text = json.strip_prefix('"')?.strip_suffix('"')?;
    memchr::memchr(b'\\', text.as_bytes()).is_none().then_some(text)
}

/// Metadata: an object, no name twice at any depth.
pub(super) fn metadata(json: &str) -> Result<Map<String, Value>, CloudEventError> {
    if depth(json.as_bytes()) > MAX_DEPTH + 1 {
        return Err(too_deep(names::REST));
    }
    let mut path = names::REST.to_owned();
    map(parse(json, &path)?, &mut path)
}

pub(super) fn too_deep(path: &str) -> CloudEventError {
    let said = format!("it nests deeper than {MAX_DEPTH} levels: make it flatter");
    CloudEventError::new(Kind::TooDeep, path, said)
}

fn map(object: Object<'_>, path: &mut String) -> Result<Map<String, Value>, CloudEventError> {
    let mut map = Map::new();
    let before = path.len();
    for (name, json) in object.0 {
        let _ = write!(path, ".{name}");
        if map.contains_key(&*name) {
            return Err(twice(path));
        }
        map.insert(name.into_owned(), value(json, path)?);
        path.truncate(before);
    }
    Ok(map)
}

/// No deeper than was looked for before.
fn value(json: &RawValue, path: &mut String) -> Result<Value, CloudEventError> {
    let json = json.get();
    match json.as_bytes().first() {
        Some(b'{') => map(parse(json, path)?, path).map(Value::Object),
        Some(b'[') => {
            let before = path.len();
            let mut values = Vec::new();
            for (at, json) in parse::<Vec<&RawValue>>(json, path)?.into_iter().enumerate() {
                let _ = write!(path, "[{at}]");
                values.push(value(json, path)?);
                path.truncate(before);
            }
            Ok(Value::Array(values))
        }
        _ => parse(json, path),
    }
}

pub(super) fn twice(path: &str) -> CloudEventError {
    CloudEventError::new(Kind::Twice, path, "it is there twice: write it once")
}

/// How deep a JSON text nests. What is no JSON has a depth too.
pub(super) fn depth(json: &[u8]) -> usize {
    let (mut now, mut most) = (0_usize, 0);
    let mut rest = json;
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            b'{' | b'[' => {
                now += 1;
                most = most.max(now);
            }
            b'}' | b']' => now = now.saturating_sub(1),
            b'"' => rest = behind_string(rest),
            _ => {}
        }
    }
    most
}

/// What stands behind the string that has begun.
fn behind_string(mut rest: &[u8]) -> &[u8] {
    while let Some(at) = memchr::memchr2(b'"', b'\\', rest) {
        let is_end = rest[at] == b'"';
        // What is escaped may be a quote.
        rest = rest.get(at + if is_end { 1 } else { 2 }..).unwrap_or_default();
        if is_end {
            return rest;
        }
    }
    &[]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_counts_what_is_open_at_once_and_not_what_stands_in_strings() {
        for (json, expected) in
            [("1", 0), ("[]", 1), ("[{},{}]", 2), (r#"{"a":"[[\"[["}"#, 1), (r#"["\\",[[]]]"#, 3)]
        {
            assert_eq!(depth(json.as_bytes()), expected, "{json}");
        }
    }

    #[test]
    fn metadata_says_where_a_name_stands_twice() {
        let error = metadata(r#"{"a":[1,{"b":1,"b":2}]}"#).unwrap_err();
        assert_eq!((error.kind(), error.path()), (Kind::Twice, "remmeta.a[1].b"));
        let error = metadata("[]").unwrap_err();
        assert_eq!((error.kind(), error.path()), (Kind::WrongType, "remmeta"));
    }

    /// `serde_json`'s own name for a raw value, and for a number, in other builds of it.
    #[test]
    fn no_name_is_magic() {
        let json =
            r#"{"$serde_json::private::RawValue":"[1]","x":{"$serde_json::private::Number":"1"}}"#;
        assert_eq!(serde_json::to_string(&metadata(json).unwrap()).unwrap(), json);
    }
}

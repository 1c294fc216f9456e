//! [`Field`]: one value within the data of events, found in the written body without reading the rest.

use std::fmt;

use rem_core::Event;
use rem_core::wire::Codec;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::error::{AnalysisError, AnalysisErrorKind as Kind};

/// How many names a path has at most.
const MAX_DEPTH: usize = 32;

/// Where in the data a value is: `price.amount`, or `/price/amount` as JSON Pointer (RFC 6901) writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Field {
    names: Vec<Box<str>>,
}

/// What is there.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Scalar {
    Bool(bool),
    Signed(i64),
    Unsigned(u64),
    Float(f64),
    Text(String),
    /// A list or an object.
    Other,
}

/// What came of looking for a value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Found {
    Value(Scalar),
    /// It is not there, or `null`.
    Absent,
    /// The data cannot be written, or is no document of its codec as far as it was read.
    Unreadable,
}

impl Field {
    pub(crate) fn parse(text: &str) -> Result<Self, AnalysisError> {
        let names: Vec<Box<str>> = match text.strip_prefix('/') {
            Some(pointer) => pointer
                .split('/')
                .map(|name| name.replace("~1", "/").replace("~0", "~").into())
                .collect(),
            None => text.split('.').map(Into::into).collect(),
        };
        if text.is_empty() || (!text.starts_with('/') && names.iter().any(|name| name.is_empty())) {
            let said = format!(
                "`{text}` names no field: write the names of serde with dots between them, `price.amount`, or with slashes in \
                 front, `/price/amount`, if a name has a dot"
            );
            return Err(AnalysisError::new(Kind::Field, said));
        }
        if names.len() > MAX_DEPTH {
            let said = format!(
                "`{text}` has {} names and at most {MAX_DEPTH} are looked for",
                names.len()
            );
            return Err(AnalysisError::new(Kind::Field, said));
        }
        Ok(Self { names })
    }

    /// Looks for it. `buffer` is for data that has to be written first.
    pub(crate) fn find(&self, event: &Event, buffer: &mut Vec<u8>) -> Found {
        let raw = event.downcast_ref::<rem_core::wire::RawEvent>();
        let (codec, bytes) = if let Some(raw) = raw {
            (raw.data.codec(), raw.data.bytes())
        } else {
            buffer.clear();
            if event.data.encode_into(Codec::Json, buffer).is_err() {
                return Found::Unreadable;
            }
            (Codec::Json, &buffer[..])
        };
        if bytes.is_empty() {
            return Found::Absent;
        }
        self.find_in(codec, bytes)
    }

    fn find_in(&self, codec: Codec, bytes: &[u8]) -> Found {
        let mut found = None;
        let seek = Seek { names: &self.names, found: &mut found };
        // What is found ends the reading by an error, which `found` tells from others.
        let read = match codec {
            Codec::Json => {
                seek.deserialize(&mut serde_json::Deserializer::from_slice(bytes)).is_ok()
            }
            #[cfg(feature = "msgpack")]
            Codec::MessagePack => {
                let mut pack = rmp_serde::Deserializer::new(bytes);
                pack.set_max_depth(128);
                seek.deserialize(&mut pack).is_ok()
            }
            _ => false,
        };
        found.unwrap_or(if read { Found::Absent } else { Found::Unreadable })
    }
}

/// Goes down the path, past everything else. What stands behind the value is not read.
struct Seek<'a> {
    names: &'a [Box<str>],
    /// `None` for as long as it is open.
    found: &'a mut Option<Found>,
}

impl Seek<'_> {
    fn end<E: Error>(self, found: Found) -> Result<(), E> {
        *self.found = Some(found);
        Err(E::custom("found"))
    }

    /// A value that is no list and no object.
    fn scalar<E: Error>(self, scalar: impl FnOnce() -> Scalar) -> Result<(), E> {
        if self.names.is_empty() { self.end(Found::Value(scalar())) } else { Ok(()) }
    }
}

impl<'de> DeserializeSeed<'de> for Seek<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seek<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("data")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        self.scalar(|| Scalar::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.scalar(|| Scalar::Signed(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.scalar(|| Scalar::Unsigned(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        self.scalar(|| Scalar::Float(value))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<(), E> {
        self.scalar(|| Scalar::Text(value.to_owned()))
    }

    fn visit_bytes<E: Error>(self, _value: &[u8]) -> Result<(), E> {
        self.scalar(|| Scalar::Other)
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        // `null` is as if it were not there, and ends the reading all the same.
        if self.names.is_empty() { self.end(Found::Absent) } else { Ok(()) }
    }

    fn visit_none<E: Error>(self) -> Result<(), E> {
        self.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        self.deserialize(deserializer)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, _: D) -> Result<(), D::Error> {
        // An extension of MessagePack.
        self.scalar(|| Scalar::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Some((name, rest)) = self.names.split_first() else {
            return self.end(Found::Value(Scalar::Other));
        };
        while let Some(is) = map.next_key_seed(IsName(name))? {
            if is {
                map.next_value_seed(Seek { names: rest, found: &mut *self.found })?;
                // The way ends there.
                return self.end(Found::Absent);
            }
            map.next_value::<IgnoredAny>()?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let Some((name, rest)) = self.names.split_first() else {
            return self.end(Found::Value(Scalar::Other));
        };
        let wanted = name.parse::<usize>().ok();
        let mut place = 0;
        loop {
            if wanted == Some(place) {
                let seek = Seek { names: rest, found: &mut *self.found };
                seq.next_element_seed(seek)?;
                return self.end(Found::Absent);
            }
            if seq.next_element::<IgnoredAny>()?.is_none() {
                return Ok(());
            }
            place += 1;
        }
    }
}

/// Whether a key is that name, without keeping it.
struct IsName<'a>(&'a str);

impl<'de> DeserializeSeed<'de> for IsName<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Visitor<'_> for IsName<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<bool, E> {
        Ok(name == self.0)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_bytes<E: Error>(self, _: &[u8]) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<bool, E> {
        Ok(false)
    }
}

impl Scalar {
    /// As a number; `None` for what is none.
    #[expect(clippy::cast_precision_loss, reason = "said of `Analysis`: 53 bits are kept")]
    pub(crate) fn number(&self) -> Option<f64> {
        match self {
            Self::Signed(number) => Some(*number as f64),
            Self::Unsigned(number) => Some(*number as f64),
            Self::Float(number) => Some(*number),
            Self::Bool(_) | Self::Text(_) | Self::Other => None,
        }
    }

    /// As the name of a group; `None` for what has no short text.
    pub(crate) fn label(self) -> Option<String> {
        Some(match self {
            Self::Bool(is) => is.to_string(),
            Self::Signed(number) => number.to_string(),
            Self::Unsigned(number) => number.to_string(),
            Self::Float(number) => number.to_string(),
            Self::Text(text) => text,
            Self::Other => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(path: &str, json: &str) -> Found {
        Field::parse(path).unwrap().find_in(Codec::Json, json.as_bytes())
    }

    #[test]
    fn a_value_is_found_by_its_path() {
        let json = r#"{"skip":{"a":[1,{"b":2}]},"price":{"amount":-1.5,"of.x":"y","n":null,"list":[7,{"z":true}]},"u":1}"#;
        for (path, expected) in [
            ("price.amount", Found::Value(Scalar::Float(-1.5))),
            ("/price/amount", Found::Value(Scalar::Float(-1.5))),
            ("/price/of.x", Found::Value(Scalar::Text("y".into()))),
            ("price.list.0", Found::Value(Scalar::Unsigned(7))),
            ("price.list.1.z", Found::Value(Scalar::Bool(true))),
            ("price.list", Found::Value(Scalar::Other)),
            ("u", Found::Value(Scalar::Unsigned(1))),
            ("price.n", Found::Absent),
            ("price.none", Found::Absent),
            ("price.list.9", Found::Absent),
            ("u.deeper", Found::Absent),
            ("a", Found::Absent),
        ] {
            assert_eq!(find(path, json), expected, "{path}");
        }
        assert_eq!(find("a~b", r#"{"a~b":1}"#), Found::Value(Scalar::Unsigned(1)));
        assert_eq!(find("/a~0~1b", r#"{"a~/b":1}"#), Found::Value(Scalar::Unsigned(1)));
        // What is no JSON is told apart from what is not there.
        assert_eq!(find("a", r#"{"b":1"#), Found::Unreadable);
        assert_eq!(find("a", "nonsense"), Found::Unreadable);
    }

    #[cfg(feature = "msgpack")]
    #[test]
    fn the_same_in_message_pack() {
        let json = serde_json::json!({"a": {"b": [1, -2, 3.5]}, "t": "x", "n": null});
        let pack = rmp_serde::to_vec_named(&json).unwrap();
        let find = |path: &str| Field::parse(path).unwrap().find_in(Codec::MessagePack, &pack);
        assert_eq!(find("a.b.1"), Found::Value(Scalar::Signed(-2)));
        assert_eq!(find("a.b.2"), Found::Value(Scalar::Float(3.5)));
        assert_eq!(find("t"), Found::Value(Scalar::Text("x".into())));
        assert_eq!((find("n"), find("x")), (Found::Absent, Found::Absent));
        let cut = Field::parse("t").unwrap().find_in(Codec::MessagePack, &pack[..4]);
        assert_eq!(cut, Found::Unreadable);
    }

    #[test]
    fn a_path_that_is_none_is_refused() {
        for path in ["", ".", "a..b", "a.", ".a"] {
            let error = Field::parse(path).unwrap_err();
            assert!(error.to_string().contains("names no field"), "{error}");
        }
        let error = Field::parse(&["a"; 33].join(".")).unwrap_err();
        assert!(error.to_string().contains("33 names and at most 32"), "{error}");
    }
}

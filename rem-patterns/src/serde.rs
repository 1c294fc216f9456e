//! Topics and patterns as their texts, for serde.

use alloc::string::ToString;
use core::fmt;
use core::marker::PhantomData;

use serde_core::de::{Error, Visitor};
use serde_core::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Pattern, Topic};

impl Serialize for Topic {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl Serialize for Pattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Topic {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Parsed("a topic", PhantomData))
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Parsed("a pattern", PhantomData))
    }
}

/// What is parsed from a text, under the name that errors give it.
struct Parsed<T>(&'static str, PhantomData<T>);

impl<T> Visitor<'_> for Parsed<T>
where
    T: for<'t> TryFrom<&'t str, Error: fmt::Display>,
{
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        T::try_from(text).map_err(|error| E::custom(first_line(&error.to_string())))
    }
}

/// Errors of a format stand in one line: the drawing with the caret is left off.
fn first_line(message: &str) -> &str {
    message.lines().next().unwrap_or_default()
}

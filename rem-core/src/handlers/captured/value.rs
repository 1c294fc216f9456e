//! One capture as serde reads it: text, or what is parsed from text.

use std::borrow::Cow;
use std::fmt::Display;
use std::str::FromStr;

use rem_patterns::Topic;
use serde::de::value::SeqDeserializer;
use serde::de::{Deserializer, Error as _, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

use super::error::Error;

pub(super) struct Value<'c> {
    pub(super) name: &'c str,
    /// As it stands in the topic.
    pub(super) raw: &'c str,
    /// With escapes undone.
    pub(super) text: Cow<'c, str>,
}

impl Value<'_> {
    fn parse<T: FromStr<Err: Display>>(&self) -> Result<T, Error> {
        self.text.parse().map_err(|error: T::Err| {
            let wanted = std::any::type_name::<T>();
            self.told(Error::custom(format_args!("that is no `{wanted}`, {error}")))
        })
    }

    fn told(&self, error: Error) -> Error {
        error.of(self.name, &self.text)
    }
}

/// What is parsed from the text.
macro_rules! parsed {
    ($($method:ident => $visit:ident,)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            let value = self.parse()?;
            visitor.$visit(value).map_err(|error| self.told(error))
        }
    )*};
}

impl<'de> Deserializer<'de> for Value<'_> {
    type Error = Error;

    parsed! {
        deserialize_bool => visit_bool,
        deserialize_char => visit_char,
        deserialize_i8 => visit_i8,
        deserialize_i16 => visit_i16,
        deserialize_i32 => visit_i32,
        deserialize_i64 => visit_i64,
        deserialize_i128 => visit_i128,
        deserialize_u8 => visit_u8,
        deserialize_u16 => visit_u16,
        deserialize_u32 => visit_u32,
        deserialize_u64 => visit_u64,
        deserialize_u128 => visit_u128,
        deserialize_f32 => visit_f32,
        deserialize_f64 => visit_f64,
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_str(&self.text).map_err(|error| self.told(error))
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_bytes(self.text.as_bytes()).map_err(|error| self.told(error))
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.text.is_empty() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    /// The segments of a path, each unescaped.
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let Self { name, raw, text } = self;
        let segments = raw.split('.').filter(|raw| !raw.is_empty());
        let value = |raw| Value { name, raw, text: Topic::unescape(raw) };
        let segments = SeqDeserializer::new(segments.map(value));
        visitor.visit_seq(segments).map_err(|error: Error| error.of(name, &text))
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let variant: serde::de::value::StrDeserializer<'_, Error> =
            self.text.as_ref().into_deserializer();
        visitor.visit_enum(variant).map_err(|error| self.told(error))
    }

    forward_to_deserialize_any! { str string unit unit_struct map struct identifier ignored_any }
}

impl IntoDeserializer<'_, Error> for Value<'_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

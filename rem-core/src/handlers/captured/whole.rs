//! All captures of a topic as serde reads them: a map, a sequence, or the only one.

use rem_patterns::Captures;
use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{Deserializer, Error as _, Visitor};
use serde::forward_to_deserialize_any;

use super::error::Error;
use super::value::Value;

pub(super) struct Whole<'c>(Vec<Value<'c>>);

impl<'c> Whole<'c> {
    /// `None`: those of a pattern that captures nothing.
    pub(super) fn new(captures: Option<&'c Captures<'c>>) -> Self {
        let Some(captures) = captures else { return Self(Vec::new()) };
        let value =
            |(name, text)| Value { name, raw: captures.get_raw(name).unwrap_or_default(), text };
        Self(captures.iter().map(value).collect())
    }

    fn only(mut self) -> Result<Value<'c>, Error> {
        match (self.0.pop(), self.0.len()) {
            (Some(value), 0) => Ok(value),
            (_, others) => Err(Error::custom(format_args!(
                "one value is asked for and the pattern captures {}; ask for a struct or a tuple, or let it capture one",
                if others == 0 { 0 } else { others + 1 }
            ))),
        }
    }

    fn of_length(self, len: usize) -> Result<Self, Error> {
        if self.0.len() == len {
            return Ok(self);
        }
        let found = self.0.len();
        Err(Error::custom(format_args!(
            "{len} values are asked for and the pattern captures {found}"
        )))
    }
}

/// What takes the only capture.
macro_rules! only {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            self.only()?.$method(visitor)
        }
    )*};
}

impl<'de> Deserializer<'de> for Whole<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let entries = self.0.into_iter().map(|value| (value.name.to_owned(), value));
        visitor.visit_map(MapDeserializer::new(entries))
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_seq(SeqDeserializer::new(self.0.into_iter()))
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Error> {
        self.of_length(len)?.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_tuple(len, visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.only()?.deserialize_enum(name, variants, visitor)
    }

    only! {
        deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_i128 deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
        deserialize_u128 deserialize_f32 deserialize_f64 deserialize_char deserialize_str
        deserialize_string deserialize_bytes deserialize_byte_buf deserialize_option
        deserialize_identifier
    }

    forward_to_deserialize_any! { map struct ignored_any }
}

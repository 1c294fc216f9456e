//! [`variant`]: which variant serde takes for a number or a name.
//!
//! The derive of `EventType` counts variants as serde does, a JSON Schema names them, and an attribute of serde may have
//! given any name to any of them. serde alone knows, and its derived `Deserialize` tells: it is asked for a value, and when
//! it has read the variant it is stopped. Two answers are equal where the variant is the same.

use std::cell::Cell;
use std::collections::hash_map::DefaultHasher;
use std::fmt;
use std::hash::{Hash, Hasher};

use serde::de::{
    self, DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, MapAccess, VariantAccess,
    Visitor,
};

/// What names a variant.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Tag<'a> {
    /// Its number among those that serde reads.
    Number(u32),
    /// The name that it has in data.
    Name(&'a str),
}

/// Which variant of the type at the end of `path` the tag names; `None` if it names none, or serde does not tell.
///
/// The path is the numbers of the variants in which types are nested. `key` is the field that holds the tag, if the type
/// has one (`#[serde(tag = "…")]`).
pub(crate) fn variant<E: DeserializeOwned>(
    path: &[u32],
    key: Option<&str>,
    tag: Tag<'_>,
) -> Option<u64> {
    let found = Cell::new(None);
    // It always ends with an error: there is no data.
    let _ = E::deserialize(Probe { path, key, tag, found: &found });
    found.get()
}

/// A signature of [`variant`] for one type.
pub(crate) type Variant = fn(&[u32], Option<&str>, Tag<'_>) -> Option<u64>;

#[derive(Clone, Copy)]
struct Probe<'a> {
    path: &'a [u32],
    key: Option<&'a str>,
    tag: Tag<'a>,
    found: &'a Cell<Option<u64>>,
}

impl Probe<'_> {
    /// Notes the variant. Its type is private to the user's type, but any type tells its values' variants apart.
    fn note<V>(&self, variant: &V) {
        let mut hasher = DefaultHasher::new();
        std::mem::discriminant(variant).hash(&mut hasher);
        self.found.set(Some(hasher.finish()));
    }
}

/// Answers every other call with a stop.
macro_rules! stop {
    ($($method:ident($($argument:ident: $ty:ty),*);)*) => {
        $(fn $method<V: Visitor<'de>>(self, $($argument: $ty,)* _visitor: V) -> Result<V::Value, Stop> {
            Err(Stop)
        })*
    };
}

/// Answers calls with the map that holds the tag.
macro_rules! tagged {
    ($($method:ident($($argument:ident: $ty:ty),*);)*) => {
        $(fn $method<V: Visitor<'de>>(self, $($argument: $ty,)* visitor: V) -> Result<V::Value, Stop> {
            match self.key.filter(|_| self.path.is_empty()) {
                Some(key) => visitor.visit_map(Tagged { probe: self, key: Some(key) }),
                None => Err(Stop),
            }
        })*
    };
}

impl<'de> Deserializer<'de> for Probe<'_> {
    type Error = Stop;

    tagged! {
        deserialize_any();
        deserialize_map();
        deserialize_struct(_name: &'static str, _fields: &'static [&'static str]);
    }

    stop! {
        deserialize_bool();
        deserialize_i8();
        deserialize_i16();
        deserialize_i32();
        deserialize_i64();
        deserialize_i128();
        deserialize_u8();
        deserialize_u16();
        deserialize_u32();
        deserialize_u64();
        deserialize_u128();
        deserialize_f32();
        deserialize_f64();
        deserialize_char();
        deserialize_str();
        deserialize_string();
        deserialize_bytes();
        deserialize_byte_buf();
        deserialize_option();
        deserialize_unit();
        deserialize_unit_struct(_name: &'static str);
        deserialize_newtype_struct(_name: &'static str);
        deserialize_seq();
        deserialize_tuple(_len: usize);
        deserialize_tuple_struct(_name: &'static str, _len: usize);
        deserialize_identifier();
        deserialize_ignored_any();
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Stop> {
        visitor.visit_enum(self)
    }
}

impl<'de, 'a> EnumAccess<'de> for Probe<'a> {
    type Error = Stop;
    type Variant = Content<'a>;

    fn variant_seed<V: DeserializeSeed<'de>>(
        self,
        seed: V,
    ) -> Result<(V::Value, Content<'a>), Stop> {
        if let Some((number, rest)) = self.path.split_first() {
            let variant = seed.deserialize(Name(Tag::Number(*number)))?;
            return Ok((variant, Content(Probe { path: rest, ..self })));
        }
        self.note(&seed.deserialize(Name(self.tag))?);
        Err(Stop)
    }
}

/// What the variant at the beginning of the path holds: the next type.
struct Content<'a>(Probe<'a>);

impl<'de> VariantAccess<'de> for Content<'_> {
    type Error = Stop;

    fn unit_variant(self) -> Result<(), Stop> {
        Err(Stop)
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Stop> {
        seed.deserialize(self.0)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _len: usize, _visitor: V) -> Result<V::Value, Stop> {
        Err(Stop)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        _visitor: V,
    ) -> Result<V::Value, Stop> {
        Err(Stop)
    }
}

/// A map with the tag alone.
struct Tagged<'a> {
    probe: Probe<'a>,
    key: Option<&'a str>,
}

impl<'de> MapAccess<'de> for Tagged<'_> {
    type Error = Stop;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Stop> {
        self.key.take().map(|key| seed.deserialize(Name(Tag::Name(key)))).transpose()
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Stop> {
        self.probe.note(&seed.deserialize(Name(self.probe.tag))?);
        Err(Stop)
    }
}

/// A number or a name, however it is asked for.
struct Name<'a>(Tag<'a>);

impl<'de> Deserializer<'de> for Name<'_> {
    type Error = Stop;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        match self.0 {
            Tag::Number(number) => visitor.visit_u64(number.into()),
            Tag::Name(name) => visitor.visit_str(name),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Stop> {
        visitor.visit_enum(self)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

impl<'de> EnumAccess<'de> for Name<'_> {
    type Error = Stop;
    type Variant = Nothing;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Nothing), Stop> {
        Ok((seed.deserialize(self)?, Nothing))
    }
}

/// What a tag holds beside its name.
struct Nothing;

impl<'de> VariantAccess<'de> for Nothing {
    type Error = Stop;

    fn unit_variant(self) -> Result<(), Stop> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, _seed: T) -> Result<T::Value, Stop> {
        Err(Stop)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _len: usize, _visitor: V) -> Result<V::Value, Stop> {
        Err(Stop)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        _visitor: V,
    ) -> Result<V::Value, Stop> {
        Err(Stop)
    }
}

/// The end of the question, or what serde says to a name that it does not know.
#[derive(Debug)]
struct Stop;

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nothing is read")
    }
}

impl std::error::Error for Stop {}

impl de::Error for Stop {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    #[serde(rename_all = "kebab-case")]
    #[expect(dead_code, reason = "serde reads it")]
    enum Outer {
        FirstOne,
        #[serde(skip)]
        Skipped,
        #[serde(rename = "x.y", alias = "old")]
        Renamed(u8),
        Tagged(Tagged),
        Beside(Beside),
    }

    #[derive(Deserialize)]
    #[serde(tag = "kind")]
    #[expect(dead_code, reason = "serde reads it")]
    enum Tagged {
        #[serde(rename = "1st")]
        One {
            a: u8,
        },
        Two,
    }

    #[derive(Deserialize)]
    #[serde(tag = "t", content = "c")]
    #[expect(dead_code, reason = "serde reads it")]
    enum Beside {
        One {
            a: u8,
        },
        #[serde(rename = "2nd")]
        Two,
    }

    #[test]
    fn a_number_and_a_name_of_one_variant_agree_and_no_others_do() {
        type Row<'a> = (&'a [u32], Option<&'a str>, &'a [&'a [&'a str]]);
        let table: [Row<'_>; 3] = [
            (&[], None, &[&["first-one"], &["x.y", "old"], &["tagged"], &["beside"]]),
            (&[2], Some("kind"), &[&["1st"], &["Two"]]),
            (&[3], Some("t"), &[&["One"], &["2nd"]]),
        ];
        for (path, key, variants) in table {
            let ask = |tag| variant::<Outer>(path, key, tag);
            for (number, names) in (0..).zip(variants) {
                assert!(ask(Tag::Number(number)).is_some(), "{path:?} {number}");
                for (other, names_of_other) in (0..).zip(variants) {
                    for name in *names_of_other {
                        let same = ask(Tag::Name(name)) == ask(Tag::Number(number));
                        assert_eq!(same, other == number, "{path:?} {name} {names:?}");
                    }
                }
            }
            assert_eq!(ask(Tag::Name("no such")), None);
            assert_eq!(ask(Tag::Number(99)), None);
        }
    }

    #[test]
    fn what_is_no_enum_tells_nothing() {
        #[derive(Deserialize)]
        #[expect(dead_code, reason = "serde reads it")]
        struct Wrapped(Outer);
        assert_eq!(variant::<Wrapped>(&[], None, Tag::Number(0)), None);
        assert_eq!(variant::<u8>(&[], Some("kind"), Tag::Number(0)), None);
        assert_eq!(
            variant::<Outer>(&[0], None, Tag::Number(0)),
            None,
            "a unit variant nests nothing"
        );
    }
}

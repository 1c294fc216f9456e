//! [`Body`]: written data to be read; [`Wiring`]: how a type that serde knows is written and read.

use std::fmt;

use serde::Serialize;
use serde::de::{DeserializeOwned, Deserializer};

use super::error::Fault;
use super::variant_in::Holding;
use super::variant_out::Held;
use super::{Codec, EncodeError};
use crate::event::{EventType, Wire};

/// The written data of one event.
#[derive(Clone, Copy)]
pub struct Body<'a> {
    codec: Codec,
    bytes: &'a [u8],
    limit: usize,
    version: Option<u32>,
    absent: bool,
}

impl<'a> Body<'a> {
    /// The most bytes that are read unless another limit is set: 1 MiB.
    pub const LIMIT: usize = 1 << 20;

    /// Data in that form.
    pub fn new(codec: Codec, bytes: &'a [u8]) -> Self {
        Self { codec, bytes, limit: Self::LIMIT, version: None, absent: false }
    }

    /// The same with another limit of its length, in bytes; what is longer is refused unread.
    #[must_use]
    pub fn limit(mut self, bytes: usize) -> Self {
        self.limit = bytes;
        self
    }

    /// The same, written as that version of the event's data; without it, it is taken for the present one.
    ///
    /// An older version is read as what it was, and made the present one by the type's `upcast`s. A newer one is read as
    /// the present one, which goes well if only fields were added.
    #[must_use]
    pub fn version(mut self, version: impl Into<Option<u32>>) -> Self {
        self.version = version.into();
        self
    }

    /// The same, of an event. No bytes at all, in JSON, are no data: they read as `null`, as a variant without fields is written.
    pub(crate) fn of_event(mut self) -> Self {
        self.absent = self.codec == Codec::Json && self.bytes.is_empty();
        self
    }

    /// The version that it was written as, if that is known.
    pub fn written_as(&self) -> Option<u32> {
        self.version
    }

    pub(crate) fn most(&self) -> usize {
        self.limit
    }

    /// The form of the data.
    pub fn codec(&self) -> Codec {
        self.codec
    }

    /// The data.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Reads a value of which the topic named the variant.
    fn read<E: DeserializeOwned>(&self, variant: u32) -> Result<E, Fault> {
        if self.bytes.len() > self.limit {
            return Err(Fault::too_large(self.bytes.len(), self.limit));
        }
        match self.codec {
            Codec::Json => {
                let bytes = if self.absent { b"null" } else { self.bytes };
                let mut json = serde_json::Deserializer::from_slice(bytes);
                let value = if let Ok(value) = plain(&mut json, variant) {
                    value
                } else {
                    json = serde_json::Deserializer::from_slice(bytes);
                    tracked(&mut json, variant)
                        .map_err(|(path, error)| Fault::json(path, &error))?
                };
                json.end().map_err(|error| Fault::json(String::new(), &error))?;
                Ok(value)
            }
            #[cfg(feature = "msgpack")]
            Codec::MessagePack => {
                let reader = || {
                    let mut reader = rmp_serde::Deserializer::new(self.bytes);
                    reader.set_max_depth(MAX_DEPTH);
                    reader
                };
                let mut pack = reader();
                let value = if let Ok(value) = plain(&mut pack, variant) {
                    value
                } else {
                    pack = reader();
                    tracked(&mut pack, variant)
                        .map_err(|(path, error)| Fault::message_pack(path, &error))?
                };
                match pack.get_ref().len() {
                    0 => Ok(value),
                    more => Err(Fault::trailing(more)),
                }
            }
        }
    }
}

/// How deep a document nests at most; the same as the limit of JSON's reader.
#[cfg(feature = "msgpack")]
const MAX_DEPTH: usize = 128;

/// Reads a value.
fn plain<'de, E: DeserializeOwned, D: Deserializer<'de>>(
    data: D,
    variant: u32,
) -> Result<E, D::Error> {
    E::deserialize(Holding { data, variant })
}

/// Reads what could not be read once more, and says where in it the fault lies: to keep that in mind costs a quarter of the
/// reading.
fn tracked<'de, E: DeserializeOwned, D: Deserializer<'de>>(
    data: D,
    variant: u32,
) -> Result<E, (String, D::Error)> {
    let mut track = serde_path_to_error::Track::new();
    let data = serde_path_to_error::Deserializer::new(data, &mut track);
    E::deserialize(Holding { data, variant }).map_err(|error| (track.path().to_string(), error))
}

impl fmt::Debug for Body<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Body({}, {} bytes)", self.codec, self.bytes.len())
    }
}

/// How values of an event type are written and read: by serde.
///
/// What the derive puts into [`EventType::WIRE`] of a type that is not local.
pub struct Wiring<E> {
    pub(super) encode: fn(&E, Codec, &mut Vec<u8>) -> Result<(), EncodeError>,
    pub(super) read: fn(&Body<'_>, u32) -> Result<E, Fault>,
}

impl<E: EventType + Wire> Wiring<E> {
    /// By the type's own `Serialize` and `Deserialize`.
    #[expect(clippy::new_without_default, reason = "there is but one, and it is a constant")]
    pub const fn new() -> Self {
        Self { encode, read: |body, variant| body.read(variant) }
    }
}

/// The same, for derived code: an unmet bound of a function is told in the words of the trait.
#[doc(hidden)]
pub const fn wired<E: EventType + Wire>() -> Option<Wiring<E>> {
    Some(Wiring::new())
}

impl<E> Wiring<E> {
    /// Writes what the value's variant holds, behind what `out` holds already.
    ///
    /// # Errors
    /// When the type's `Serialize` fails, or the codec has no form for a value.
    pub fn encode(&self, value: &E, codec: Codec, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        (self.encode)(value, codec, out)
    }
}

impl<E> Clone for Wiring<E> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<E> Copy for Wiring<E> {}

impl<E> fmt::Debug for Wiring<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wiring")
    }
}

fn encode<E: EventType + Serialize>(
    value: &E,
    codec: Codec,
    out: &mut Vec<u8>,
) -> Result<(), EncodeError> {
    let written = match codec {
        Codec::Json => value
            .serialize(Held(&mut serde_json::Serializer::new(out)))
            .map_err(|error| error.to_string()),
        #[cfg(feature = "msgpack")]
        Codec::MessagePack => value
            .serialize(Held(&mut rmp_serde::Serializer::new(out).with_struct_map()))
            .map_err(|error| error.to_string()),
    };
    written.map_err(|said| EncodeError::serialize(E::SCHEMA.name, codec, said))
}

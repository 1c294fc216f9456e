//! [`Given`]: an event type, kept as what is asked of it.

use std::fmt;

use rem_core::{EventType, Schema};
use schemars::{JsonSchema, SchemaGenerator};
use serde::de::DeserializeOwned;

use crate::probe::{self, Variant};

/// An event type that was given to a lock or a catalogue.
#[derive(Clone, Copy)]
pub(crate) struct Given {
    pub(crate) schema: &'static Schema,
    /// `None` for a type that never leaves the process.
    pub(crate) data: Option<Data>,
}

/// How the data of a type is described.
#[derive(Clone, Copy)]
pub(crate) struct Data {
    pub(crate) generate: fn(&mut SchemaGenerator) -> schemars::Schema,
    pub(crate) variant: Variant,
    /// What schemars knows the type by: unlike its name it is the type's own.
    pub(crate) id: fn() -> std::borrow::Cow<'static, str>,
}

impl Given {
    /// A type whose events leave the process.
    pub(crate) fn described<E: EventType + JsonSchema + DeserializeOwned>() -> Self {
        let data = Data {
            generate: SchemaGenerator::subschema_for::<E>,
            variant: probe::variant::<E>,
            id: E::schema_id,
        };
        Self { data: Some(data), ..Self::local::<E>() }
    }

    /// A type whose events never do.
    pub(crate) fn local<E: EventType>() -> Self {
        Self { schema: Kept::<E>::SCHEMA, data: None }
    }
}

impl fmt::Debug for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.schema.name)
    }
}

/// A constant of a type, kept for as long as the program runs.
struct Kept<E>(E);

impl<E: EventType> Kept<E> {
    const SCHEMA: &'static Schema = &E::SCHEMA;
}

//! Why the schema of an event's data cannot be had.

use std::fmt;

/// The data of an event has no JSON Schema that can be found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaError {
    kind: SchemaErrorKind,
    ty: &'static str,
    variant: &'static str,
    topic: String,
    names: Vec<String>,
}

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SchemaErrorKind {
    /// The type's events never leave the process (`#[event(local)]`), and so have no written form.
    Local,
    /// The type's JSON Schema has no part that is this variant's.
    NoSuchVariant,
    /// Two types have one topic, and read different data under it.
    TopicTwice,
}

impl SchemaError {
    pub(crate) fn local(ty: &'static str) -> Self {
        let (variant, topic, names) = ("", String::new(), Vec::new());
        Self { kind: SchemaErrorKind::Local, ty, variant, topic, names }
    }

    pub(crate) fn no_such_variant(
        ty: &'static str,
        variant: &'static str,
        topic: &str,
        names: Vec<String>,
    ) -> Self {
        let (kind, topic) = (SchemaErrorKind::NoSuchVariant, topic.to_owned());
        Self { kind, ty, variant, topic, names }
    }

    pub(crate) fn topic_twice(ty: &'static str, other: &str, topic: &str) -> Self {
        let (kind, topic) = (SchemaErrorKind::TopicTwice, topic.to_owned());
        Self { kind, ty, variant: "", topic, names: vec![other.to_owned()] }
    }

    /// What is wrong.
    pub fn kind(&self) -> SchemaErrorKind {
        self.kind
    }

    /// The topic of the event, or its template; empty for a fault of the whole type.
    pub fn topic(&self) -> &str {
        &self.topic
    }
}

impl fmt::Display for SchemaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { ty, variant, topic, .. } = self;
        match self.kind {
            SchemaErrorKind::Local => write!(
                f,
                "`{ty}` is `#[event(local)]`: its events never leave the process, and their data has no written form; leave it out here"
            ),
            SchemaErrorKind::NoSuchVariant => {
                write!(f, "the JSON schema of `{ty}` has no part for `{variant}` (`{topic}`): ")?;
                match self.names.as_slice() {
                    [] => f.write_str("it names no variants")?,
                    names => write!(f, "the variants that it names are `{}`", names.join("`, `"))?,
                }
                f.write_str(
                    "; derive `schemars::JsonSchema`, and give the variant one name there, in `serde` for writing and in `serde` for reading",
                )
            }
            SchemaErrorKind::TopicTwice => write!(
                f,
                "`{ty}` and `{}` both have the topic `{topic}` in one version, with different data: give each a file of its own",
                self.names.join("`, `")
            ),
        }
    }
}

impl std::error::Error for SchemaError {}

//! What can go wrong between a value and its bytes.

use std::fmt;

use super::Codec;

/// A value that could not be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncodeError {
    why: Why,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Why {
    Local {
        name: &'static str,
    },
    Serialize {
        name: &'static str,
        codec: Codec,
        said: Box<str>,
    },
    OtherCodec {
        is: Codec,
        wanted: Codec,
    },
    #[cfg(feature = "cloudevents")]
    TooDeep {
        name: Box<str>,
        limit: usize,
    },
    #[cfg(feature = "cloudevents")]
    NoUri {
        schema: Box<str>,
    },
}

impl EncodeError {
    pub(crate) fn local(name: &'static str) -> Self {
        Self { why: Why::Local { name } }
    }

    /// Whether the data is of a type that never leaves the process (`#[event(local)]`).
    pub fn is_local(&self) -> bool {
        matches!(self.why, Why::Local { .. })
    }

    pub(super) fn serialize(name: &'static str, codec: Codec, said: String) -> Self {
        Self { why: Why::Serialize { name, codec, said: said.into() } }
    }

    pub(super) fn other_codec(is: Codec, wanted: Codec) -> Self {
        Self { why: Why::OtherCodec { is, wanted } }
    }

    #[cfg(feature = "cloudevents")]
    pub(crate) fn too_deep(name: &str, limit: usize) -> Self {
        Self { why: Why::TooDeep { name: name.into(), limit } }
    }

    #[cfg(feature = "cloudevents")]
    pub(crate) fn no_uri(schema: &str) -> Self {
        Self { why: Why::NoUri { schema: schema.into() } }
    }
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.why {
            Why::Local { name } => write!(
                f,
                "`{name}` is `#[event(local)]` and never leaves the process: derive serde's `Serialize` and `Deserialize` \
                 and drop `local`"
            ),
            Why::Serialize { name, codec, said } => {
                write!(f, "a `{name}` could not be written as {codec}: {said}")
            }
            Why::OtherCodec { is, wanted } => {
                write!(
                    f,
                    "raw data is written as {is} and cannot be given as {wanted}: ask for {is}"
                )
            }
            #[cfg(feature = "cloudevents")]
            Why::TooDeep { name, limit } => write!(
                f,
                "the metadata `{name}` nests deeper than {limit} levels, and no reader would take it: make it flatter"
            ),
            #[cfg(feature = "cloudevents")]
            Why::NoUri { schema } => {
                write!(
                    f,
                    "`{schema}` is no URI of a schema: write it whole, `https://…`, or give none"
                )
            }
        }
    }
}

impl std::error::Error for EncodeError {}

/// Bytes that are no value of the type that was asked for: why, of which topic, and where in the data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecodeError(Box<Told>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Told {
    name: &'static str,
    topic: Box<str>,
    fault: Fault,
}

/// What was wrong, before it is known of what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    kind: DecodeErrorKind,
    path: Box<str>,
    said: Box<str>,
}

/// Why data could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DecodeErrorKind {
    /// The type is `#[event(local)]`: nothing of it is ever written.
    Local,
    /// The type has no variant of this topic.
    NoSuchTopic,
    /// More bytes than the limit.
    TooLarge,
    /// The bytes are no document of the codec: cut short, not UTF-8, nested too deep, or followed by more.
    Malformed,
    /// The document is one, but not of this type.
    WrongData,
    /// The topic has fields, and the data says others.
    TopicDisagrees,
    /// The data is of another version: the function that makes it the next one refused it, or there is none.
    Version,
}

impl Fault {
    fn new(kind: DecodeErrorKind, path: String, said: impl Into<Box<str>>) -> Self {
        // The path of the document itself is written as a dot.
        let path = if path == "." { Box::default() } else { path.into() };
        Self { kind, path, said: said.into() }
    }

    pub(super) fn local() -> Self {
        let said = "the type is `#[event(local)]`: nothing of it is ever written";
        Self::new(DecodeErrorKind::Local, String::new(), said)
    }

    pub(super) fn no_such_topic() -> Self {
        let said = "the type has no variant of this topic";
        Self::new(DecodeErrorKind::NoSuchTopic, String::new(), said)
    }

    pub(super) fn too_large(bytes: usize, limit: usize) -> Self {
        let said = format!(
            "{bytes} bytes are over the limit of {limit}: raise it by `Body::limit`, or send less"
        );
        Self::new(DecodeErrorKind::TooLarge, String::new(), said)
    }

    pub(super) fn json(path: String, error: &serde_json::Error) -> Self {
        let kind =
            if error.is_data() { DecodeErrorKind::WrongData } else { DecodeErrorKind::Malformed };
        Self::new(kind, path, error.to_string())
    }

    #[cfg(feature = "msgpack")]
    pub(super) fn message_pack(path: String, error: &rmp_serde::decode::Error) -> Self {
        use rmp_serde::decode::Error;

        let kind = match error {
            Error::Syntax(_)
            | Error::Uncategorized(_)
            | Error::TypeMismatch(_)
            | Error::OutOfRange
            | Error::LengthMismatch(_) => DecodeErrorKind::WrongData,
            _ => DecodeErrorKind::Malformed,
        };
        Self::new(kind, path, error.to_string())
    }

    #[cfg(feature = "msgpack")]
    pub(super) fn trailing(more: usize) -> Self {
        let said = format!("{more} bytes follow the data");
        Self::new(DecodeErrorKind::Malformed, String::new(), said)
    }

    pub(super) fn disagrees(says: &str) -> Self {
        let said =
            format!("the data says `{says}`: a field of the topic has another value in the data");
        Self::new(DecodeErrorKind::TopicDisagrees, String::new(), said)
    }

    pub(super) fn upcast(said: Box<str>) -> Self {
        Self::new(DecodeErrorKind::Version, String::new(), said)
    }

    pub(super) fn no_version(found: u32, wanted: u32) -> Self {
        let said = format!(
            "the data is version {found} and the type reads version {wanted} alone: give the event an `upcast`"
        );
        Self::new(DecodeErrorKind::Version, String::new(), said)
    }

    /// The same, said of data that is newer than its reader.
    pub(super) fn newer(mut self, found: u32, wanted: u32) -> Self {
        self.said = format!("{} (version {found}, read as version {wanted})", self.said).into();
        self
    }

    pub(super) fn of(self, name: &'static str, topic: &str) -> DecodeError {
        DecodeError(Box::new(Told { name, topic: topic.into(), fault: self }))
    }
}

impl DecodeError {
    /// The type has nothing under that topic.
    #[cfg(feature = "cloudevents")]
    pub(crate) fn no_such_topic(name: &'static str, topic: &str) -> Self {
        Fault::no_such_topic().of(name, topic)
    }

    /// What was wrong, to be told of another type and topic.
    pub(super) fn fault(self) -> Fault {
        self.0.fault
    }

    /// Why.
    pub fn kind(&self) -> DecodeErrorKind {
        self.0.fault.kind
    }

    /// The type that was asked for.
    pub fn type_name(&self) -> &'static str {
        self.0.name
    }

    /// The topic, below the type's namespace.
    pub fn topic(&self) -> &str {
        &self.0.topic
    }

    /// Where in the data the fault lies, `items[2].price`; empty if it concerns the whole.
    pub fn path(&self) -> &str {
        &self.0.fault.path
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Told { name, topic, fault } = &*self.0;
        write!(f, "no `{name}` under `{topic}`")?;
        if !fault.path.is_empty() {
            write!(f, ", at `{}`", fault.path)?;
        }
        write!(f, ": {}", fault.said)
    }
}

impl std::error::Error for DecodeError {}

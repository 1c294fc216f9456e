//! [`TransportError`]: why a transport did not do what it was asked.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

/// Why a transport did not do what it was asked. Clones share it.
#[derive(Debug, Clone)]
pub struct TransportError(Arc<Told>);

#[derive(Debug)]
struct Told {
    kind: TransportErrorKind,
    said: Box<str>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// Why a transport did not do what it was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// The connection is lost, or nobody answered. It may come back.
    Disconnected,
    /// The parcel is larger than may be sent.
    TooLarge,
    /// The broker does not let this transport do that.
    Refused,
    /// The broker has no room for it now.
    Full,
    /// The broker cannot do that.
    Unsupported,
    /// The transport is closed.
    Closed,
    /// Something else: see its text.
    Other,
}

impl TransportError {
    /// With what there is to say: what was asked, what is wrong, how to mend it.
    pub fn new(kind: TransportErrorKind, said: impl Into<Box<str>>) -> Self {
        Self(Arc::new(Told { kind, said: said.into(), source: None }))
    }

    /// The same, with what the transport's own library said.
    pub fn with_source(
        kind: TransportErrorKind,
        said: impl Into<Box<str>>,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        Self(Arc::new(Told { kind, said: said.into(), source: Some(source.into()) }))
    }

    /// Of what was asked of a transport that is closed.
    pub fn closed() -> Self {
        Self::new(TransportErrorKind::Closed, "the transport is closed: join again by a new one")
    }

    /// Why, to be matched.
    pub fn kind(&self) -> TransportErrorKind {
        self.0.kind
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.said)?;
        match &self.0.source {
            Some(source) => write!(f, ": {source}"),
            None => Ok(()),
        }
    }
}

impl Error for TransportError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source.as_ref().map(|source| &**source as _)
    }
}
